/**
 * The exchange of a data directory, killed before every move and every note: going on ends in the new state, going back in the old one, from wherever it
 * was. The checked-in script runs here under sh with a `mv` that kills it; the same script runs in helpers.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { helperExitCodes } from '../../../../src/containers/helper-prelude.ts';
import { scripts } from '../../../../src/engines/postgres/server/script-text.ts';

const ours = 'pgsql_tmp.holdfast/0123456789abcdef';
const names = { new: `${ours}/new`, old: `${ours}/old`, phase: `${ours}/phase` } as const;
const hostile = 'postgresql $(touch x); "q" \'r\' \\ é -- .conf';

/** The prelude's functions that the script uses; the real prelude is the container tests' matter. */
const prelude = String.raw`set -eu
say() { printf '%s\n' "$*"; }
fail() { code=$1; shift; say "$@"; exit "$code"; }
`;

let root: string;
let data: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast directory '));
  data = join(root, 'data');
  mkdirSync(join(root, 'bin'));
  // Counts down and dies, as a killed helper would: with it whoever waits for it.
  writeFileSync(join(root, 'bin', 'mv'), '#!/bin/sh\nleft=$(cat "$MOVES")\nif [ "$left" = 0 ]; then kill -9 0; exit 1; fi\necho $((left - 1)) >"$MOVES"\nexec /bin/mv "$@"\n');
  chmodSync(join(root, 'bin', 'mv'), 0o755);
  // It would wait for whatever else this machine is writing; what is killed here is a process, not the machine.
  writeFileSync(join(root, 'bin', 'sync'), '#!/bin/sh\nexit 0\n');
  chmodSync(join(root, 'bin', 'sync'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A server's directory with the old, beside it the new; both have the same names, and each something that the other has not. */
function lay(old: boolean): void {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(join(data, names.new), { recursive: true });
  if (old) fill(data, 'old');
  fill(join(data, names.new), 'new');
}

function fill(directory: string, content: string): void {
  for (const name of ['base', 'global', 'pg_wal', `only-${content}`]) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'file'), content);
  }
  for (const name of ['PG_VERSION', '.hidden', '-rf', hostile]) writeFileSync(join(directory, name), content);
  symlinkSync('/nowhere', join(directory, 'dangling'));
}

/** Every file below a directory with its content; links by where they lead. */
function tree(directory = data, prefix = ''): Record<string, string> {
  return Object.fromEntries(readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return Object.entries(tree(path, `${prefix}${entry.name}/`));
    return [[`${prefix}${entry.name}`, entry.isSymbolicLink() ? 'link' : readFileSync(path, 'utf8')]];
  }));
}

