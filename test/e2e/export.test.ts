/** What leaves as files of stock tools is what was backed up: run by psql in an empty server, it has the same counts and hashes. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { ExportBackupResult } from '../../src/workflows/export-backup/messages.ts';
import type { ImportBackupsResult } from '../../src/workflows/import-backups/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
let directory: string;

beforeAll(async () => {
  service = await startServiceFixture();
  directory = await mkdtemp(join(tmpdir(), 'holdfast exports-'));
  await service.sql(`CREATE TABLE state (id int PRIMARY KEY, word text); INSERT INTO state SELECT n, repeat('wörd ', n) FROM generate_series(1, 50) AS n; CREATE SEQUENCE numbers; SELECT setval('numbers', 41)`);
  await service.redisCli('SET', 'state', 'saved');
  await service.startWorker();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await service?.stop();
});

test('gunzip and psql make of it what was backed up', async () => {
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  const { files } = await service.run<ExportBackupResult>('exportBackup', { service: service.name, directory });
  expect(files.map(({ file }) => file)).toEqual([`postgres-${backupId}.sql.gz`, `redis-${backupId}.rdb`]);
  expect((await readdir(directory)).sort()).toEqual(files.map(({ file }) => file));
  for (const { path, sha256 } of files) expect(createHash('sha256').update(await readFile(path)).digest('hex')).toBe(sha256);
  await service.sql('CREATE DATABASE copy');
  await service.sql(gunzipSync(await readFile(files[0]?.path ?? '')).toString(), 'copy');
  const sum = `SELECT count(*), md5(string_agg(s::text, ',' ORDER BY id)), (SELECT last_value FROM numbers) FROM state AS s`;
  expect(await service.sql(sum, 'copy')).toBe(await service.sql(sum));
  // And by every count and hash that a backup has, in a server of its own: taken in again, it is the same.
  const { imported } = await service.run<ImportBackupsResult>('importBackups', { service: service.name, directory, timeZone: 'UTC' });
  const repository = createRepository('local', createLocalStorage(service.repositoryPath));
  const contents = await Promise.all([backupId, imported[0] ?? ''].map(async (id) => (await repository.readManifest(service.name, id)).manifest.components.map((each) => ('content' in each ? each.content : null))));
  expect(contents[1]).toEqual(contents[0]);
  expect(await service.leftovers()).toEqual([]);
});

test('nothing is written over, and nothing half is left', async () => {
  const before = await readdir(directory);
  const type = (input: object): Promise<string | null | undefined> => service.run('exportBackup', { service: service.name, ...input }).then(() => null, (error: { cause?: { type?: string } }) => error.cause?.type);
  expect(await type({ directory })).toBe('AlreadyExists');
  expect(await readdir(directory)).toEqual(before);
  expect(await type({ directory: join(directory, 'nowhere') })).toBe('InvalidInput');
  await writeFile(join(directory, 'file'), '');
  expect(await type({ directory: join(directory, 'file') })).toBe('InvalidInput');
  expect(await service.leftovers()).toEqual([]);
});
