/** Fences on the real engine: one holder at a time, whatever two runs do at once. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkFences, fenceName, listFenceOwners, lowerAllFencesOf, lowerFences, raiseFences, replaceFences } from '../../src/containers/fence.ts';
import { labelNames } from '../../src/containers/labels.ts';
import { findScratchOf } from '../../src/containers/scratch.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const scope = useDocker();
const { runtime } = scope;
const volumes = [`${scope.id}-pg`, `/srv/${scope.id}/redis`] as const;
const [mine, theirs, third] = ['run-1', 'run-2', 'run-3'].map((run) => scope.identity('fence', run)) as [ReturnType<typeof scope.identity>, ReturnType<typeof scope.identity>, ReturnType<typeof scope.identity>];
let stores: { volume: string; imageId: string }[];

beforeAll(async () => {
  const imageId = await scope.image('redis:8');
  stores = volumes.map((volume) => ({ volume, imageId }));
});
afterEach(() => scope.removeAll());

const standing = async (): Promise<readonly (string | undefined)[]> => (await runtime.list({ [labelNames.kind]: 'fence', [labelNames.namespaceId]: scope.namespaceId })).map((each) => each.labels[labelNames.runId]);

describe('fences', () => {
  test('stand after raising, twice the same, never started and without a volume of their own; and are gone after lowering, twice', async () => {
    await raiseFences(runtime, mine, stores);
    const before = await Promise.all(volumes.map((volume) => runtime.inspect(fenceName(volume))));
    await raiseFences(runtime, mine, [...stores].reverse());
    expect(await Promise.all(volumes.map((volume) => runtime.inspect(fenceName(volume))))).toEqual(before);
    expect(before.map((each) => each.state)).toEqual(['created', 'created']);
    expect(await runtime.listVolumes({ [labelNames.namespaceId]: scope.namespaceId })).toEqual([]);
    await checkFences(runtime, mine.owner, volumes);
    await lowerFences(runtime, mine.owner, volumes);
    await lowerFences(runtime, mine.owner, volumes);
    expect(await standing()).toEqual([]);
  });

  test('are one per store: twice the same store is one fence', async () => {
    await raiseFences(runtime, mine, [...stores, ...stores]);
    expect(await standing()).toHaveLength(2);
  });

  test('are of the files: a volume named by its directory on the host, or by one in it, is that volume', async () => {
    const volume = await scope.volume();
    const hostPath = (await runtime.findVolume(volume))?.hostPath ?? '';
    await raiseFences(runtime, theirs, [{ volume, imageId: stores[0]?.imageId ?? '' }]);
    for (const path of [hostPath, `${hostPath}/`, `${hostPath}/18/docker`]) await failing('ForeignFence', raiseFences(runtime, mine, [{ volume: path, imageId: stores[0]?.imageId ?? '' }]));
    await checkFences(runtime, theirs.owner, [hostPath]);
    await failing('FenceMissing', checkFences(runtime, mine.owner, [`${hostPath}2`]));
    await lowerFences(runtime, theirs.owner, [hostPath]);
    // Compose's `driver_opts: { type: none, o: bind, device: /srv/… }`: whoever leads there has the same files.
    const [one, two, directory] = [scope.name('led'), scope.name('led'), `/srv/${scope.id}/led`];
    for (const name of [one, two]) await scope.engineCall('POST', '/volumes/create', { Name: name, Driver: 'local', Labels: scope.labels, DriverOpts: { type: 'none', o: 'bind', device: directory } });
    await raiseFences(runtime, theirs, [{ volume: one, imageId: stores[0]?.imageId ?? '' }]);
    for (const other of [two, directory]) await failing('ForeignFence', raiseFences(runtime, mine, [{ volume: other, imageId: stores[0]?.imageId ?? '' }]));
    expect(await standing()).toEqual(['run-2']);
  });

  test('of another run keep this one away, who is named, and who leaves nothing half-raised', async () => {
    const last = [...volumes].sort((a, b) => (fenceName(a) < fenceName(b) ? -1 : 1)).at(-1);
    await raiseFences(runtime, theirs, stores.filter((store) => store.volume === last));
    const failure = await failing('ForeignFence', raiseFences(runtime, mine, stores));
    expect(failure.fields.cause).toContain('run-2');
    expect(await standing()).toEqual(['run-2']);
    await failing('ForeignFence', checkFences(runtime, mine.owner, [last ?? '']));
    await lowerFences(runtime, mine.owner, volumes);
    expect(await standing()).toEqual(['run-2']);
  });

  test('raised by two runs at once belong to one of them', async () => {
    const results = await Promise.allSettled([mine, theirs].map((identity) => raiseFences(runtime, identity, stores)));
    const winners = [mine, theirs].filter((_, index) => results[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    await checkFences(runtime, winners[0]?.owner ?? scope.owner('nobody'), volumes);
    expect(await standing()).toHaveLength(2);
  });

  test('that are missing are a refusal, one of two as well', async () => {
    await failing('FenceMissing', checkFences(runtime, mine.owner, volumes));
    await raiseFences(runtime, mine, stores);
    await runtime.remove(fenceName(volumes[1]));
    await failing('FenceMissing', checkFences(runtime, mine.owner, volumes));
  });

  test('are not what merely has their name', async () => {
    await scope.create({ name: fenceName(volumes[0]), imageId: stores[0]?.imageId ?? '', command: [] });
    await failing('NameTaken', raiseFences(runtime, mine, stores));
    await failing('NameTaken', checkFences(runtime, mine.owner, volumes));
    await lowerFences(runtime, mine.owner, volumes);
    expect(await runtime.find(fenceName(volumes[0]))).not.toBeNull();
  });

  test('are no scratch', async () => {
    await raiseFences(runtime, mine, stores);
    expect(await findScratchOf(runtime, mine.owner)).toEqual([]);
  });

  test('of ended runs are taken over, twice the same; those of a living run, or of another namespace, are not', async () => {
    const ended = (...runs: readonly string[]) => (owner: { runId: string }): Promise<boolean> => Promise.resolve(runs.includes(owner.runId));
    await raiseFences(runtime, theirs, stores.slice(0, 1));
    await failing('ForeignFence', replaceFences(runtime, mine, stores, ended()));
    await lowerFences(runtime, mine.owner, volumes);
    await replaceFences(runtime, mine, stores, ended('run-2'));
    await replaceFences(runtime, mine, stores, ended('run-2'));
    await checkFences(runtime, mine.owner, volumes);
    // An earlier repair that did not come to its end is an ended run like any other.
    await replaceFences(runtime, third, stores, ended('run-1'));
    await checkFences(runtime, third.owner, volumes);
    const elsewhere = { ...mine, owner: { ...mine.owner, namespaceId: `${scope.namespaceId}-other` } };
    await failing('ForeignFence', replaceFences(runtime, elsewhere, stores, ended('run-1', 'run-2', 'run-3')));
    await checkFences(runtime, third.owner, volumes);
  });

  test('are found and lowered by whose they are, of one service and namespace', async () => {
    await raiseFences(runtime, theirs, stores);
    expect(await listFenceOwners(runtime, scope.namespaceId, theirs.service)).toEqual([theirs.owner]);
    expect(await listFenceOwners(runtime, scope.namespaceId, 'another')).toEqual([]);
    await lowerAllFencesOf(runtime, mine.owner);
    expect(await standing()).toHaveLength(2);
    await lowerAllFencesOf(runtime, theirs.owner);
    await lowerAllFencesOf(runtime, theirs.owner);
    expect(await standing()).toEqual([]);
  });
});
