/** How long a repair waits for the last attempts of the run that it repairs: on a real repository, with an engine that has nothing of anybody's. What it repairs: test/e2e and the kill sweep. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testTiming } from '../../src/domain/timing.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { run } from '../repository/sample-manifest.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

const nothing = async (): Promise<[]> => [];
const engine = { ping: async () => ({ version: '1' }), list: nothing, listVolumes: nothing, listNetworks: nothing } as never;
/** By the server's clock. */
const nowMs = Date.parse('2026-11-30T21:00:00Z');
const dayMs = 24 * 3_600_000;

/** @param endedMs when the run that is repaired ended, by the server's clock @param offMs how far the worker's own is ahead of that */
async function repair(endedMs: number, offMs: number, lateAttemptMs: number): Promise<void> {
  await stage.as(run('a'), { runtime: engine }).enterHost({ service: 'shop', components: [] });
  const { namespaceId, ...repairer } = run('repairer');
  const runs = { namespaceId, closedAtMs: async () => endedMs, readLease: async () => ({ leaseRunId: 'lease', purpose: 'a test', ...repairer }) } as never;
  await stage.as({ ...run('repairer'), givenOutMs: nowMs }, { runtime: engine, runs, timing: { ...testTiming, lateAttemptMs }, nowMs: () => nowMs + offMs }).repairRun({ service: 'shop', owner: run('a') });
  expect(await stage.repository.listNotedRuns('shop')).toEqual([]);
}

test.each([['right', 0], ['a day ahead', dayMs], ['a day behind', -dayMs]])('an attempt may still come of a run that ended just now, and is waited for by a worker whose clock is %s', async (_clock, offMs) => {
  const began = performance.now();
  await repair(nowMs, offMs, 300);
  expect(performance.now() - began).toBeGreaterThanOrEqual(290);
});

test.each([['right', 0], ['a day behind', -dayMs]])('of one that ended long ago none can, and a worker whose clock is %s waits for none', async (_clock, offMs) => {
  await repair(nowMs - dayMs, offMs, dayMs);
});
