/** A fence that somebody takes away in the middle of a cut-over, on a real repository, with an engine that keeps containers' names and labels and stores that only say what was done to them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scratchLabels } from '../../src/containers/labels.ts';
import { fenceName } from '../../src/containers/fence.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { PlanBody } from '../../src/domain/restore-plan.ts';
import type { RedisCutOver } from '../../src/domain/rollback.ts';
import { openActivityStage, stageService, type ActivityStage } from '../support/activity-stage.ts';
import { failing } from '../support/failing.ts';
import { run } from '../repository/sample-manifest.ts';

const pinned = { component: 'redis', engine: 'redis', container: 'shop-redis', containerId: 'c', volume: 'shop-data', identity: null, database: null } as const;
const body: PlanBody = { format: 1, operation: 'restore', service: 'shop', backup: null, rollbackOf: null, stores: [pinned], restarts: [], steps: [], losses: [], compared: [], notCompared: [], notes: [], wayBack: 'undo' };
const cutOver: RedisCutOver = {
  engine: 'redis', component: 'redis', container: 'shop-redis', containerId: 'c', volume: 'shop-data', imageId: 'image', directory: '/data', subdirectory: '', dbFilename: 'dump.rdb', appendOnly: false,
  appendDirname: 'appendonlydir', appendFilename: 'appendonly.aof', stagedDirectory: '.holdfast/0123456789abcdef/new', asideDirectory: '.holdfast/0123456789abcdef/old', stagedFiles: [], stagedKeys: 0,
};
const component = stageService.components.filter(({ engine }) => engine === 'redis')[0] as (typeof stageService.components)[number];
const fence = fenceName('shop-data');
const at = '2026-11-30T21:00:00.000Z';

interface Kept {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
}

let stage: ActivityStage;
let containers: Kept[];
let done: string[];
let policy: string;
beforeEach(async () => {
  stage = await openActivityStage();
  containers = [{ id: 'c', name: 'shop-redis', imageId: 'image', labels: {} }];
  done = [];
  policy = 'always';
});
afterEach(() => stage.remove());

const find = async (nameOrId: string): Promise<object | null> => {
  const found = containers.find(({ id, name }) => id === nameOrId || name === nameOrId);
  return found === undefined ? null : { ...found, restartPolicy: { name: policy, maximumRetryCount: 0 } };
};
const runtime = {
  find, inspect: find, listVolumes: async () => [], findImage: async () => ({ id: 'image', volumes: [] }), updateRestartPolicy: async (_container: string, { name }: { name: string }) => void (policy = name),
  create: async ({ name, imageId, labels }: Omit<Kept, 'id'>) => {
    if (await find(name) !== null) throw new HoldfastFailure('NameTaken', { operation: 'create container', object: name, cause: 'it is taken', hint: 'None.' });
    containers.push({ id: `id-${name}`, name, imageId, labels });
    return { id: `id-${name}` };
  },
  remove: async (removed: string) => void (containers = containers.filter(({ id }) => id !== removed)),
};
const engine = {
  inspect: async () => ({ pinned, empty: false }), requireReady: async () => undefined,
  swap: async () => void done.push('swap'), open: async () => void done.push('open'), rollBack: async () => (done.push('roll back'), []),
};

/** A run that has begun its cut-over, and the activities of its steps. */
async function begun(name: string, cutOvers: readonly RedisCutOver[] = [cutOver]) {
  const acts = stage.as({ ...run(name), runbook: 'restoreBackup' }, { runtime: runtime as never, engineFor: () => engine as never });
  const { envelope: { nonce, digest } } = await acts.planRestore({ body });
  const authority = { service: 'shop', nonce, digest };
  await acts.beginCutOver({ authority, decision: { by: 'mia', at }, operation: 'restore', components: [component], cutOvers, backupId: null, point: null, createdRoles: [], undoneRunId: null });
  return { acts, authority, step: { authority, component, cutOver } };
}

/** As `docker container prune` does: a fence never runs. */
const prune = (): void => void (containers = containers.filter(({ id }) => id === 'c'));
const fences = (): readonly string[] => containers.filter(({ id }) => id !== 'c').map(({ name }) => name);

test('nothing goes on without it, and what is half-way goes back all the same', async () => {
  const { acts, authority, step } = await begun('a');
  expect(fences()).toEqual([fence]);
  prune();
  await failing('FenceMissing', acts.swapComponent(step));
  expect(done).toEqual([]);
  expect(await acts.rollBackComponent(step)).toEqual({ notes: [] });
  expect([done, fences()]).toEqual([['roll back'], [fence]]);
  await acts.finishRollBack(authority);
  expect(fences()).toEqual([]);
});

