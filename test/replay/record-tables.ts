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

/** Of the end of a base backup: a moment that needs no archived log. */
export async function recordTablesOfMoment({ service, save, approved }: Recorder): Promise<void> {
  await service.sql('CREATE TABLE sayings (id int PRIMARY KEY, saying text); INSERT INTO sayings SELECT n, \'saved\' FROM generate_series(1, 9) n');
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  await service.sql('DELETE FROM sayings');
  const input = { service: service.name, to: `backup:${backupId}`, tables: ['sayings'] };
  await save('restoreTables.ofMomentRefused', await service.start('restoreTables', { ...input, to: 'mark:none' }), 'PointUnreachable');
  await save('restoreTables.ofMoment', await approved('restoreTables', input), 'COMPLETED');
  await (await approved('acceptRestore', { service: service.name, run: 'latest' })).result();
}
