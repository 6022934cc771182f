/** Histories of restoring single tables. */
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import type { Recorder } from './recorder.ts';

export async function recordTables({ service, faults, save, approved, reject }: Recorder): Promise<void> {
  await service.sql('CREATE TABLE words (id int PRIMARY KEY, word text); INSERT INTO words SELECT n, \'saved\' FROM generate_series(1, 9) n');
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  await service.sql('DELETE FROM words WHERE id < 4');
  const input = { service: service.name, backup: backupId, tables: ['words'] };
  await save('restoreTables.planned', await service.start('restoreTables', { ...input, dryRun: true }), 'COMPLETED');
  const rejected = await service.start('restoreTables', input);
  await reject(rejected);
  await save('restoreTables.rejected', rejected, 'ApprovalRejected');
  faults.swap = true;
  await save('restoreTables.rolledBack', await approved('restoreTables', input), 'CutOverFailed');
  faults.swap = false;
  await save('restoreTables.done', await approved('restoreTables', { ...input, exact: true, reason: 'recording' }), 'COMPLETED');
  await save('undoRestore.ofTables', await approved('undoRestore', { service: service.name, run: 'latest' }), 'COMPLETED');
  await (await approved('acceptRestore', { service: service.name, run: 'latest' })).result();
}
