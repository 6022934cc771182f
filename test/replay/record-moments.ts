/** Histories of a whole server's copy, and of coming back to moments: the ends of two base backups, which need no archived log. */
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { moveUpdate, type RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { resetBefore } from '../support/reset-run.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

export async function recordMoments({ service, faults, save, approved, reject }: Recorder): Promise<void> {
  for (const statement of ['ALTER SYSTEM SET summarize_wal = on', 'SELECT pg_reload_conf()']) await service.sql(statement);
  const base = await service.start<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  await save('takeBackup.base', base, 'COMPLETED');
  await save('takeBackup.incremental', await service.start('takeBackup', { service: service.name, kind: 'incremental' }), 'COMPLETED');
  const { backupId } = await base.result();
  const input = { service: service.name, to: `backup:${backupId}` };
  await save('restoreBackup.base', await approved('restoreBackup', { service: service.name, backup: backupId }), 'COMPLETED');
  await save('undoRestore.base', await approved('undoRestore', { service: service.name, run: 'latest' }), 'COMPLETED');
  await save('restoreToPointInTime.planned', await service.start('restoreToPointInTime', { ...input, dryRun: true }), 'COMPLETED');
  await save('restoreToPointInTime.refused', await service.start('restoreToPointInTime', { service: service.name, to: 'mark:none' }), 'PointUnreachable');
  const rejected = await service.start('restoreToPointInTime', input);
  await reject(rejected);
  await save('restoreToPointInTime.rejected', rejected, 'ApprovalRejected');
  faults.swap = true;
  await save('restoreToPointInTime.rolledBack', await approved('restoreToPointInTime', { ...input, only: ['postgres'] }), 'CutOverFailed');
  faults.swap = false;

  const later = (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
  const moved = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', input);
  const asked = async (): Promise<string | undefined> => (await moved.query(statusQuery)).plan?.body.moment?.asked;
  await service.waitForPhase(moved, 'awaitingApproval');
  await moved.executeUpdate(moveUpdate, { args: [{ to: 'mark:none' }] });
  await waitFor(async () => (await moved.query(statusQuery)).events.some(({ text }) => text.startsWith('Not moved')) && (await asked()) === input.to);
  await moved.executeUpdate(moveUpdate, { args: [{ to: `backup:${later}` }] });
  await waitFor(async () => (await asked()) === `backup:${later}`);
  await service.approve(moved);
  await save('restoreToPointInTime.moved', moved, 'COMPLETED');
  const { newBase } = await moved.result();
  await service.client.workflow.getHandle(newBase as string).result();
  const again = await resetBefore(service.client, moved, (_type, activity) => activity === 'confirmApproval');
  await waitFor(async () => (await again.query(statusQuery)).events.some((event) => event.text.includes('was reset')));
  await service.approve(again);
  await save('restoreToPointInTime.afterReset', again, 'COMPLETED');
}
