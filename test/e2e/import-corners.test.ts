/** What an import and an export meet: people at a command line, files that are known, another import at once, psql's own commands, a newer Redis, a disk that is full. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFileFromContainer } from '../../src/containers/container-files.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { ExportBackupResult } from '../../src/workflows/export-backup/messages.ts';
import type { ImportBackupResult } from '../../src/workflows/import-backup/messages.ts';
import type { ImportBackupsResult } from '../../src/workflows/import-backups/messages.ts';
import { runToEnd } from '../chaos/stage/drive.ts';
import { commandLineOf } from '../support/service-command-line.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;
let service: ServiceFixture;
let elsewhere: string;
/** A plain dump of the service as it is, without psql's frame, and its RDB. */
let plain: string;
let rdb: Buffer;
let mounted: string[] = [];

beforeAll(async () => {
  service = await startServiceFixture();
  elsewhere = await mkdtemp(join(tmpdir(), 'holdfast corners-'));
  for (const path of [service.repositoryPath, join(elsewhere, 'small')]) {
    await mkdir(path, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${(path === service.repositoryPath ? 64 : 2) * mebibyte},mode=0700`, 'tmpfs', path]);
    mounted = [...mounted, path];
  }
  await service.sql("CREATE TABLE state (word text); INSERT INTO state VALUES ('saved')");
  await service.redisCli('SET', 'state', 'saved');
  await service.redisCli('SAVE');
  plain = await dumped();
  rdb = await buffer(await readFileFromContainer(service.runtime, service.redis, '/data/dump.rdb'));
  await service.startWorker();
});
afterAll(async () => {
  for (const path of mounted) await run('umount', ['-l', path]);
  await rm(elsewhere, { recursive: true, force: true });
  await service?.stop();
});

async function dumped(): Promise<string> {
  const { exitCode, stdout } = await service.runtime.exec(service.postgres, { argv: ['pg_dump', '-U', 'postgres', 'shop'], timeoutMs: 60_000 });
  expect(exitCode).toBe(0);
  return stdout.replace(/^\\(un)?restrict .*\n/gm, '');
}

const repository = () => createRepository('local', createLocalStorage(service.repositoryPath));
const backups = (): Promise<readonly string[]> => repository().listBackups(service.name);

/** A directory of its own with such files. */
async function filed(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const directory = await mkdtemp(join(elsewhere, 'files-'));
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(directory, file), typeof bytes === 'string' ? gzipSync(bytes) : bytes);
  return directory;
}

async function failureOf(type: string, input: object): Promise<{ readonly failure: string | null; readonly message: string }> {
  return runToEnd(service, await service.start(type, { service: service.name, ...input }), 120_000);
}

test('from the command line: a directory comes in, and what came in goes out again', async () => {
  const [directory, out] = [await filed({ 'postgres-20260118-133121.sql.gz': plain, 'redis-20260118-133121.rdb': rdb, 'notes.txt': 'nobody\'s business' }), await filed({})];
  const holdfast = await commandLineOf(service, await mkdtemp(join(elsewhere, 'home-')));
  expect(await holdfast('import', directory, '--time-zone', 'America/Denver')).toMatchObject({
    code: 0, stdout: expect.stringMatching(/Imported, not proven: 1 backup\.\n +20260118-203121\nThe names were read as local time of America\/Denver\.\nProve them: holdfast prove 20260118-203121/),
  });
  expect(await holdfast('import', directory, '--time-zone', 'America/Denver')).toMatchObject({ code: 0, stdout: expect.stringContaining('0 backups; 2 files were known already.') });
  expect((await holdfast('list')).stdout).toMatch(/20260118-203121[^\n]*imported, not proven/);
  expect(await holdfast('import', join(directory, 'nowhere'))).toMatchObject({ code: 2, stderr: expect.stringContaining('InvalidInput') });

  const names = ['postgres-20260118-203121.sql.gz', 'redis-20260118-203121.rdb'];
  const exported = await holdfast('export', '20260118', '--format', 'sql.gz', '--to', out);
  expect(exported).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(names.map((name) => `${name} +\\S+ +sha256 [0-9a-f]{64}`).join('\n[^\n]*'))) });
  expect((await readdir(out)).sort()).toEqual(names);
  expect(gunzipSync(await readFile(join(out, names[0] ?? ''))).toString()).toContain('\nsaved\n');
  expect(await readFile(join(out, names[1] ?? ''))).toEqual(rdb);
  expect(await holdfast('export', '20260118', '--to', out)).toMatchObject({ code: 3, stderr: expect.stringContaining('AlreadyExists') });
  expect(await holdfast('export', '20260118', '--format', 'csv', '--to', out)).toMatchObject({ code: 2 });
});

test('one import started alone takes nothing twice, and says which backup has it; the same bytes of another day are another backup', async () => {
  const before = await backups();
  const files = ['postgres-20260201-010000.sql.gz', 'redis-20260201-010000.rdb'];
  const directory = await filed({ [files[0] ?? '']: plain, [files[1] ?? '']: rdb, 'redis-20260202-010000.rdb': rdb });
  const input = { directory, files, timeZone: 'UTC' };
  const { backupId } = await service.run<ImportBackupResult>('importBackup', { service: service.name, ...input });
  expect(await failureOf('importBackup', input)).toMatchObject({ failure: 'AlreadyExists', message: expect.stringContaining(`${backupId} holds it already`) });
  expect(await failureOf('importBackup', { ...input, files: files.slice(1) })).toMatchObject({ failure: 'AlreadyExists' });
  expect(await backups()).toEqual([...before, backupId]);
  expect(await service.run<ImportBackupsResult>('importBackups', { service: service.name, directory, timeZone: 'UTC' })).toMatchObject({ imported: ['20260202-010000'], known: 2 });
  expect(await service.leftovers()).toEqual([]);
});

test('two imports of one directory at once take each file once between them', { tags: 'long' }, async () => {
  const before = await backups();
  const directory = await filed({ 'postgres-20260301-010000.sql.gz': plain, 'redis-20260301-010000.rdb': rdb, 'redis-20260302-010000.rdb': rdb });
  const results = await Promise.all([1, 2].map(() => service.run<ImportBackupsResult>('importBackups', { service: service.name, directory, timeZone: 'UTC' })));
  const imported = results.flatMap((result) => result.imported);
  const taken = await Promise.all(imported.map(async (id) => (await repository().readManifest(service.name, id)).manifest.imported?.files.map(({ file }) => file) ?? []));
  expect(taken.flat().sort()).toEqual(await readdir(directory));
  expect(results.reduce((sum, { known }) => sum + known, 0)).toBe(3);
  expect(await backups()).toEqual([...before, ...imported].sort());
  expect(await service.leftovers()).toEqual([]);
});

test('a dump in psql\'s frame comes in; a command of psql\'s in the midst of a line does not', async () => {
  const framed = (text: string): string => `\\restrict Key1\n${text}\\unrestrict Key1\n`;
  const directory = await filed({ 'postgres-20260401-010000.sql.gz': framed(plain), 'postgres-20260402-010000.sql.gz': framed(`SELECT 1 \\! touch /tmp/owned\n;${plain}`), 'postgres-20260403-010000.sql.gz': `SELECT 1 \\g |cat\n${plain}` });
  const one = (stamp: string): object => ({ directory, files: [`postgres-${stamp}.sql.gz`], timeZone: 'UTC' });
  const { backupId } = await service.run<ImportBackupResult>('importBackup', { service: service.name, ...one('20260401-010000') });
  expect(backupId).toBe('20260401-010000');
  for (const stamp of ['20260402-010000', '20260403-010000']) {
    expect(await failureOf('importBackup', one(stamp))).toMatchObject({ failure: 'RestoreFailed', message: expect.stringMatching(/backslash commands are restricted.*commands of psql in a file are not carried out/) });
  }
  expect(await service.leftovers()).toEqual([]);
});

test('where psql knows no frame, a dump in one comes in all the same', { tags: 'long' }, async () => {
  const older = await startServiceFixture({ postgresImage: 'postgres:16' });
  try {
    const { stdout } = await older.runtime.exec(older.postgres, { argv: ['psql', '--help=commands'], timeoutMs: 10_000 });
    expect(stdout).not.toContain('restrict');
    await older.startWorker();
    const directory = await filed({ 'postgres-20260401-010000.sql.gz': `\\restrict Key1\n--\n-- PostgreSQL database dump\n--\nCREATE TABLE public.state (word text);\nCOPY public.state FROM stdin;\n\\\\restrict kept\n\\.\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict Key1\n` });
    const { backupId } = await older.run<ImportBackupResult>('importBackup', { service: older.name, directory, files: ['postgres-20260401-010000.sql.gz'], timeZone: 'UTC' });
    expect((await createRepository('local', createLocalStorage(older.repositoryPath)).readManifest(older.name, backupId)).manifest.components[0]).toMatchObject({ content: { tables: [{ table: 'public.state', rows: '1' }] } });
    expect(await older.leftovers()).toEqual([]);
  } finally {
    await older.stop();
  }
});

test('an RDB of a newer Redis is called that', async () => {
  const directory = await filed({ 'redis-20260501-010000.rdb': Buffer.concat([Buffer.from('REDIS0099'), rdb.subarray(9)]) });
  expect(await failureOf('importBackup', { directory, files: ['redis-20260501-010000.rdb'], timeZone: 'UTC' })).toMatchObject({ failure: 'VersionMismatch' });
  expect(await service.leftovers()).toEqual([]);
});

test('a disk that runs full under an import or an export is called that, and nothing half is on it', { tags: 'long' }, async () => {
  const before = await backups();
  // Rows that nothing compresses.
  await service.sql(`CREATE TABLE noise (bytes bytea); INSERT INTO noise SELECT decode(string_agg(md5(random()::text), ''), 'hex') FROM generate_series(1, 262144) n GROUP BY n % 256`);
  const directory = await filed({ 'postgres-20260601-010000.sql.gz': await dumped() });
  const input = { directory, files: ['postgres-20260601-010000.sql.gz'], timeZone: 'UTC' };
  // Not even the copy of the file, then not the dump that is made of it.
  for (const freeBytes of [1, 7].map((count) => count * mebibyte)) {
    const { bavail, bsize } = await statfs(service.repositoryPath);
    const ballast = join(service.repositoryPath, 'ballast');
    await writeFile(ballast, Buffer.alloc(bavail * bsize - freeBytes));
    expect(await failureOf('importBackup', input).finally(() => rm(ballast))).toMatchObject({ failure: 'DiskFull' });
    expect(await readdir(join(service.repositoryPath, service.name, 'backups'))).toEqual(before);
  }
  const { backupId } = await service.run<ImportBackupResult>('importBackup', { service: service.name, ...input });
  expect(await failureOf('exportBackup', { backup: backupId, directory: join(elsewhere, 'small') })).toMatchObject({ failure: 'DiskFull' });
  expect(await readdir(join(elsewhere, 'small'))).toEqual([]);
  const { files } = await service.run<ExportBackupResult>('exportBackup', { service: service.name, backup: backupId, directory: await filed({}) });
  expect(files).toHaveLength(1);
  expect(await service.leftovers()).toEqual([]);
});
