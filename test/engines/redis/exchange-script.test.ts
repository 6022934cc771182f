/**
 * The exchange of files, killed before and after every move: going on ends in the new state, going back in the old one, from wherever it was.
 * The checked-in script runs here under sh with a `mv` that kills it; the same script runs in helpers.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { helperExitCodes } from '../../../src/containers/helper-prelude.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import { exchangeFailure } from '../../../src/engines/redis/cut-over/exchange.ts';
import { helperScripts } from '../../../src/engines/redis/helper/helper-scripts.ts';

const staged = '.holdfast/0123456789abcdef/new';
const aside = '.holdfast/0123456789abcdef/old';
const hostile = 'dump $(touch x); "q" \'r\' \\ é -- .rdb';

/** The prelude's functions that the script uses; the real prelude is the container tests' matter. */
const prelude = String.raw`set -eu
say() { printf '%s\n' "$*"; }
fail() { code=$1; shift; say "$@"; exit "$code"; }
first() { printf '%s' "$1"; }
require_sum() { [ -f "$1" ] || fail 65 "$1 is missing"; [ "$(first $(sha256sum <"$1"))" = "$3" ] || fail 65 "$1 has another SHA-256"; }
`;

let root: string;
let data: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast exchange '));
  data = join(root, 'data');
  mkdirSync(join(root, 'bin'));
  // Counts down and dies: `before` the move or after it, as a killed helper would.
  writeFileSync(join(root, 'bin', 'mv'), '#!/bin/sh\nleft=$(cat "$MOVES")\nif [ "$left" = 0 ]; then kill -9 "$PPID"; exit 1; fi\necho $((left - 1)) >"$MOVES"\nexec /bin/mv "$@"\n');
  chmodSync(join(root, 'bin', 'mv'), 0o755);
  // It would wait for whatever else this machine is writing; what is killed here is a process, not the machine.
  writeFileSync(join(root, 'bin', 'sync'), '#!/bin/sh\nexit 0\n');
  chmodSync(join(root, 'bin', 'sync'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Layout {
  readonly entries: readonly { readonly name: string; readonly staged: boolean; readonly live: boolean; readonly directory?: boolean }[];
}

const layouts: Readonly<Record<string, Layout>> = {
  'RDB alone': { entries: [{ name: 'dump.rdb', staged: true, live: true }] },
  'RDB and AOF': { entries: [{ name: 'dump.rdb', staged: true, live: true }, { name: 'appendonlydir', staged: true, live: true, directory: true }] },
  'no live file': { entries: [{ name: 'dump.rdb', staged: true, live: false }, { name: 'appendonlydir', staged: false, live: false }] },
  'an old AOF goes aside and none comes in': { entries: [{ name: 'dump.rdb', staged: true, live: true }, { name: 'appendonlydir', staged: false, live: true, directory: true }] },
  'a name that a shell would love': { entries: [{ name: hostile, staged: true, live: true }, { name: '-rf *', staged: true, live: true, directory: true }] },
};

function lay(layout: Layout): void {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(join(data, staged), { recursive: true });
  writeFileSync(join(data, 'bystander'), 'untouched');
  for (const entry of layout.entries) {
    if (entry.staged) put(join(data, staged, entry.name), entry.directory === true, 'new');
    if (entry.live) put(join(data, entry.name), entry.directory === true, 'old');
  }
}

function put(path: string, directory: boolean, content: string): void {
  if (directory) mkdirSync(path);
  writeFileSync(directory ? join(path, 'file') : path, content);
}

/** Every file below the data directory with its content. */
function tree(directory = data, prefix = ''): Record<string, string> {
  return Object.fromEntries(readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return statSync(path).isDirectory() ? Object.entries(tree(path, `${prefix}${name}/`)) : [[`${prefix}${name}`, readFileSync(path, 'utf8')]];
  }));
}

