/** Scratch servers and the removal of what a run left, on the real engine. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { labelNames, scratchLabels, scratchName } from '../../src/containers/labels.ts';
import { createScratchServer } from '../../src/containers/scratch-server.ts';
import type { ScratchServerRequest } from '../../src/containers/scratch-server.ts';
import { findScratchOf, listOwners, removeScratch } from '../../src/containers/scratch.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const scope = useDocker();
const { runtime } = scope;
let imageId: string;

beforeAll(async () => {
  imageId = await scope.image('redis:8');
});
afterEach(() => scope.removeAll());

const request = (more: Partial<ScratchServerRequest> = {}): ScratchServerRequest =>
  ({ identity: scope.identity('server'), imageId, command: ['redis-server', '--save', ''], signal: new AbortController().signal, ...more });

describe('a scratch server', () => {
  test('is created apart from everything, starts, and goes with its volumes', async () => {
    const server = await createScratchServer(runtime, request({ memoryBytes: 128 * 2 ** 20, shmSizeBytes: 16 * 2 ** 20 }));
    const facts = await runtime.inspect(server.id);
    expect(facts).toMatchObject({ name: scratchName(scope.identity('server')), state: 'created', networks: ['none'], init: true, restartPolicy: { name: 'no' }, memoryBytes: 128 * 2 ** 20, shmSizeBytes: 16 * 2 ** 20 });
    expect(facts.labels).toMatchObject(scratchLabels('scratch', scope.identity('server')));
    expect(await runtime.listVolumes(scratchLabels('scratch', scope.identity('server')))).toHaveLength(1);
    await runtime.start(server.id);
    for (let answer = ''; answer !== 'PONG\n';) answer = (await runtime.exec(server.id, { argv: ['redis-cli', 'ping'], timeoutMs: 10_000 })).stdout;
    // The engine copies what is written a moment later.
    await expect.poll(() => runtime.logs(server.id, 10_000), { timeout: 60_000 }).toContain('Ready to accept connections');
    await removeScratch(runtime, server);
    await removeScratch(runtime, server);
    expect(await scope.left()).toEqual([]);
  });

  test('created again by the same run and step replaces the earlier one', async () => {
    const first = await createScratchServer(runtime, request());
    await runtime.start(first.id);
    const second = await createScratchServer(runtime, request());
    expect(await runtime.find(first.id)).toBeNull();
    expect((await findScratchOf(runtime, scope.owner())).filter((each) => each.type === 'container').map((each) => each.id)).toEqual([second.id]);
  });

  test('stands beside a helper and another component\'s server of the same step', async () => {
    await createScratchServer(runtime, request());
    await createScratchServer(runtime, request({ identity: { ...scope.identity('server'), component: 'other' } }));
    await createScratchServer(runtime, request({ identity: scope.identity('server', 'run-2') }));
    expect(await runtime.list({ [labelNames.namespaceId]: scope.namespaceId })).toHaveLength(3);
  });

  test('is not created by an attempt that was given up', async () => {
    const running = await createScratchServer(runtime, request());
    await expect(createScratchServer(runtime, request({ signal: AbortSignal.abort(new Error('given up')) }))).rejects.toThrow('given up');
    expect(await runtime.find(running.id)).not.toBeNull();
  });

  test('two attempts at once: one server stands, and whoever lost may try again', async () => {
    const attempts = await Promise.allSettled([1, 2, 3].map(() => createScratchServer(runtime, request())));
    expect(attempts.some((attempt) => attempt.status === 'fulfilled')).toBe(true);
    for (const attempt of attempts) if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ retryable: true });
    expect((await runtime.list({ [labelNames.namespaceId]: scope.namespaceId }))).toHaveLength(1);
  });
});

describe('what a run left', () => {
  test('is found by its owner alone, and removed twice without harm', async () => {
    await createScratchServer(runtime, request());
    await runtime.createVolume(scratchName(scope.identity('volume')), scratchLabels('scratch', scope.identity('volume')));
    const other = await createScratchServer(runtime, request({ identity: scope.identity('server', 'run-2') }));
    const found = await findScratchOf(runtime, scope.owner());
    expect(found.map((each) => each.type).sort()).toEqual(['container', 'volume', 'volume']);
    for (const each of [...found, ...found]) await removeScratch(runtime, each);
    expect(await findScratchOf(runtime, scope.owner())).toEqual([]);
    expect(await runtime.find(other.id)).not.toBeNull();
  });

  test('never holds a rollback copy or a fence, whose owner is listed all the same', async () => {
    const rollback = scratchName(scope.identity('old-data', 'run-3'));
    await runtime.createVolume(rollback, scratchLabels('rollback', scope.identity('old-data', 'run-3')));
    const fence = await scope.create({ imageId, command: [], labels: scratchLabels('fence', scope.identity('fence', 'run-3')) });
    expect(await findScratchOf(runtime, scope.owner('run-3'))).toEqual([]);
    expect(await listOwners(runtime, scope.namespaceId)).toEqual([scope.owner('run-3')]);
    expect(await listOwners(runtime, 'another-namespace')).toEqual([]);
    expect(await runtime.find(fence)).not.toBeNull();
  });

  test('never holds a volume of a name that Holdfast does not make, whatever its labels say', async () => {
    const name = scope.name('production');
    await runtime.createVolume(name, scratchLabels('helper', scope.identity('swap-in')));
    expect(await findScratchOf(runtime, scope.owner())).toEqual([]);
  });

  test('is not removed when it has become something else meanwhile', async () => {
    const identity = scope.identity('volume');
    await runtime.createVolume(scratchName(identity), scratchLabels('scratch', identity));
    const [volume] = await findScratchOf(runtime, scope.owner());
    await runtime.removeVolume(scratchName(identity));
    await runtime.createVolume(scratchName(identity), scratchLabels('rollback', identity));
    if (volume === undefined) throw new Error('the volume was not found');
    await removeScratch(runtime, volume);
    expect(await runtime.listVolumes(scratchLabels('rollback', identity))).toHaveLength(1);
  });

  test('is kept while a container that is not ours uses it, and that is said', async () => {
    const identity = scope.identity('volume');
    await runtime.createVolume(scratchName(identity), scratchLabels('scratch', identity));
    await scope.create({ imageId, command: [], mounts: [{ type: 'volume', source: scratchName(identity), target: '/data' }] });
    const [volume] = await findScratchOf(runtime, scope.owner());
    if (volume === undefined) throw new Error('the volume was not found');
    await failing('LeftoversRemain', removeScratch(runtime, volume));
    // The user of the volume goes first, or the end of the file could not remove it.
    for (const container of await runtime.list(scope.labels)) await runtime.remove(container.id);
  });
});
