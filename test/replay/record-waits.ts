/** Histories of what waits for a restore that is open, and of a backup with the retention behind it. */
import { defaultPolicy } from '../../src/domain/retention/policy.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

export async function recordWaits({ service, save }: Recorder, backupId: string): Promise<void> {
  const { name, client, taskQueue } = service;
  const restore = await service.start('restoreBackup', { service: name, backup: backupId });
  await service.waitForPhase(restore, 'awaitingApproval');
  await save('pruneBackups.waits', await service.start('pruneBackups', { service: name }), 'ServiceBusy');
  const schedule = await client.schedule.create({
    scheduleId: `recording-${name}`, spec: { cronExpressions: ['0 0 1 1 *'] }, state: { paused: true },
    action: { type: 'startWorkflow', workflowType: 'takeBackup', taskQueue, workflowId: `holdfast/test/${name}/scheduled`, args: [{ service: name }] },
  });
  await schedule.trigger();
  const begun = async () => (await schedule.describe()).info.recentActions.at(-1)?.action.workflow;
  await waitFor(async () => await begun() !== undefined);
  const run = await begun();
  await save('takeBackup.skipped', client.workflow.getHandle(run?.workflowId ?? '', run?.firstExecutionRunId), 'ServiceBusy');
  await schedule.delete();
  await restore.cancel();
  await restore.result().catch(() => undefined);

  service.define({ retention: defaultPolicy });
  await save('takeBackup.pruned', await service.start('takeBackup', { service: name }), 'COMPLETED');
  delete (service.config.services[0] as { retention?: unknown }).retention;
}