function exchange(way: 'in' | 'out', moves = 10_000, comes: 'server' | 'nothing' = 'server'): { readonly status: number | null; readonly killed: boolean; readonly moved: number; readonly output: string } {
  const counter = join(root, 'moves');
  writeFileSync(counter, String(moves));
  const result = spawnSync('setsid', ['-w', '/bin/sh', '-c', `${prelude}${scripts.exchangeDirectory}`, 'exchange', way, data, names.new, names.old, names.phase, comes], {
    env: { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`, MOVES: counter }, encoding: 'utf8',
  });
  const left = Number(readFileSync(counter, 'utf8'));
  return { status: result.status, killed: left === 0 && result.status !== 0, moved: moves - left, output: `${result.stdout}${result.stderr}` };
}

describe.each([['a server that is there', true], ['an empty directory', false]] as const)('with %s', (_what, old) => {
  let before: Record<string, string>;
  let after: Record<string, string>;
  let moves: number;
  beforeEach(() => {
    lay(old);
    before = tree();
    const done = exchange('in');
    expect(done).toMatchObject({ status: 0 });
    moves = done.moved;
    after = tree();
    lay(old);
  });

  test('the new is live, the old lies aside, and nothing is lost', () => {
    exchange('in');
    expect(readFileSync(join(data, 'PG_VERSION'), 'utf8')).toBe('new');
    expect(readFileSync(join(data, hostile), 'utf8')).toBe('new');
    expect(existsSync(join(data, 'only-old'))).toBe(false);
    if (old) expect(readFileSync(join(data, names.old, 'only-old', 'file'), 'utf8')).toBe('old');
    expect(readdirSync(join(data, names.new))).toEqual([]);
    expect(statSync(join(data, names.old)).mode & 0o777).toBe(0o700);
  });

  test('twice is once, in both directions', () => {
    exchange('in');
    expect(exchange('in')).toMatchObject({ status: 0, moved: 0 });
    expect(tree()).toEqual(after);
    expect(exchange('out').status).toBe(0);
    expect(exchange('out')).toMatchObject({ status: 0, moved: 0 });
    expect(tree()).toEqual(before);
  });

  test('killed before any move, it goes on to the end', () => {
    for (let at = 0; at < moves; at += 1) {
      lay(old);
      expect(exchange('in', at).killed, `at ${at}`).toBe(true);
      expect(exchange('in').status, `at ${at}`).toBe(0);
      expect(tree(), `at ${at}`).toEqual(after);
    }
  });

  test('killed before any move, it goes back to the beginning, also when that is killed before any move', () => {
    for (let at = 0; at <= moves; at += 4) {
      for (let back = 0; back <= moves; back += 5) {
        lay(old);
        exchange('in', at);
        exchange('out', back);
        expect(exchange('out').status, `at ${at}, back ${back}`).toBe(0);
        expect(tree(), `at ${at}, back ${back}`).toEqual(before);
        expect(existsSync(join(data, names.phase))).toBe(false);
      }
    }
  });

  test('at no moment could somebody make a new server of it, or take half for a whole one', () => {
    for (let at = 0; at < moves; at += 2) {
      lay(old);
      exchange('in', at);
      // initdb refuses what is not empty.
      expect(readdirSync(data).length).toBeGreaterThan(0);
      const [version, whole] = [existsSync(join(data, 'PG_VERSION')), ['base', 'global', 'pg_wal'].every((name) => existsSync(join(data, name)))];
      if (version && whole) expect(new Set(['base', 'global', 'pg_wal'].map((name) => readFileSync(join(data, name, 'file'), 'utf8'))).size, `at ${at}`).toBe(1);
    }
  });
});

test('what somebody wrote in between is not overwritten', () => {
  lay(true);
  exchange('in', 4);
  writeFileSync(join(data, names.old, 'pg_wal.held'), 'x');
  mkdirSync(join(data, names.old, 'somebody'), { recursive: true });
  mkdirSync(join(data, 'somebody'));
  expect(exchange('in')).toMatchObject({ status: 33 });
  expect(existsSync(join(data, 'somebody'))).toBe(true);
});

test('what was prepared has to be a server\'s directory, before anything moves', () => {
  lay(true);
  rmSync(join(data, names.new, 'PG_VERSION'));
  const before = tree();
  expect(exchange('in')).toMatchObject({ status: 33, moved: 0 });
  expect(tree()).toEqual(before);
});

test('what is being taken back does not go in again', () => {
  lay(true);
  exchange('in');
  exchange('out', 3);
  expect(exchange('in').status).toBe(33);
  expect(exchange('out').status).toBe(0);
});

test('where there was no server what lay there comes back, and nothing that is one; killed before any move as well, and taken back', () => {
  const layLive = (): void => {
    lay(true);
    rmSync(join(data, names.new), { recursive: true });
    mkdirSync(join(data, names.new));
    writeFileSync(join(data, names.new, 'notes.txt'), 'somebody\'s');
  };
  layLive();
  const before = tree();
  const { moved } = exchange('in', 10_000, 'nothing');
  const after = tree();
  expect(readdirSync(data).sort()).toEqual(['notes.txt', 'pgsql_tmp.holdfast']);
  expect(readFileSync(join(data, names.old, 'only-old', 'file'), 'utf8')).toBe('old');
  for (let at = 0; at < moved; at += 1) {
    layLive();
    expect(exchange('in', at, 'nothing').killed, `at ${at}`).toBe(true);
    if (at % 3 === 0) {
      expect(exchange('out', 10_000, 'nothing').status, `at ${at}`).toBe(0);
      expect(tree(), `at ${at}`).toEqual(before);
    }
    expect(exchange('in', 10_000, 'nothing').status, `at ${at}`).toBe(0);
    expect(tree(), `at ${at}`).toEqual(after);
  }
  // What was there needs no directory of its own, where another run's end has taken it; and a server is not brought by mistake.
  lay(true);
  expect(exchange('in', 10_000, 'nothing')).toMatchObject({ status: 33, moved: 0 });
  rmSync(join(data, names.new), { recursive: true });
  expect(exchange('in', 10_000, 'nothing').status).toBe(0);
  expect(readdirSync(data)).toEqual(['pgsql_tmp.holdfast']);
});

test('is noted of data that was dropped before, and of no other, that it lies in its copy', () => {
  for (const isDropped of [true, false]) {
    lay(true);
    rmSync(join(data, 'PG_VERSION'));
    const marks = join(data, 'pgsql_tmp.holdfast', 'replaced-0123456789abcdef');
    mkdirSync(marks);
    if (isDropped) writeFileSync(join(marks, 'dropped'), '');
    expect(exchange('in').status).toBe(0);
    expect(existsSync(join(data, ours, 'dropped'))).toBe(isDropped);
  }
});

test('where it cannot be told what lies there nothing is concluded or moved, and another attempt does it', () => {
  lay(true);
  const before = tree();
  expect(exchange('in').status).toBe(0);
  const after = tree();
  // A link that leads to itself: the kernel says why it cannot look, and that is not that nothing is there.
  const [own, away] = [join(data, 'pgsql_tmp.holdfast'), join(root, 'away')];
  renameSync(own, away);
  symlinkSync(own, own);
  // Going in, whoever gives up goes back.
  for (const [way, status] of [['in', 1], ['out', helperExitCodes.away]] as const) expect(exchange(way)).toMatchObject({ status, moved: 0, output: expect.stringContaining('it cannot be told what is there') });
  rmSync(own);
  renameSync(away, own);
  expect(tree()).toEqual(after);
  expect(exchange('out').status).toBe(0);
  expect(tree()).toEqual({ ...before });
});
