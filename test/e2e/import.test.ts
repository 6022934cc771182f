/** The files of the scripts before Holdfast: taken into the catalog, proven, restored; and what is wrong with one keeps back none of the others. */
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFileFromContainer } from '../../src/containers/container-files.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { ImportBackupsResult } from '../../src/workflows/import-backups/messages.ts';
import type { ProveBackupResult } from '../../src/workflows/prove-backup/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
let directory: string;
const stamp = '20260118-133121';
const names = { sql: `postgres-${stamp}.sql.gz`, rdb: `redis-${stamp}.rdb` };

const repository = () => createRepository('local', createLocalStorage(service.repositoryPath));
const hashes = async (): Promise<Record<string, string>> =>
  Object.fromEntries(await Promise.all((await readdir(directory)).map(async (file) => [file, createHash('sha256').update(await readFile(join(directory, file)).catch(() => '')).digest('hex')])));
const importInput = (): object => ({ service: service.name, directory, timeZone: 'America/Denver' });
const importAll = (): Promise<ImportBackupsResult> => service.run('importBackups', importInput());

beforeAll(async () => {
  service = await startServiceFixture();
  directory = await mkdtemp(join(tmpdir(), 'holdfast imports-'));
  await service.sql(`CREATE ROLE "app Role" NOLOGIN; CREATE TABLE state (word text, at timestamptz DEFAULT '2026-01-18 20:00Z'); ALTER TABLE state OWNER TO "app Role";
    INSERT INTO state VALUES ('saved'), (E'two\\nlines'), (E'\\\\restrict abc'), (E'\\restrict abc'); CREATE SEQUENCE numbers; SELECT setval('numbers', 41); CREATE INDEX ON state (word);`);
  await service.redisCli('SET', 'state', 'saved');
  await service.redisCli('SAVE');
  // As the seed's script makes them: pg_dump through gzip, and Redis's own file.
  const dump = await service.runtime.exec(service.postgres, { argv: ['pg_dump', '-U', 'postgres', 'shop'], timeoutMs: 60_000 });
  expect(dump.exitCode).toBe(0);
  await writeFile(join(directory, names.sql), gzipSync(dump.stdout));
  await writeFile(join(directory, names.rdb), await buffer(await readFileFromContainer(service.runtime, service.redis, '/data/dump.rdb')));
  await writeFile(join(directory, `backup-${stamp}.manifest`), 'Backup Manifest\n');
  await service.sql(`UPDATE state SET word = 'live'; DROP SEQUENCE numbers`);
  await service.redisCli('SET', 'state', 'live');
  await service.startWorker();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await service?.stop();
});

test('they are one backup, imported and not proven, and known the second time', async () => {
  const before = await hashes();
  const result = await importAll();
  // 13:31:21 in Denver.
  expect(result).toMatchObject({ imported: ['20260118-203121'], known: 0, timeZoneGiven: true });
  const { manifest } = await repository().readManifest(service.name, '20260118-203121');
  expect(manifest).toMatchObject({ format: 2, imported: { directory, timeZone: 'America/Denver', timeZoneGiven: true } });
  expect(manifest.imported?.files.map(({ file, sha256 }) => [file, sha256])).toEqual([[names.sql, before[names.sql]], [names.rdb, before[names.rdb]]]);
  expect(manifest.components.map((each) => each.artifacts.map(({ kind }) => kind))).toEqual([['dump', 'globals', 'plainSql'], ['rdb']]);
  expect(manifest.components[0]?.notCompared[0]?.object).toBe('the database that was live when the file was made');
  expect(await repository().listProofs(service.name, '20260118-203121')).toEqual([]);
  expect(await importAll()).toMatchObject({ imported: [], known: 2 });
  expect(await repository().listBackups(service.name)).toEqual(['20260118-203121']);
  expect(await hashes()).toEqual(before);
  expect(await service.leftovers()).toEqual([]);
});

test('a proof compares with what was counted at the import, and says what nobody counted', async () => {
  const { components } = await service.run<ProveBackupResult>('proveBackup', { service: service.name });
  expect(components.map(({ verdict }) => verdict)).toEqual(['proven', 'proven']);
  expect(components.map(({ notCompared }) => notCompared[0]?.object)).toEqual(['the database that was live when the file was made', 'what was live when the file was made']);
});

