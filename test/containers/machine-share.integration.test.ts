/** What a run makes for itself gives way: each kind of container that it has, as the engine has it. */
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { createDrillGuest, createDrillServer } from '../../src/containers/drill.ts';
import { runHelper } from '../../src/containers/helper-container.ts';
import { halfTheMemory } from '../../src/containers/machine-share.ts';
import { createScratchServer } from '../../src/containers/scratch-server.ts';
import { useDocker } from '../support/docker.ts';
import { watchedRuntime } from '../support/watched-runtime.ts';

const scope = useDocker();
const { runtime } = scope;
const signal = new AbortController().signal;
let imageId: string;

beforeAll(async () => {
  imageId = await scope.image('redis:8');
});
afterEach(() => scope.removeAll());

const drill = () => ({ run: { owner: scope.owner(), service: 'test-service' }, imageId, entrypoint: ['/bin/sh'], signal });
const half = async (): Promise<number> => Math.max(Math.floor((await runtime.ping()).memoryBytes / 2), 1024 ** 3);

const kinds: Readonly<Record<string, { make(on: ContainerRuntime): Promise<unknown>; memoryBytes(): Promise<number> | number }>> = {
  'a helper': { make: (on) => runHelper(on, { identity: scope.identity('helper'), imageId, network: 'none', script: 'true', args: [], signal, aliveIntervalMs: 1_000 }), memoryBytes: () => 1024 ** 3 },
  // Which may be where data is restored for good.
  'a scratch server': { make: (on) => createScratchServer(on, { identity: scope.identity('server'), imageId, command: ['true'], signal }), memoryBytes: () => 0 },
  'a server of a proof': { make: async (on) => createScratchServer(on, { identity: scope.identity('proof'), imageId, command: ['true'], signal, ...await halfTheMemory(on) }), memoryBytes: half },
  'a server of a drill': { make: (on) => createDrillServer(on, { ...drill(), component: 'redis', command: ['-c', 'true'], directory: '/data' }), memoryBytes: half },
  'a server of a drill whose original has a limit': { make: (on) => createDrillServer(on, { ...drill(), component: 'redis', command: ['-c', 'true'], directory: '/data', memoryBytes: 96 * 2 ** 20 }), memoryBytes: () => 96 * 2 ** 20 },
  'a server of a drill whose data is larger than half of the machine': { make: (on) => createDrillServer(on, { ...drill(), component: 'redis', command: ['-c', 'true'], directory: '/data', neededBytes: 2 ** 41 }), memoryBytes: () => 2 ** 41 },
  'a guest of a drill': { make: (on) => createDrillGuest(on, { ...drill(), step: 'tests', command: ['-c', 'true'], memoryBytes: 64 * 2 ** 20, pids: 64 }), memoryBytes: () => 64 * 2 ** 20 },
};

test.for(Object.keys(kinds))('%s: a small weight on the cores, the first to end where memory is out, and no more of it than is right', async (kind) => {
  const { make, memoryBytes } = kinds[kind] as (typeof kinds)[string];
  const { runtime: on, made } = watchedRuntime(scope);
  await make(on);
  expect(made).toEqual([{ cpuShares: 128, oomScoreAdj: 1000, memoryBytes: await memoryBytes() }]);
});

test('what is started in one has that score', async () => {
  const guest = await createDrillGuest(runtime, { ...drill(), step: 'tests', command: ['-c', 'sh -c "cat /proc/self/oom_score_adj"'], memoryBytes: 64 * 2 ** 20, pids: 64 });
  await runtime.start(guest.id);
  await runtime.wait(guest.id);
  expect(await runtime.logs(guest.id, 1_000)).toBe('1000\n');
});
