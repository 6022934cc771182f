/** Which backup a drill takes, and what it is told beside. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import { noDrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { openActivityStage, stageService, type ActivityStage } from '../../support/activity-stage.ts';
import { committed } from '../../repository/sample-manifest.ts';
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
