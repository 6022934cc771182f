/** What the removal of a run's directory takes with it, and what it leaves. The checked-in script runs here under sh. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scripts } from '../../../../src/engines/postgres/server/script-text.ts';

const prelude = String.raw`set -eu
say() { printf '%s\n' "$*"; }
fail() { code=$1; shift; say "$@"; exit "$code"; }
`;
/** Sixteen hex digits that say what they stand for. */
const run = (digit: string): string => digit.repeat(16);

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'holdfast remove '));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

/** @param holds `old` and `new/data` that hold a server */
function lay(digit: string, phase: string | null, holds: readonly ('old' | 'new/data')[]): void {
  const own = join(data, 'pgsql_tmp.holdfast', run(digit));
  for (const side of ['old', 'new/data'] as const) {
    mkdirSync(join(own, side), { recursive: true });
    if (holds.includes(side)) writeFileSync(join(own, side, 'PG_VERSION'), '17');
  }
  if (phase !== null) writeFileSync(join(own, 'phase'), phase);
}

function remove(what: 'prepared' | 'aside', ...digits: readonly string[]): { readonly status: number | null; readonly left: readonly string[] } {
  const paths = digits.map((digit) => `pgsql_tmp.holdfast/${run(digit)}`);
  const { status } = spawnSync('sh', ['-c', `${prelude}${scripts.removeDirectories}`, 'remove', data, what, ...paths], { encoding: 'utf8' });
  return { status, left: readdirSync(data).length === 0 ? [] : readdirSync(join(data, 'pgsql_tmp.holdfast')).map((name) => name.slice(0, 1)).sort() };
}

test('a restore, its undo, and the undo of that: with the last copy goes what was left of all three', () => {
  lay('a', 'done', []);
  lay('b', 'done', []);
  lay('c', 'done', ['old']);
  expect(remove('aside', 'c', 'b')).toEqual({ status: 0, left: [] });
});

test('what lay there without being a server is somebody\'s, and stays until its own restore is accepted', () => {
  lay('a', 'done', []);
  writeFileSync(join(data, 'pgsql_tmp.holdfast', run('a'), 'old', 'notes.txt'), '');
  lay('b', 'done', ['old']);
  expect(remove('aside', 'b')).toEqual({ status: 0, left: ['a'] });
  expect(remove('aside', 'a')).toEqual({ status: 0, left: [] });
});

test('of data that was copied out and dropped what lay aside besides is in the copy: it goes; a server beside that mark does not', () => {
  for (const digit of ['a', 'b']) lay(digit, 'done', digit === 'a' ? [] : ['old']);
  for (const digit of ['a', 'b']) for (const name of ['dropped', 'old/pg_hba.conf']) writeFileSync(join(data, 'pgsql_tmp.holdfast', run(digit), name), '');
  lay('c', 'done', ['old']);
  expect(remove('aside', 'c')).toEqual({ status: 0, left: ['b'] });
});

test('another copy, a half-way exchange, and what stands ready for a yes stay', () => {
  lay('a', 'done', ['old']);
  lay('b', 'in', []);
  lay('c', null, ['new/data']);
  lay('d', null, []);
  lay('e', 'done', ['old']);
  expect(remove('aside', 'e')).toEqual({ status: 0, left: ['a', 'b', 'c', 'd'] });
});

test('what was prepared goes alone, and a copy does not go as such', () => {
  lay('a', 'done', []);
  lay('b', null, ['new/data']);
  expect(remove('prepared', 'b')).toEqual({ status: 0, left: ['a'] });
  lay('c', 'done', ['old']);
  expect(remove('prepared', 'c')).toEqual({ status: 33, left: ['a', 'c'] });
  lay('d', 'out', ['old']);
  expect(remove('aside', 'd')).toEqual({ status: 33, left: ['a', 'c', 'd'] });
});
