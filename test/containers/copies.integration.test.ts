/** Copies on the real engine: what takes the name, what makes one whole, and what removes it. */
import { afterEach, beforeAll, expect, test } from 'vitest';
import { copiesMadeBy, createCopyServer, findCopies, isUnfinished, removeCopy, requireFreeName, type CopyServerRequest, type ServiceCopy } from '../../src/containers/copies.ts';
import { copyLabels, copyName, type CopyIdentity } from '../../src/containers/labels.ts';
import { findScratchOf, listOwners } from '../../src/containers/scratch.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const scope = useDocker();
const { runtime } = scope;
/** The service's name tells one file's copies from another's. */
const service = scope.id;
let imageId: string;

beforeAll(async () => {
  imageId = await scope.image('redis:8');
});
afterEach(async () => {
  for (const copy of await findCopies(runtime, { service })) await removeCopy(runtime, copy);
  await scope.removeAll();
});

const identity = (copy = 'looking', run?: string): CopyIdentity => ({ maker: scope.owner(run), service, copy });
const request = (component: string, more: Partial<CopyServerRequest> = {}): CopyServerRequest => ({
  identity: identity(), component, point: 'latest', imageId, entrypoint: ['redis-server'], command: ['--protected-mode', 'no', '--dir', '/copy'], directory: '/copy', port: 6379, hostPort: null, signal: new AbortController().signal, ...more,
});
const only = async (): Promise<ServiceCopy> => {
  const [copy, ...others] = await findCopies(runtime, { service });
  if (copy === undefined || others.length > 0) throw new Error(`${others.length} others`);
  return copy;
};

test('is unfinished until its last server was started, is no run\'s scratch, and goes whole', async () => {
  await requireFreeName(runtime, identity(), ['a', 'b']);
  const [a, b] = [await createCopyServer(runtime, request('a')), await createCopyServer(runtime, request('b'))];
  // Done again by the same run it is the same; another run finds the name taken.
  expect((await createCopyServer(runtime, request('a'))).id).toBe(a.id);
  await requireFreeName(runtime, identity(), ['a', 'b']);
  await failing('NameTaken', requireFreeName(runtime, identity('looking', 'run-2'), ['c']));
  await failing('NameTaken', createCopyServer(runtime, request('a', { identity: identity('looking', 'run-2') })));
  expect(a).toMatchObject({ name: copyName(identity(), 'a'), state: 'created', networks: [copyName(identity())], restartPolicy: { name: 'no' }, mounts: expect.arrayContaining([{ type: 'volume', source: copyName(identity(), 'a'), destination: '/copy', writable: true }]) as unknown });
  expect([isUnfinished(await only()), (await only()).volumes]).toEqual([true, [copyName(identity(), 'a'), copyName(identity(), 'b')]]);
  await runtime.start(a.id);
  expect(isUnfinished(await only())).toBe(true);
  await runtime.start(b.id);
  expect(isUnfinished(await only())).toBe(false);
  expect(Object.values((await runtime.inspect(b.id)).addresses).flat()).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
  // Nothing that cleans up after runs sees it.
  expect([await findScratchOf(runtime, scope.owner()), await listOwners(runtime, scope.namespaceId)]).toEqual([[], []]);

  const whole = await only();
  await runtime.remove(a.id);
  await runtime.remove(b.id);
  expect(isUnfinished(await only())).toBe(false);
  expect([...await removeCopy(runtime, whole)].sort()).toEqual([copyName(identity()), ...whole.volumes]);
  expect(await removeCopy(runtime, whole)).toEqual([]);
  expect(await findCopies(runtime, { service })).toEqual([]);
});

test('a port that is in use is told before anything is filled; what was made until then is the run\'s', async () => {
  const portOf = async (id: string): Promise<number> => Number(Object.values((await runtime.inspect(id)).addresses).flat()[0]?.split(':')[1]);
  const first = await createCopyServer(runtime, request('a'));
  await runtime.start(first.id);
  const port = await portOf(first.id);
  // One that the engine gave out and got back: whoever asks it for any gets a later one.
  const givenBack = async (): Promise<number> => {
    const former = await createCopyServer(runtime, request('c'));
    await runtime.start(former.id);
    const free = await portOf(former.id);
    await runtime.remove(former.id);
    return free;
  };
  await failing('PortTaken', createCopyServer(runtime, request('b', { hostPort: port })));
  expect(await findScratchOf(runtime, scope.owner())).toEqual([]);
  const published = async (): Promise<void> => {
    const free = await givenBack();
    const second = await createCopyServer(runtime, request('b', { hostPort: free }));
    await runtime.start(second.id).catch(async (error: unknown) => {
      await runtime.remove(second.id);
      throw error;
    });
    expect(Object.values((await runtime.inspect(second.id)).addresses).flat()).toEqual([`127.0.0.1:${free}`]);
  };
  // The kernel gives a port of that range to any connection that goes out meanwhile.
  await published().catch(published);
  expect((await copiesMadeBy(runtime, scope.owner(), service)).map(({ copy }) => copy)).toEqual(['looking']);
});

test('somebody else\'s volume or container of the name is neither used nor removed', async () => {
  const name = copyName(identity(), 'a');
  await runtime.createVolume(name, scope.labels);
  await failing('NameTaken', requireFreeName(runtime, identity(), ['a']));
  await failing('NameTaken', createCopyServer(runtime, request('a')));
  expect(await runtime.find(name)).toBeNull();
  for (const copy of await findCopies(runtime, { service })) await removeCopy(runtime, copy);
  expect(await runtime.findVolume(name)).not.toBeNull();
  await runtime.removeVolume(name);
  await scope.create({ name, imageId, command: [] });
  await failing('NameTaken', requireFreeName(runtime, identity(), ['a']));
  await failing('NameTaken', createCopyServer(runtime, request('a')));
  expect(await runtime.find(name)).not.toBeNull();
});

test('what bears other labels by the time of its removal stays', async () => {
  await createCopyServer(runtime, request('a'));
  const copy = await only();
  await runtime.remove(copy.containers[0]?.id ?? '');
  await runtime.removeVolume(copy.volumes[0] ?? '');
  await runtime.createVolume(copy.volumes[0] ?? '', { ...scope.labels, ...copyLabels(identity('looking', 'run-2')) });
  expect(await removeCopy(runtime, copy)).toEqual([copyName(identity())]);
  expect((await runtime.findVolume(copy.volumes[0] ?? ''))?.labels).toMatchObject(scope.labels);
});