function exchange(way: 'in' | 'out', layout: Layout, moves = 1000): { status: number | null; signal: string | null; moved: number; output: string } {
  const counter = join(root, 'moves');
  writeFileSync(counter, String(moves));
  const sums = layout.entries.filter((entry) => entry.staged).flatMap((entry) => [entry.directory === true ? `${entry.name}/file` : entry.name, '3', createHash('sha256').update('new').digest('hex')]);
  const args = [way, data, staged, aside, String(layout.entries.length), ...layout.entries.flatMap((entry) => [entry.staged ? 'yes' : 'no', entry.name]), ...sums];
  const result = spawnSync('/bin/sh', ['-c', `${prelude}${helperScripts.exchange}`, 'exchange', ...args], { env: { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`, MOVES: counter }, encoding: 'utf8' });
  return { status: result.status, signal: result.signal, moved: moves - Number(readFileSync(counter, 'utf8')), output: `${result.stdout}${result.stderr}` };
}

describe.each(Object.entries(layouts))('%s', (_name, layout) => {
  function states(): { before: Record<string, string>; after: Record<string, string>; moves: number } {
    lay(layout);
    const before = tree();
    const whole = exchange('in', layout);
    expect(whole, whole.output).toMatchObject({ status: 0 });
    return { before, after: tree(), moves: whole.moved };
  }

  test('in: new live, old aside, nothing else touched; twice is once', () => {
    const { after } = states();
    for (const { name, staged: comes, live, directory } of layout.entries) {
      const path = directory === true ? `${name}/file` : name;
      expect(after[path]).toBe(comes ? 'new' : undefined);
      expect(after[`${aside}/${path}`]).toBe(live ? 'old' : undefined);
    }
    expect(after['bystander']).toBe('untouched');
    expect(exchange('in', layout)).toMatchObject({ status: 0, moved: 0 });
    expect(tree()).toEqual(after);
    expect(existsSync(join(data, staged))).toBe(false);
  });

  test('killed before every move: going on ends in the new state, going back in the old one', () => {
    const { before, after, moves } = states();
    for (let killedAt = 0; killedAt <= moves; killedAt += 1) {
      lay(layout);
      exchange('in', layout, killedAt);
      expect(exchange('in', layout)).toMatchObject({ status: 0 });
      expect(tree(), `on from ${killedAt}`).toEqual(after);

      lay(layout);
      exchange('in', layout, killedAt);
      expect(exchange('out', layout)).toMatchObject({ status: 0 });
      expect(tree(), `back from ${killedAt}`).toEqual(before);
      expect(existsSync(join(data, aside))).toBe(false);
      expect(exchange('out', layout)).toMatchObject({ status: 0, moved: 0 });
    }
  });

  test('killed on the way back too, at every pair of moves: still back', () => {
    const { before, moves } = states();
    for (let killedAt = 0; killedAt <= moves; killedAt += 1) {
      for (let killedBack = 0; killedBack <= moves; killedBack += 1) {
        lay(layout);
        exchange('in', layout, killedAt);
        exchange('out', layout, killedBack);
        expect(exchange('out', layout)).toMatchObject({ status: 0 });
        expect(tree(), `in ${killedAt}, out ${killedBack}`).toEqual(before);
      }
    }
  });
});

describe('what fits no point of the way is not touched', () => {
  const layout = layouts['RDB and AOF'] as Layout;

  test('a live file that came back in mid exchange', () => {
    lay(layout);
    exchange('in', layout, 1);
    writeFileSync(join(data, 'dump.rdb'), 'interloper');
    const before = tree();
    expect(exchange('in', layout)).toMatchObject({ status: 33, moved: 0 });
    expect(exchange('out', layout)).toMatchObject({ status: 33, moved: 0 });
    expect(tree()).toEqual(before);
  });

  test('a staged file that changed: nothing live moves', () => {
    lay(layout);
    writeFileSync(join(data, staged, 'appendonlydir', 'file'), 'neW');
    const before = tree();
    expect(exchange('in', layout)).toMatchObject({ status: 65, moved: 0 });
    expect(tree()).toEqual(before);
  });

  test('a live file whose staged one was removed: it is not what was staged, and stays', () => {
    lay(layout);
    // The first of the moves in never came, and somebody removed what was staged: aside and live alone look like a file that came in.
    exchange('in', layout, 0);
    rmSync(join(data, staged), { recursive: true });
    const before = tree();
    expect(exchange('out', layout)).toMatchObject({ status: 33, moved: 0 });
    expect(tree()).toEqual(before);
    expect(before).toMatchObject({ 'dump.rdb': 'old', 'appendonlydir/file': 'old' });
  });

  test('a file that came in where none was, and was changed since: a human has to look', () => {
    const alone = layouts['no live file'] as Layout;
    lay(alone);
    expect(exchange('in', alone)).toMatchObject({ status: 0 });
    writeFileSync(join(data, 'dump.rdb'), 'written since');
    expect(exchange('out', alone)).toMatchObject({ status: 33, moved: 0 });
    expect(tree()['dump.rdb']).toBe('written since');
  });

  test('nothing staged at all', () => {
    lay(layout);
    rmSync(join(data, staged), { recursive: true });
    expect(exchange('in', layout)).toMatchObject({ status: 65, moved: 0 });
    expect(exchange('out', layout)).toMatchObject({ status: 0, moved: 0 });
    expect(tree()['dump.rdb']).toBe('old');
  });
});

describe('where it cannot be told what lies there', () => {
  const layout = layouts['RDB and AOF'] as Layout;
  /** A link that leads to itself: the kernel says why it cannot look, and that is not that nothing is there. */
  const unlooked = (path: string): void => {
    renameSync(path, join(root, 'away'));
    symlinkSync(path, path);
  };
  const back = (path: string): void => {
    rmSync(path);
    renameSync(join(root, 'away'), path);
  };

  test('nothing is concluded or moved, and another attempt does it', () => {
    lay(layout);
    const before = tree();
    expect(exchange('in', layout)).toMatchObject({ status: 0 });
    const after = tree();
    unlooked(join(data, '.holdfast'));
    // Going in, whoever gives up goes back.
    for (const [way, status] of [['in', 1], ['out', helperExitCodes.away]] as const) expect(exchange(way, layout)).toMatchObject({ status, moved: 0, output: expect.stringContaining('it cannot be told what is there') });
    back(join(data, '.holdfast'));
    expect(tree()).toEqual(after);
    expect(exchange('out', layout)).toMatchObject({ status: 0 });
    expect(tree()).toEqual(before);
  });
});

test.each<[FailureType, 'in' | 'out', number, string]>([
  ['HelperLost', 'out', 1, 'mv: cannot move \'/live/dump.rdb\' to \'/live/.holdfast/x/new/dump.rdb\': Input/output error'],
  ['HelperLost', 'out', 33, 'sha256sum: -: Stale file handle\ndump.rdb is neither staged nor what was staged: it was changed, or the staged files were removed'],
  ['AmbiguousState', 'out', 33, 'dump.rdb is neither staged nor what was staged: it was changed, or the staged files were removed'],
  ['ArtifactDamaged', 'in', 65, '/live/.holdfast/x/new/dump.rdb has another SHA-256 than it must'],
  // Going in, whoever gives up goes back.
  ['HelperFailed', 'in', 1, 'mv: cannot move \'/live/dump.rdb\': Input/output error'],
])('moving is %s where %s ends with %i and says %s', (type, way, exitCode, messages) => {
  expect(exchangeFailure({ exitCode, files: new Map(), messages }, way, 'shop-redis').type).toBe(type);
});
