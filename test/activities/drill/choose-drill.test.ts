/** Which backup a drill takes, and what it is told beside. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import { noDrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { failing } from '../../support/failing.ts';
import { openActivityStage, stageService, type ActivityStage } from '../../support/activity-stage.ts';
import { committed, run, sampleManifest, storeArtifacts } from '../../repository/sample-manifest.ts';
import { drillRun } from './drill-record.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

const nowMs = Date.UTC(2026, 10, 24, 2);
const activities = (service: Partial<ServiceDefinition>, changed: Partial<ActivityDependencies> = {}) =>
  stage.as(drillRun('run'), { services: new Map([['shop', { ...stageService, ...service }]]), nowMs: () => nowMs, ...changed });
const choose = (service: Partial<ServiceDefinition> = {}, backup?: string) => activities(service).chooseDrill({ service: 'shop', kind: 'restore', ...(backup === undefined ? {} : { backup }) });

describe('a service that keeps its log', () => {
  const logged = { components: stageService.components.map((each) => (each.engine === 'postgres' ? { ...each, wal: 'stream' as const } : { ...each, aof: 'archive' as const })) };
  // The repository alone is asked: there is nothing in it that an engine would have to read.
  const engineFor = () => ({ moments: {} }) as ReturnType<ActivityDependencies['engineFor']>;

  it('is told where that leads nowhere, and the drill goes on', async () => {
    const { backupId } = await committed(stage.repository, 'shop', 'a');
    const chosen = await activities(logged, { engineFor }).chooseDrill({ service: 'shop', kind: 'restore' });
    expect(chosen.backup.backupId).toBe(backupId);
    expect(chosen.kept).toEqual([{ component: 'postgres', nowhere: 'there is no base backup of this cluster' }, { component: 'redis', nowhere: expect.stringContaining('append-only file') as string }]);
  });

  it('is not asked where an older backup is wanted on purpose, nor is one that keeps none', async () => {
    const { backupId } = await committed(stage.repository, 'shop', 'a');
    expect((await choose(logged, backupId)).kept).toBeUndefined();
    expect((await choose({ ...logged, drill: { ...noDrillSettings, choose: { kind: 'randomWithin', days: 30 } } })).kept).toBeUndefined();
    expect((await choose()).kept).toBeUndefined();
  });
});

describe('one by chance of the last days', () => {
  const byChance = { drill: { ...noDrillSettings, choose: { kind: 'randomWithin', days: 30 } } } as const;
  const daysAgo = (days: number): number => nowMs - days * 86_400_000;
  const taken = async (name: string, days: number): Promise<string> => (await committed(stage.repository, 'shop', name, daysAgo(days))).backupId;
  /** Of before Redis was there. */
  async function ofPostgresAlone(name: string, days: number): Promise<string> {
    const sample = sampleManifest('shop', await stage.repository.claimBackup('shop', run(name), daysAgo(days)));
    const manifest = { ...sample, components: sample.components.filter(({ engine }) => engine === 'postgres') };
    await storeArtifacts(stage.repository, manifest);
    await stage.repository.commitManifest(manifest);
    return manifest.backupId;
  }

  it('is any of them, and none that is older', async () => {
    await taken('old', 30.01);
    const young = [await taken('a', 29.99), await taken('b', 12), await taken('c', 1)];
    const drawn = new Set<string>();
    for (let draw = 0; draw < 60; draw += 1) {
      const chosen = await choose(byChance);
      expect([chosen.choice, chosen.newest, chosen.leftOut]).toEqual([{ kind: 'randomWithin', days: 30, candidates: 3 }, chosen.backup.backupId === young[2], undefined]);
      drawn.add(chosen.backup.backupId);
    }
    expect([...drawn].sort()).toEqual(young);
  });

  it('is also what somebody asks for once, over the service\'s own rule; and a rule gives way to a name', async () => {
    const [old, young] = [await taken('old', 31), await taken('young', 3)];
    for (let draw = 0; draw < 12; draw += 1) expect(await choose({}, 'random-within 30d')).toMatchObject({ backup: { backupId: young }, choice: { kind: 'randomWithin', days: 30, candidates: 1 } });
    expect([(await choose(byChance, 'latest')).choice, (await choose(byChance, old)).choice]).toEqual([{ kind: 'latest' }, { kind: 'named', asked: old }]);
    await failing('InvalidInput', () => choose({}, 'random-within'));
  });

  it('is none that lacks a store which was added since, and that is said', async () => {
    for (const days of [20, 15, 10]) await ofPostgresAlone(`of ${days}`, days);
    const whole = await taken('whole', 5);
    for (let draw = 0; draw < 12; draw += 1) expect(await choose(byChance)).toMatchObject({ backup: { backupId: whole }, choice: { candidates: 1 }, leftOut: 3 });
  });

  it('is no finding of the backups where all of them lack it, but that there is none', async () => {
    await ofPostgresAlone('a', 3);
    await taken('old', 31);
    expect((await failing('UnknownBackup', () => choose(byChance))).fields.cause).toBe('the service has no backup of the last 30 days that holds all of it (1 backup of before one of its stores)');
  });

  it('may be one that is damaged: to find that is what it is for', async () => {
    const damaged = await taken('a', 3);
    await writeFile(join(stage.directory, 'shop/backups', damaged, 'manifest.json'), '{}');
    await failing('ManifestDamaged', () => choose(byChance));
  });

  it('gives way to what is asked for', async () => {
    const first = await taken('a', 12);
    const newest = await taken('b', 1);
    expect(await choose(byChance, 'latest')).toMatchObject({ backup: { backupId: newest }, choice: { kind: 'latest' } });
    expect(await choose(byChance, first)).toMatchObject({ backup: { backupId: first }, choice: { kind: 'named', asked: first }, newest: false });
  });
});
