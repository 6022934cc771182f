/** Histories of the log's runbooks. Of archiveWal: the first run, which finds no base backup and has one taken; one that is cancelled, after a restore to a moment of the log that it watches; one that finds nothing to watch any more. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { ensureLogWatch } from '../../src/client/ensure-log-watch.ts';
import { logWatchId } from '../../src/domain/workflow-ids.ts';
import type { EnableWalResult } from '../../src/workflows/enable-wal/messages.ts';
import type { ForgetWalResult } from '../../src/workflows/forget-wal/messages.ts';
import type { RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import { startServiceFixture, waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

export async function recordWatches(recorder: Recorder): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), 'holdfast-state-'));
  const service = await startServiceFixture();
  const [postgres, redis] = service.config.services[0]?.components ?? [];
  if (postgres?.engine !== 'postgres' || redis === undefined) throw new Error('the fixture has no PostgreSQL');
  const { workflow } = service.client;
  const id = logWatchId(service.name);
  const current = async (): Promise<WorkflowHandle> => workflow.getHandle(id, (await workflow.getHandle(id).describe()).runId, { followRuns: false });
  service.define({ components: [{ ...postgres, wal: 'stream' }, redis] });
  const stop = await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state } });
  await waitFor(async () => (await workflow.getHandle(id).describe()).status.name === 'RUNNING');
  const first = await current();
  const { runId: firstRun } = await first.describe();
  await waitFor(async () => (await workflow.getHandle(id).describe()).runId !== firstRun, 120_000);
  await recorder.save('archiveWal.base', first, 'CONTINUED_AS_NEW');
  const restore = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, to: 'latest', only: ['postgres'] });
  await service.approve(restore);
  await recorder.save('restoreToPointInTime.ofKeptLog', restore, 'COMPLETED');
  const { newBase } = await restore.result();
  await workflow.getHandle(newBase as string).result();
  const second = await current();
  await second.cancel();
  await recorder.save('archiveWal.cancelled', second, 'CANCELLED');
  await ensureLogWatch(service.client, service.taskQueue, service.name);
  const third = await current();
  service.define({ components: [postgres, redis] });
  await recorder.save('archiveWal.done', third, 'COMPLETED');
  const forget = (input: object) => service.start<ForgetWalResult>('forgetWal', { service: service.name, ...input });
  const planned = await forget({});
  await recorder.save('forgetWal.planned', planned, 'COMPLETED');
  const { digest } = await planned.result();
  await recorder.save('forgetWal.busy', await forget({ apply: digest }), 'ServiceBusy');
  await stop();
  await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state } });
  await recorder.save('forgetWal.done', await forget({ apply: digest }), 'COMPLETED');
  await service.stop();
  await rm(state, { recursive: true, force: true });
}

/** And of enableWal, on the recorder's own service. */
export async function recordSettings({ service, save }: Recorder): Promise<void> {
  const { name } = service;
  const enable = (input: object) => service.start<EnableWalResult>('enableWal', { service: name, ...input });
  const planned = await enable({ slotLimit: '1024MB' });
  await save('enableWal.planned', planned, 'COMPLETED');
  await save('enableWal.refused', await enable({ apply: 'another' }), 'PlanChanged');
  await save('enableWal.changed', await enable({ apply: (await planned.result()).digest, slotLimit: '1024MB' }), 'COMPLETED');
  await service.sql('ALTER SYSTEM SET max_wal_senders = 12');
  await service.sql('SELECT pg_reload_conf(), pg_sleep(1)');
  const { digest } = await service.run<EnableWalResult>('enableWal', { service: name });
  await save('enableWal.restarted', await enable({ apply: digest, restart: true }), 'COMPLETED');
}
