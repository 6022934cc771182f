/** Plans that bind to nothing, and which rollback copy is meant. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlanBody } from '../../src/domain/restore-plan.ts';
import type { RedisCutOver, RollbackRecord } from '../../src/domain/rollback.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { failing } from '../support/failing.ts';
import { run } from '../repository/sample-manifest.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

const store = { component: 'redis', engine: 'redis', container: 'shop-redis', containerId: 'c', volume: 'v', identity: null, database: null } as const;
const body: PlanBody = { format: 1, operation: 'restore', service: 'shop', backup: null, rollbackOf: null, stores: [store], restarts: [], steps: [], losses: [], compared: [], notCompared: [], notes: [], wayBack: 'undo' };

describe('a plan', () => {
  it('is stored under its nonce, for this run', async () => {
    const plan = await stage.as(run('a')).planRestore({ body });
    expect(plan.envelope).toMatchObject({ workflowId: run('a').workflowId, runId: run('a').runId });
    expect(await stage.repository.readPlan('shop', plan.envelope.nonce)).toEqual(plan);
  });

  it('that names no store is refused', async () => {
    await failing('InvalidInput', stage.as(run('a')).planRestore({ body: { ...body, stores: [] } }));
    expect(await stage.repository.storage.listNames('shop/plans')).toEqual([]);
  });
});

describe('the rollback copy', () => {
  const cutOver = (container: string) => ({ engine: 'redis', component: 'redis', container }) as RedisCutOver;

  async function opened(name: string, container: string, hour: number): Promise<void> {
    const record: RollbackRecord = { format: 1, service: 'shop', operation: 'restore', ...run(name), backupId: null, point: null, cutOvers: [cutOver(container)], restartPolicies: [], createdRoles: [], undoneRunId: null, recordedAt: `2026-11-23T0${hour}:00:00.000Z` };
    await stage.repository.recordRollback(record);
    await stage.repository.markRollback('shop', record.runId, 'opened', { ...run(name), at: record.recordedAt });
  }
  const find = async (which: string): Promise<string> => (await stage.as(run('undo')).findRollback({ service: 'shop', run: which })).record.runId;

  it('called latest is the newest in the own containers, not that of a rehearsal in other ones', async () => {
    await opened('first', 'shop-redis', 1);
    await opened('second', 'shop-redis', 2);
    await opened('rehearsal', 'test-redis', 3);
    expect(await find('latest')).toBe('run-second');
    expect([await find('rehearsal'), await find('run-first')]).toEqual(['run-rehearsal', 'run-first']);
  });

  it('called latest is said to be in other containers where there is no other', async () => {
    await opened('rehearsal', 'test-redis', 3);
    const { fields } = await failing('UnknownRollbackCopy', find('latest'));
    expect(fields.cause).toContain('rehearsal (in other containers)');
  });

  it('is not looked for past a record that cannot be read', async () => {
    await opened('first', 'shop-redis', 1);
    await opened('second', 'shop-redis', 2);
    await stage.repository.storage.remove('shop/rollbacks/run-second.json');
    await stage.repository.storage.createExclusive('shop/rollbacks/run-second.json', Buffer.from('{}'));
    await failing('RepositoryDamaged', find('latest'));
  });
});
