/** Planting a canary, as one run and as another, and what the manifest says of it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import type { Canary } from '../../src/domain/canary.ts';
import type { Component } from '../../src/domain/service.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { run, sampleManifest, storeArtifacts } from '../repository/sample-manifest.ts';

let stage: ActivityStage;
/** Goes on with every look, over all workers. */
let nowMs: number;
let planted: { component: string; canary: Canary }[];
beforeEach(async () => {
  stage = await openActivityStage();
  planted = [];
  nowMs = Date.UTC(2026, 10, 23, 1);
});
afterEach(() => stage.remove());

/** A worker whose stores take a canary, but for those that say why not. */
function worker(name: string, canary: true | undefined, refusals: Readonly<Record<string, string>> = {}) {
  const engineFor = () => ({
    plantCanary: async (_ctx: unknown, component: Component, given: Canary): Promise<string | null> => {
      planted.push({ component: component.name, canary: given });
      return refusals[component.name] ?? null;
    },
  });
  return stage.as({ ...run(name), runbook: 'takeBackup' }, {
    engineFor: engineFor as unknown as ActivityDependencies['engineFor'], nowMs: () => (nowMs += 1_000), runtime: { inspect: async () => ({ mounts: [] }) } as never,
    services: new Map([['shop', { ...stage.service, ...(canary === undefined ? {} : { canary }) }]]),
  });
}

const both = async (activities: ReturnType<typeof worker>) => ({ postgres: await activities.plantCanary({ service: 'shop', component: 'postgres' }), redis: await activities.plantCanary({ service: 'shop', component: 'redis' }) });

it('is one for all stores of a run, the same when it is written again, and another of another run', async () => {
  const { postgres, redis } = await both(worker('a', true));
  expect(postgres).toEqual({ canary: { nonce: expect.stringMatching(/^[0-9a-f]{32}$/) as string, writtenAt: '2026-11-23T01:00:01.000Z' } });
  expect([redis, await both(worker('a', true))]).toEqual([postgres, { postgres, redis }]);
  expect(planted.map(({ component }) => component)).toEqual(['postgres', 'redis', 'postgres', 'redis']);
  expect(new Set(planted.map(({ canary }) => JSON.stringify(canary))).size).toBe(1);
  await both(worker('b', true));
  expect(new Set(planted.map(({ canary }) => canary.nonce)).size).toBe(2);
});

it('is written nowhere unasked', async () => {
  expect(await both(worker('a', undefined))).toEqual({ postgres: { refused: expect.any(String) as string }, redis: { refused: expect.any(String) as string } });
  expect(planted).toEqual([]);
});

it('is answered with why, where a store does not take it', async () => {
  expect(await both(worker('a', true, { redis: 'it is full' }))).toMatchObject({ postgres: { canary: {} }, redis: { refused: 'it is full' } });
});

it('stands in the manifest, whose format is the one of such backups then, and only then', async () => {
  const canary = { nonce: '0f'.repeat(16), writtenAt: '2026-11-23T01:00:01.000Z', components: ['redis'] };
  for (const [name, given, format] of [['a', { canary }, 3], ['b', {}, 1]] as const) {
    const activities = worker(name, true);
    const claim = await activities.claimBackup({ service: 'shop' });
    const sample = sampleManifest('shop', claim);
    await storeArtifacts(stage.repository, sample);
    for (const each of sample.components) await stage.repository.recordOnce('shop', run(name).runId, `backup-${each.component}-1`, each);
    const components = sample.components.map(({ component, snapshot }) => ({ component, note: `backup-${component}-1`, snapshotAt: snapshot.at, sizeBytes: 1, path: 'x' }));
    const { backupId } = await activities.commitBackup({ service: 'shop', claim, beganAt: sample.beganAt, finishedAt: sample.finishedAt, components, ...given });
    const { manifest } = await stage.repository.readManifest('shop', backupId);
    expect([manifest.format, manifest.canary]).toEqual([format, 'canary' in given ? given.canary : undefined]);
  }
});
