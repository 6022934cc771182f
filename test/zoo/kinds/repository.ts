/** Repositories whose files are not what they were. */
import { execFile } from 'node:child_process';
import { appendFile, copyFile, cp, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Animal, Expected } from '../animal.ts';
import type { EngineName } from '../../../src/domain/engine-name.ts';
import { changeDump, fileOf, flipByte, flipped, manifestPath, pathIn, replaceAndResign, resign, serviceDirectory, type ArtifactKind } from '../stored-backup.ts';

const unreadable = (of: EngineName, sentence: RegExp): Expected => ({ verdict: 'failed', check: `content:${of}`, class: 'backupUnreadable', sentence });
const noManifest = (sentence: RegExp): Expected => ({ verdict: 'failed', check: 'content', class: 'backupUnreadable', sentence });
const nothing: Expected = { verdict: 'failed', check: 'content', class: 'noBackup', sentence: /the service has no backup/ };

const engineOfKind: Readonly<Record<string, EngineName>> = { rdb: 'redis' };

/** A file of a healthy backup, and what is done to it. */
const file = (name: string, kind: ArtifactKind, damage: (path: string) => Promise<void>, sentence: RegExp): Animal => {
  const of = engineOfKind[kind] ?? 'postgres';
  const whole = kind === 'base' || kind === 'wal' || kind === 'baseManifest';
  return { name, of, from: { kind: whole ? 'base' : 'service' }, damage: async (backup) => damage(await fileOf(backup, kind)), expected: unreadable(of, sentence) };
};
const manifest = (name: string, damage: (path: string) => Promise<void>, expected: Expected = noManifest(/manifest\.json/)): Animal => ({ name, of: 'redis', from: { kind: 'service' }, damage: (backup) => damage(manifestPath(backup)), expected });

const cutLast = async (path: string): Promise<void> => truncate(path, (await readFile(path)).byteLength - 1);
const otherSum = /SHA-256|bytes/;