test('what is to be opened is opened', async () => {
  const { acts, authority, step } = await begun('a');
  await acts.markOpening(authority);
  prune();
  await acts.openComponent(step);
  expect([done, fences()]).toEqual([['open'], [fence]]);
  await acts.finishCutOver(authority);
  expect(fences()).toEqual([]);
});

test('an attempt that comes when all is over raises none and does nothing', async () => {
  const { acts, authority, step } = await begun('a');
  await acts.markOpening(authority);
  await acts.finishCutOver(authority);
  await failing('FenceMissing', acts.openComponent(step));
  expect([done, fences()]).toEqual([[], []]);
});

test('where another run\'s stands, that one has the say', async () => {
  const { acts, step } = await begun('a');
  prune();
  containers.push({ id: 'theirs', name: fence, imageId: 'image', labels: scratchLabels('fence', { owner: run('b'), service: 'shop', component: 'service', step: 'fence' }) });
  await failing('ForeignFence', acts.rollBackComponent(step));
  expect([done, fences()]).toEqual([[], [fence]]);
});

test('repaired, one store that another attempt could open does not keep the other closed', async () => {
  const { acts, authority } = await begun('a', [{ ...cutOver, component: 'postgres', container: 'shop-postgres' }, cutOver]);
  await acts.markOpening(authority);
  const { namespaceId, ...repairer } = run('repairer');
  const runs = { namespaceId, closedAtMs: async () => 0, readLease: async () => ({ leaseRunId: 'lease', purpose: 'a test', ...repairer }) };
  let isAway = true;
  const opens = { ...engine, repairLeftovers: async () => [], open: async (_context: unknown, { name }: { name: string }) => {
    if (name === 'redis' && isAway) throw new HoldfastFailure('DatabaseUnreachable', { operation: 'open', object: name, cause: 'it is away', hint: 'None.' });
    done.push(`open ${name}`);
  } };
  const repair = () => stage.as({ ...repairer, namespaceId, givenOutMs: Date.now() }, { runtime: { ...runtime, list: async () => containers, listNetworks: async () => [] } as never, engineFor: () => opens as never, runs: runs as never }).repairRun({ service: 'shop', owner: run('a') });
  await failing('DatabaseUnreachable', repair());
  expect(done).toEqual(['open postgres']);
  isAway = false;
  await repair();
  expect(done.slice(1)).toEqual(['open redis', 'open postgres']);
});

/** The repository has no room for this word, for as long as it says so. */
function fullFor(word: 'markRollback' | 'recordOnce'): { isFull: boolean } {
  const state = { isFull: true };
  const written = stage.repository[word].bind(stage.repository) as (...given: readonly unknown[]) => Promise<unknown>;
  Object.assign(stage.repository, { [word]: async (...given: readonly unknown[]) => {
    if (state.isFull) throw new HoldfastFailure('DiskFull', { operation: 'write', object: 'the repository', cause: 'the file system is full (ENOSPC)', hint: 'None.' });
    return written(...given);
  } });
  return state;
}

test('a repository that is full for a moment ends neither the opening nor the roll-back', async () => {
  const { acts, authority, step } = await begun('a');
  const notes = fullFor('recordOnce');
  await failing('RepositoryUnreachable', acts.rollBackComponent(step));
  notes.isFull = false;
  expect(await acts.rollBackComponent(step)).toEqual({ notes: [] });
  const marks = fullFor('markRollback');
  await failing('RepositoryUnreachable', acts.finishRollBack(authority));
  expect(fences()).toEqual([fence]);
  marks.isFull = false;
  await acts.finishRollBack(authority);
  expect([done, fences()]).toEqual([['roll back'], []]);
});

test('what was decided to be opened is not called rolled back where that could not be written down', async () => {
  const { acts, authority, step } = await begun('a');
  const marks = fullFor('markRollback');
  await failing('RepositoryUnreachable', acts.markOpening(authority));
  marks.isFull = false;
  // The run's attempts are over: it takes back what it can.
  await failing('HealthCheckFailed', acts.rollBackComponent(step));
  expect([done, fences()]).toEqual([[], [fence]]);
  await acts.markOpening(authority);
  await failing('HealthCheckFailed', acts.rollBackComponent(step));
});

test.each([['no', 'always'], ['unless-stopped', 'unless-stopped']])('a restart policy that is %s when all is over is %s behind it: what somebody has chosen since stays', async (found, left) => {
  const { acts, authority, step } = await begun('a');
  expect(policy).toBe('no');
  policy = found;
  await acts.rollBackComponent(step);
  await acts.finishRollBack(authority);
  expect(policy).toBe(left);
});
