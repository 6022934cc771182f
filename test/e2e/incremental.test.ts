/** Incremental backups of a service: refused, full where there is nothing to go on from, proven and restored through their chain, and refused with it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { loginThatWrites } from '../support/login-that-writes.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
beforeAll(async () => {
  service = await startServiceFixture({ postgresImage: 'postgres:18' });
  await service.sql(`CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 2000) n; ${loginThatWrites}`);
  await service.redisCli('SET', 'session', 'one');
  await service.startWorker();
});
afterAll(async () => service?.stop());

const take = (more: object = {}): Promise<TakeBackupResult> => service.run('takeBackup', { service: service.name, kind: 'incremental', ...more });
const contentOf = async () => [await service.sql('SELECT count(*), md5(string_agg(name, \',\' ORDER BY id)) FROM users'), await service.redisCli('GET', 'session')];

async function failureOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(() => { throw new Error('it did not fail'); }, (failure: Error) => failure);
  return String((error.cause as Error | undefined)?.message ?? error.message);
}

test('a chain is taken, proven, restored, and left alone as soon as one link is damaged', async () => {
  expect(await failureOf(take())).toContain('ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();');
  await service.sql('ALTER SYSTEM SET summarize_wal = on');
  await service.sql('SELECT pg_reload_conf()');
  const full = await take();
  expect(full.incremental).toEqual({ parent: null, reason: 'there is no base backup of this cluster yet' });

  await service.sql('UPDATE users SET name = \'changed\' WHERE id % 500 = 0; DELETE FROM users WHERE id = 7;');
  await service.redisCli('SET', 'session', 'two');
  const expected = await contentOf();
  const incremental = await take({ prove: true });
  expect(incremental).toMatchObject({ incremental: { parent: full.backupId }, proof: 'proven' });

  await service.sql('TRUNCATE users');
  await service.redisCli('FLUSHALL');
  const restore = await service.start('restoreBackup', { service: service.name, backup: incremental.backupId });
  await service.approve(restore);
  await restore.result();
  expect(await contentOf()).toEqual(expected);
  expect(await service.leftovers()).toEqual([]);
  expect((await take()).incremental).toEqual({ parent: null, reason: expect.stringMatching(/^the server is on timeline \d+, and every base backup is of another one$/) });

  await damageBase(full.backupId);
  for (const type of ['verifyBackup', 'restoreBackup']) expect(await failureOf(service.run(type, { service: service.name, backup: incremental.backupId }))).toContain(`${full.backupId}/postgres/`);
  expect(await contentOf()).toEqual(expected);
  expect(await service.leftovers()).toEqual([]);
});

/** One bit of the copy itself. */
async function damageBase(backupId: string): Promise<void> {
  const directory = join(service.repositoryPath, service.name, 'backups', backupId);
  const { components } = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as BackupManifest;
  const path = join(directory, components.flatMap(({ artifacts }) => artifacts).find(({ kind }) => kind === 'base')?.path ?? '');
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