export const repositoryKinds: readonly Animal[] = [
  ...([['dump', 'dump'], ['globals', 'globals'], ['rdb', 'rdb'], ['base', 'base'], ['base-log', 'wal'], ['base-manifest', 'baseManifest']] as const).map(([name, kind]) => file(`${name}-flipped`, kind, flipByte, otherSum)),
  file('dump-first-byte-flipped', 'dump', (path) => flipByte(path, 0), otherSum),
  file('dump-truncated', 'dump', cutLast, otherSum),
  file('base-truncated', 'base', cutLast, otherSum),
  file('rdb-empty', 'rdb', (path) => truncate(path, 0), otherSum),
  file('rdb-lengthened', 'rdb', (path) => appendFile(path, '\0'), otherSum),
  file('dump-missing', 'dump', (path) => rm(path), /no such object/),
  file('globals-missing', 'globals', (path) => rm(path), /no such object/),
  file('rdb-missing', 'rdb', (path) => rm(path), /no such object/),
  file('dump-a-link', 'dump', async (path) => {
    await rename(path, `${path}.elsewhere`);
    await symlink(`${path}.elsewhere`, path);
  }, /neither a file nor a directory/),
  file('dump-a-directory', 'dump', async (path) => {
    await rm(path);
    await mkdir(path);
  }, /no such object/),
  file('rdb-a-pipe', 'rdb', async (path) => {
    await rm(path);
    await promisify(execFile)('mkfifo', [path]);
  }, /neither a file nor a directory/),
  {
    name: 'dump-of-another-backup', of: 'postgres', from: { kind: 'service' }, expected: unreadable('postgres', otherSum),
    damage: async (backup, ground) => copyFile(await fileOf(await ground.backup({ kind: 'database', sql: 'DELETE FROM orders WHERE id = 1;' }), 'dump'), await fileOf(backup, 'dump')),
  },
  {
    name: 'files-exchanged', of: 'postgres', from: { kind: 'service' }, expected: unreadable('postgres', otherSum),
    damage: async (backup) => {
      const [dump, globals] = [await fileOf(backup, 'dump'), await fileOf(backup, 'globals')];
      await rename(dump, `${dump}.moved`);
      await rename(globals, dump);
      await rename(`${dump}.moved`, globals);
    },
  },
  // Sums over what is wrong are as good as sums over what is right.
  { name: 'dump-flipped-and-signed', of: 'postgres', from: { kind: 'service' }, damage: (backup) => replaceAndResign(backup, 'dump', flipped), expected: unreadable('postgres', /manifest|sum|toc|unpack|archive/i) },
  { name: 'dump-cut-and-signed', of: 'postgres', from: { kind: 'service' }, damage: (backup) => replaceAndResign(backup, 'dump', (bytes) => bytes.subarray(0, 2_048)), expected: unreadable('postgres', /manifest|sum|toc|unpack|archive/i) },
  { name: 'rdb-flipped-and-signed', of: 'redis', from: { kind: 'service' }, damage: (backup) => replaceAndResign(backup, 'rdb', flipped), expected: unreadable('redis', /RDB/i) },
  { name: 'rdb-cut-and-signed', of: 'redis', from: { kind: 'service' }, damage: (backup) => replaceAndResign(backup, 'rdb', (bytes) => bytes.subarray(0, bytes.byteLength - 100)), expected: unreadable('redis', /RDB/i) },
  { name: 'rdb-no-rdb-and-signed', of: 'redis', from: { kind: 'service' }, damage: (backup) => replaceAndResign(backup, 'rdb', (bytes) => Buffer.alloc(bytes.byteLength, 'x')), expected: unreadable('redis', /RDB/i) },
  { name: 'base-log-cut-and-signed', of: 'postgres', from: { kind: 'base' }, damage: (backup) => replaceAndResign(backup, 'wal', (bytes) => bytes.subarray(0, Math.floor(bytes.byteLength / 2))), expected: unreadable('postgres', /./) },
  manifest('manifest-flipped', (path) => flipByte(path)),
  manifest('manifest-truncated', cutLast),
  manifest('manifest-empty', (path) => truncate(path, 0)),
  manifest('manifest-missing', (path) => rm(path), nothing),
  manifest('manifest-a-link', async (path) => {
    await rename(path, `${path}.elsewhere`);
    await symlink(`${path}.elsewhere`, path);
  }, noManifest(/neither a file nor a directory/)),
  manifest('manifest-edited', async (path) => writeFile(path, (await readFile(path, 'utf8')).replace('"keys":"5', '"keys":"6'))),
  {
    name: 'manifest-of-another-backup', of: 'redis', from: { kind: 'service' }, expected: noManifest(/it is the manifest of/),
    damage: async (backup, ground) => copyFile(manifestPath(await ground.backup({ kind: 'keys', commands: [] })), manifestPath(backup)),
  },
  { name: 'manifest-of-another-repository', of: 'redis', from: { kind: 'service' }, damage: (backup) => resign(backup, (own) => ({ ...own, repositoryId: '00000000-0000-4000-8000-000000000000' })), expected: noManifest(/belongs to another repository/) },
  { name: 'manifest-of-a-newer-format', of: 'redis', from: { kind: 'service' }, damage: (backup) => resign(backup, (own) => ({ ...own, format: 9 })), expected: { refused: 'UnsupportedFormat', sentence: /newer/ } },
  { name: 'manifest-lacks-the-component', of: 'redis', from: { kind: 'service' }, damage: (backup) => resign(backup, (own) => ({ ...own, components: own.components.filter(({ engine }) => engine !== 'redis') })), expected: noManifest(/it does not hold redis/) },
  { name: 'manifest-counts-wrong', of: 'postgres', from: { kind: 'service' }, expected: { verdict: 'failed', check: 'content:postgres', class: 'countDiffers', sentence: /orders: rows 501, found 500/ },
    damage: (backup) => changeDump(backup, (own) => ({ ...own, content: { ...own.content, tables: own.content.tables.map((each) => (each.table === 'public.orders' ? { ...each, rows: '501' } : each)) } })) },
  {
    name: 'backup-under-another-id', of: 'redis', from: { kind: 'service' }, expected: noManifest(/it is the manifest of/),
    damage: async (backup) => {
      const later = backup.backupId.replace(/^\d{4}/, '2020');
      await cp(pathIn(backup, ''), pathIn({ ...backup, backupId: later }, ''), { recursive: true });
      await rm(pathIn(backup, ''), { recursive: true });
    },
  },
  { name: 'service-gone', of: 'redis', from: { kind: 'service' }, damage: (backup) => rm(serviceDirectory(backup), { recursive: true }), expected: nothing },
  { name: 'repository-gone', of: 'redis', from: { kind: 'service' }, damage: (backup) => rm(backup.root, { recursive: true }), expected: { refused: 'RepositoryUnreachable', sentence: /does not exist/ } },
  {
    name: 'repository-description-broken', of: 'redis', from: { kind: 'service' }, expected: { refused: 'RepositoryDamaged', sentence: /./ },
    damage: (backup) => truncate(join(backup.root, 'holdfast.json'), 5),
  },
];
