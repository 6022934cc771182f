/** What unpack-base.sh says a chain will take, as a shell computes it from manifests like pg_basebackup's. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let source: string;
let script: string;
beforeAll(async () => {
  source = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  script = (await readFile(new URL('../../../src/engines/postgres/scripts/unpack-base.sh', import.meta.url), 'utf8')).replaceAll('/source', source);
  const manifest = (files: Readonly<Record<string, number>>): string => `{ "PostgreSQL-Backup-Manifest-Version": 2,\n"Files": [\n${Object.entries(files).map(([path, size]) =>
    `{ "${path.includes('%') ? 'Encoded-Path' : 'Path'}": "${path}", "Size": ${size}, "Last-Modified": "2026-11-29 09:41:08 GMT", "Checksum-Algorithm": "SHA256", "Checksum": "aa" }`).join(',\n')}\n],\n"WAL-Ranges": [\n{ "Timeline": 1 }\n] }\n`;
  await writeFile(join(source, '0-backup_manifest'), manifest({ 'base/5/1259': 8192, 'base/5/1 2': 3_000_000_000, PG_VERSION: 3, 'pg_tblspc/16400/PG_18/5/7': 100, '%6f': 10 }));
  await writeFile(join(source, '1-backup_manifest'), manifest({ 'base/5/INCREMENTAL.1259': 12, 'base/5/1 2': 5_000_000_000, PG_VERSION: 3, 'pg_tblspc/16400/PG_18/5/INCREMENTAL.7': 20 }));
  await writeFile(join(source, '2-backup_manifest'), manifest({ 'base/5/INCREMENTAL.1259': 16, 'base/5/INCREMENTAL.1 2': 12, PG_VERSION: 3, 'pg_tblspc/16400/PG_18/5/INCREMENTAL.7': 12, new: 1000 }));
});
afterAll(() => rm(source, { recursive: true }));

const bytes = (last: number, how: string): number => Number(execFileSync('sh', ['-eu', '-c', `${script}\nbytes_to_combine`], { env: { ...process.env, last: String(last), how, work: '/nowhere', out: '/nowhere' }, encoding: 'utf8' }));

const links = [8192 + 3_000_000_000 + 3 + 100 + 10, 12 + 5_000_000_000 + 3 + 20, 16 + 12 + 3 + 12 + 1000] as const;
const [first, second, third] = links;

it.each([
  ['what changed in the last, whole, where the rest is linked', 2, '--link', first + second + third + (8192 + 16) + (5_000_000_000 + 12) + (100 + 12)],
  ['all of it a second time where it is copied', 2, '--copy', first + second + third + (8192 + 16) + (5_000_000_000 + 12) + (100 + 12) + 3 + 1000],
  ['the same of a shorter chain', 1, '--link', first + second + (8192 + 12) + (100 + 20)],
] as const)('takes the copies themselves and %s', (_what, last, how, expected) => {
  expect(bytes(last, how)).toBe(expected);
});