test('it comes back like any other backup', async () => {
  const restore = await service.start('restoreBackup', { service: service.name, backup: '20260118-203121' });
  await service.approve(restore);
  await restore.result();
  expect(await service.sql(`SELECT encode(convert_to(word, 'UTF8'), 'hex') FROM state ORDER BY 1`)).toBe(
    ['saved', 'two\nlines', '\\restrict abc', '\restrict abc'].map((word) => Buffer.from(word).toString('hex')).sort().join('\n'));
  expect(await service.sql(`SELECT nextval('numbers'), (SELECT tableowner FROM pg_tables WHERE tablename = 'state')`)).toBe('42|app Role');
  expect(await service.redisCli('GET', 'state')).toBe('saved');
  await (await service.start<void>('acceptRestore', { service: service.name, run: 'latest' }).then(async (handle) => { await service.approve(handle); return handle; })).result();
  expect(await service.leftovers()).toEqual([]);
});

test('what is wrong with a file is said with its name, and the others are taken', { tags: 'long' }, async () => {
  const sql = await readFile(join(directory, names.sql));
  const put = (file: string, bytes: Uint8Array | string): Promise<void> => writeFile(join(directory, file), bytes);
  const plain = gunzipSync(sql).toString('latin1');
  await put('postgres-20260119-010000.sql.gz', sql.subarray(0, sql.length - 20));
  await put('postgres-20260120-010000.sql.gz', gzipSync(Buffer.from(plain.slice(0, plain.length / 2), 'latin1')));
  await put('postgres-20260121-010000.sql.gz', '');
  await put('postgres-20260122-010000.sql.gz', gzipSync(Buffer.from(`\\! touch /tmp/owned\n${plain}`, 'latin1')));
  await put('postgres-20260123-010000.sql.gz', gzipSync(Buffer.from(plain.replace('CREATE SEQUENCE', 'CREATE NOTHING'), 'latin1')));
  await symlink(join(directory, names.sql), join(directory, 'postgres-20260124-010000.sql.gz'));
  await mkdir(join(directory, 'postgres-20260125-010000.sql.gz'));
  const rdb = await readFile(join(directory, names.rdb));
  await put('redis-20260126-010000.rdb', Buffer.concat([Buffer.from('REDIS0099'), rdb.subarray(9)]));
  await put('redis-20260127-010000.rdb', randomBytes(100));
  // One of two is damaged: the other one is a backup without it.
  await put('postgres-20260128-010000.sql.gz', gzipSync(Buffer.from(`${plain}-- another\n`, 'latin1')));
  await put('redis-20260128-010000.rdb', rdb.subarray(0, 30));
  await copyFile(join(directory, names.rdb), join(directory, 'redis-20261345-010000.rdb'));
  const run = await service.start<ImportBackupsResult>('importBackups', importInput());
  const failure = await run.result().then(() => null, (error: Error) => (error.cause as Error).message);
  expect(failure).toContain('11 files could not be taken, 1 backup was imported');
  // The second that the whole set had claimed is not given twice.
  expect(await repository().listBackups(service.name)).toEqual(['20260118-203121', '20260128-080001']);
  const events = (await run.query(statusQuery)).events.filter(({ kind }) => kind === 'warning').map(({ text }) => text).join('\n');
  expect(events).toMatch(/postgres-20260119[^\n]*no whole gzip file/);
  expect(events).toMatch(/postgres-20260120[^\n]*pg_dump's own last line/);
  expect(events).toMatch(/postgres-20260121[^\n]*it is empty/);
  expect(events).toMatch(/postgres-20260122[^\n]*begins with a backslash/);
  expect(events).toMatch(/postgres-20260123[^\n]*syntax error/);
  expect(events).toMatch(/postgres-20260124[^\n]*symbolic link/);
  expect(events).toMatch(/postgres-20260125[^\n]*no regular file/);
  expect(events).toMatch(/redis-20260126[^\n]*/);
  expect(events).toMatch(/redis-20260127[^\n]*/);
  expect(events).toMatch(/redis-20260128[^\n]*/);
  expect(events).toMatch(/redis-20261345[^\n]*no calendar/);
  expect(await service.leftovers()).toEqual([]);
});
