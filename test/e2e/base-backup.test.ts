/**
 * A copy of the whole server instead of a dump: taken, proven, restored over a disaster, undone, restored again, let go.
 * @module-tag long
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql('CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT n, \'user \' || n FROM generate_series(1, 2000) n; CREATE ROLE reporting LOGIN;');
  await service.redisCli('SET', 'session', 'value');
  await service.startWorker();
});
afterAll(async () => service?.stop());

const contentOf = async () => [await service.sql('SELECT count(*), sum(id) FROM users'), await service.redisCli('GET', 'session')];

test('the whole server comes back, with what no dump holds, and goes again', async () => {
  const before = await contentOf();
  const backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base', prove: true });
  expect(backup).toMatchObject({ proof: 'proven', backups: 1 });
  expect(await service.run('verifyBackup', { service: service.name })).toMatchObject({ backupId: backup.backupId });

  await service.sql('DROP TABLE users; DROP ROLE reporting; CREATE TABLE after (n int)');
  await service.redisCli('FLUSHALL');

  const planned = await service.run<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backup.backupId, dryRun: true });
  expect(planned.plan.body.notes.join(' ')).toContain('The whole server is replaced');
  expect(await service.leftovers()).toEqual([]);

  const restore = await service.start<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backup.backupId });
  await service.approve(restore);
  const { report } = await restore.result();
  expect(Number(report?.setAsideTransactions)).toBeGreaterThanOrEqual(3);
  expect(await contentOf()).toEqual(before);
  expect(await service.sql('SELECT count(*) FROM pg_roles WHERE rolname = \'reporting\'')).toBe('1');
  expect(await service.leftovers()).toEqual([]);

  const undo = await service.start('undoRestore', { service: service.name, run: 'latest' });
  await service.approve(undo);
  await undo.result();
  expect([await service.sql('SELECT count(*) FROM after'), await service.redisCli('DBSIZE')]).toEqual(['0', '0']);

  const again = await service.start('restoreBackup', { service: service.name, backup: 'latest' });
  await service.approve(again);
  await again.result();
  expect(await contentOf()).toEqual(before);

  for (const run of ['latest', 'latest']) {
    const accept = await service.start('acceptRestore', { service: service.name, run });
    await service.approve(accept);
    await accept.result();
  }
  expect(await service.leftovers()).toEqual([]);
  expect(await service.sql('SELECT count(*) FROM pg_ls_dir(\'.\') AS name WHERE name LIKE \'pgsql_tmp%\'')).toBe('0');
});
