/** What goes of the notes of ended runs without anybody holding the service: a drill's, and no other's. On a real repository, with an engine that has nothing of anybody's. */
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testTiming } from '../../src/domain/timing.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { failing } from '../support/failing.ts';
import { run } from '../repository/sample-manifest.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

const nothing = async (): Promise<[]> => [];
const engine = { ping: async () => ({ version: '1' }), list: nothing, listVolumes: nothing, listNetworks: nothing } as never;
const noted = async (): Promise<readonly string[]> => (await stage.repository.listNotedRuns('shop')).toSorted();
const enter = (name: string, runbook: string): Promise<unknown> => stage.as({ ...run(name), runbook }, { runtime: engine }).enterHost({ service: 'shop', components: stage.service.components });

/** Given out now, by the server's clock. */
const reaper = () => ({ ...run('reaper'), givenOutMs: Date.now() });

/** @param closedAtMs when the run ended; null where it did not */
const reap = (closedAtMs: (runId: string) => number | null, namespaceId = run('a').namespaceId, waits?: boolean): ReturnType<ReturnType<ActivityStage['as']>['reapScratch']> =>
  stage.as(reaper(), { runtime: engine, runs: { namespaceId, closedAtMs: async (_: string, runId: string) => closedAtMs(runId) } as never }).reapScratch({ service: 'shop', ...(waits === undefined ? {} : { waits }) });

test('those of a drill that ended go, once no late attempt of it can come; those of any other run are a repair\'s', async () => {
  for (const [name, runbook] of [['a', 'runDrill'], ['b', 'restoreBackup'], ['c', 'runDrill']] as const) await enter(name, runbook);
  await stage.repository.recordOnce('shop', run('a').runId, 'drill-test-output', 'it said so');
  // As notes were written before they said of what run.
  await stage.repository.recordOnce('shop', run('d').runId, 'run', { owner: run('d'), components: [] });
  const all = ['a', 'b', 'c', 'd'].map((name) => run(name).runId).toSorted();
  expect([await reap(() => null), await reap(() => Date.now()), await reap(() => 0, 'another'), await noted()]).toEqual([[], [], [], all]);
  const ended = Date.now() - testTiming.lateAttemptMs;
  expect(await reap((runId) => (runId === run('c').runId ? null : ended))).toEqual([{ workflowId: run('a').workflowId, runId: run('a').runId, done: ['removed its notes in local'] }]);
  expect([await noted(), await reap((runId) => (runId === run('c').runId ? null : ended))]).toEqual([all.filter((runId) => runId !== run('a').runId), []]);
});

test('where no repair comes by, one that ended just now is waited for until no late attempt of it can come, and one that is open is not', async () => {
  for (const name of ['a', 'b']) await enter(name, 'runDrill');
  const endedAt = Date.now() - testTiming.lateAttemptMs + 300;
  const reaped = await reap((runId) => (runId === run('a').runId ? endedAt : null), run('a').namespaceId, true);
  expect([reaped.map(({ runId }) => runId), await noted(), Date.now() >= endedAt + testTiming.lateAttemptMs]).toEqual([[run('a').runId], [run('b').runId], true]);
});

test.each([['behind', -1], ['ahead', 1]])('as long, and no longer, where this host\'s clock is a day %s', async (_clock, sign) => {
  await enter('a', 'runDrill');
  const runs = { namespaceId: run('a').namespaceId, closedAtMs: async () => Date.now() } as never;
  const began = performance.now();
  const reaped = await stage.as(reaper(), { runtime: engine, runs, timing: { ...testTiming, lateAttemptMs: 200 }, nowMs: () => Date.now() + sign * 24 * 3_600_000 }).reapScratch({ service: 'shop', waits: true });
  expect([reaped.map(({ runId }) => runId), performance.now() - began >= 199]).toEqual([[run('a').runId], true]);
});

test('what a killed writer left unfinished goes from every repository, once no step may be at it any more', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  try {
    const offsite = createRepository('offsite', createLocalStorage(directory));
    await offsite.open();
    for (const [name, ageMs] of [['old', testTiming.longActivityMs + 60_000], ['young', 0]] as const) {
      const path = join(directory, '.tmp', name);
      await writeFile(path, 'half a segment');
      const then = new Date(Date.now() - ageMs);
      await utimes(path, then, then);
    }
    const services = new Map([['shop', { ...stage.service, repositories: ['local', 'offsite'] }]]);
    const repositories = new Map([['local', stage.repository], ['offsite', offsite]]);
    const runs = { namespaceId: run('a').namespaceId, closedAtMs: async () => null } as never;
    expect(await stage.as(reaper(), { runtime: engine, services, repositories, runs }).reapScratch({ service: 'shop' })).toEqual([]);
    expect(await readdir(join(directory, '.tmp'))).toEqual(['young']);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a repository that is away keeps nobody from reaping, and a Temporal that does not answer says nothing', async () => {
  await enter('a', 'runDrill');
  await failing('TemporalUnreachable', reap(() => { throw new HoldfastFailure('TemporalUnreachable', { operation: 'test', object: 'run', cause: 'a test', hint: 'none' }); }));
  await rm(stage.directory, { recursive: true });
  expect(await reap(() => 0)).toEqual([]);
});
