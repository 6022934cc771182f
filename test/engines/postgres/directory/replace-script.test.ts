/**
 * Data dropped where it lies and brought back from its copy, killed before every removal and every note, and on a file system that takes no note before something is gone: from
 * wherever it was, the old data comes back to the byte, and what was not copied, or was served since, is never dropped. The checked-in scripts run here under sh.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { helperExitCodes } from '../../../../src/containers/helper-prelude.ts';
import { isThereFunctions } from '../../../../src/containers/away-storage.ts';

const read = (name: string): string => readFileSync(new URL(`../../../../src/engines/postgres/scripts/replace/${name}`, import.meta.url), 'utf8');
const run = '0123456789abcdef';
const marks = `pgsql_tmp.holdfast/replaced-${run}`;

/** The prelude's functions that the scripts use; the whole of it is the container tests' matter. */
const [, ownPrelude = ''] = /^(says_full\(\) [^]*?)^# Fails unless/m.exec(readFileSync(new URL('../../../../src/engines/postgres/scripts/prelude.sh', import.meta.url), 'utf8')) ?? [];
const prelude = String.raw`set -eu
out=$work said=$work
first() { printf '%s' "$1"; }
say() { printf '%s\n' "$*"; }
fail() { code=$1; shift; say "$@"; exit "$code"; }
fail_step() { say "step $1"; cat "$work/$1.err" 2>/dev/null; exit 1; }
result() { name=$1; shift; printf '%s\n' "$*" >"$out/$name"; }
require_space() { :; }
require_sum() { [ "$(first $(sha256sum <"$1"))" = "$3" ] || fail 65 "$1 differs"; }
${ownPrelude}${isThereFunctions}`;

let root: string;
let data: string;
let copy: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast replace '));
  [data, copy] = [join(root, 'data'), join(root, 'copy')];
  for (const name of ['bin', 'work', 'copy/attempts/a1']) mkdirSync(join(root, name), { recursive: true });
  // Each counts down and dies, as a killed helper would: with it whoever waits for it.
  for (const program of ['rm', 'mkdir']) {
    writeFileSync(join(root, 'bin', program), `#!/bin/sh\nleft=$(cat "$STEPS")\nif [ "$left" = 0 ]; then kill -9 0; exit 1; fi\necho $((left - 1)) >"$STEPS"\n${program === 'mkdir' ? '[ ! -f "$FULL" ] || [ ! -e "$DATA/base" ] || { echo "No space left on device" >&2; exit 1; }\n' : ''}exec /bin/${program} "$@"\n`);
    chmodSync(join(root, 'bin', program), 0o755);
  }
  // It would wait for whatever else this machine is writing; what is killed here is a process, not the machine.
  writeFileSync(join(root, 'bin', 'sync'), '#!/bin/sh\nexit 0\n');
  chmodSync(join(root, 'bin', 'sync'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function lay(content: string): void {
  for (const name of ['base', 'global', 'pg_wal']) {
    mkdirSync(join(data, name), { recursive: true });
    writeFileSync(join(data, name, 'file'), content);
  }
  mkdirSync(join(data, 'pg_notify'), { recursive: true });
  for (const name of ['global/pg_control', 'PG_VERSION', 'postgresql.conf', 'server.key', '-rf', 'a b\'"c']) writeFileSync(join(data, name), content);
  // Another run's copy, which is nobody's to touch.
  mkdirSync(join(data, 'pgsql_tmp.holdfast/fedcba9876543210/old'), { recursive: true });
  writeFileSync(join(data, 'pgsql_tmp.holdfast/fedcba9876543210/old/PG_VERSION'), 'another');
}

/** Every file and empty directory below the data directory but the marks, with its content. */
function tree(directory = data, prefix = ''): Record<string, string> {
  return Object.fromEntries(readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (`${prefix}${entry.name}` === marks) return [];
    if (!entry.isDirectory()) return [[`${prefix}${entry.name}`, readFileSync(path, 'utf8')]];
    return readdirSync(path).length === 0 ? [[`${prefix}${entry.name}/`, '']] : Object.entries(tree(path, `${prefix}${entry.name}/`));
  }));
}

function sh(script: string, args: readonly string[], steps = 10_000, full = false): { readonly status: number | null; readonly killed: boolean; readonly output: string } {
  writeFileSync(join(root, 'steps'), String(steps));
  rmSync(join(root, 'full'), { force: true });
  if (full) writeFileSync(join(root, 'full'), '');
  const text = `${prelude}\nlive=$1 run=$2\n${read('copy.sh')}\n${read(script)}`.replaceAll(/ \/copy(?=[ )])/g, ' "$COPY"').replaceAll('/copy/', '"$COPY"/').replaceAll('""$COPY"/', '"$COPY/').replaceAll('"$COPY"/copy.json', '"$COPY/copy.json"').replaceAll('"$COPY"/back.json', '"$COPY/back.json"');
  const { status, stdout, stderr } = spawnSync('setsid', ['-w', '/bin/sh', '-c', text, 'replace', data, run, ...args], {
    encoding: 'utf8', env: { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`, STEPS: join(root, 'steps'), FULL: join(root, 'full'), DATA: data, COPY: copy, work: join(root, 'work') },
  });
  return { status, killed: readFileSync(join(root, 'steps'), 'utf8').trim() === '0' && status !== 0, output: `${stdout}${stderr}` };
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The data copied out, and its arguments as a record would have them. */
function copied() {
  lay('old');
  writeFileSync(join(copy, 'attempts/a1/marker'), '');
  const packed = sh('copy-out.sh', [`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`, join(copy, 'attempts/a1'), 'marker', '0']);
  expect(packed).toMatchObject({ status: 0 });
  const name = readdirSync(join(copy, 'attempts/a1')).find((file) => file.startsWith('data.tar')) ?? '';
  const archive = join(copy, 'attempts/a1', name);
  writeFileSync(join(copy, 'copy.json'), '{}');
  const control = sha256(join(data, 'global/pg_control'));
  const at = [`attempts/a1/${name}`, String(statSync(archive).size)] as const;
  return { archive, drop: [...at, control], back: [...at, sha256(archive), 'attempts/a1/members', control] };
}

describe.each([['with room for a note', false], ['on a file system that is full', true]])('%s', (_, full) => {
  test('from wherever a drop was killed it goes on, or the old data comes back; and so from wherever that was killed', () => {
    const first = copied();
    const before = tree();
    let kills = 0;
    for (let steps = 0; ; steps += 1) {
      const { killed } = sh('drop.sh', first.drop, steps, full);
      kills += killed ? 1 : 0;
      if (steps % 2 === 0) {
        expect(sh('drop.sh', first.drop, 10_000, full)).toMatchObject({ status: 0 });
        expect(Object.keys(tree()).sort()).toEqual(['pgsql_tmp.holdfast/fedcba9876543210/old/PG_VERSION', 'postgresql.conf', 'server.key']);
        writeFileSync(join(data, 'half'), 'of what comes in');
      }
      for (let again = 0; sh('put-back.sh', first.back, again).killed; again += 1);
      expect(tree()).toEqual(before);
      rmSync(join(data, marks), { recursive: true, force: true });
      if (!killed) break;
    }
    expect(kills).toBeGreaterThan(1);
  });
});

test('nothing is dropped without its copy, nor what a server has run on since, nor after it was brought back', () => {
  const { drop, back, archive } = copied();
  const before = tree();
  writeFileSync(join(data, 'global/pg_control'), 'served');
  expect(sh('drop.sh', drop)).toMatchObject({ status: 33 });
  expect(sh('put-back.sh', back)).toMatchObject({ status: 0 });
  expect(tree()).toEqual({ ...before, 'global/pg_control': 'served' });
  writeFileSync(join(data, 'global/pg_control'), 'old');
  writeFileSync(join(copy, 'back.json'), '{}');
  expect(sh('drop.sh', drop)).toMatchObject({ status: 33 });
  rmSync(join(copy, 'back.json'));
  rmSync(join(copy, 'copy.json'));
  expect(sh('drop.sh', drop)).toMatchObject({ status: 33 });
  writeFileSync(join(copy, 'copy.json'), '{}');
  writeFileSync(archive, 'cut');
  expect(sh('drop.sh', drop)).toMatchObject({ status: 33 });
  expect(tree()).toEqual(before);
});

test('a drop that comes after what came in does nothing, and a late return of the old data neither, once it was returned', () => {
  const { drop, back } = copied();
  const before = tree();
  expect(sh('drop.sh', drop)).toMatchObject({ status: 0 });
  writeFileSync(join(data, 'PG_VERSION'), 'new');
  expect(sh('drop.sh', drop)).toMatchObject({ status: 0 });
  expect(tree()).toMatchObject({ PG_VERSION: 'new' });
  expect(sh('put-back.sh', back)).toMatchObject({ status: 0 });
  expect(tree()).toEqual(before);
  writeFileSync(join(data, 'base/file'), 'served since');
  expect(sh('put-back.sh', back)).toMatchObject({ status: 0 });
  expect(tree()).toEqual({ ...before, 'base/file': 'served since' });
});

test('an archive that is not what was written brings nothing back, and nothing that came in goes for it', () => {
  const { drop, back, archive } = copied();
  expect(sh('drop.sh', drop)).toMatchObject({ status: 0 });
  writeFileSync(join(data, 'PG_VERSION'), 'new');
  const bytes = readFileSync(archive);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  writeFileSync(archive, bytes);
  expect(sh('put-back.sh', back)).toMatchObject({ status: 65 });
  expect(existsSync(join(data, 'PG_VERSION'))).toBe(true);
});

describe('a copy that cannot be looked at, or read', () => {
  /** A link that leads to itself: the kernel says why it cannot look, and that is not that nothing is there. */
  const unlooked = (path: string): void => {
    rmSync(path, { recursive: true, force: true });
    symlinkSync(path, path);
  };

  test('is neither gone nor damaged, whatever of it is looked for: nothing goes, and another attempt is asked for', () => {
    const { drop, back } = copied();
    const before = tree();
    const isAway = (script: string, args: readonly string[]): void => expect(sh(script, args)).toMatchObject({ status: helperExitCodes.away, output: expect.stringContaining('it cannot be told what is there') });
    renameSync(join(copy, 'attempts'), join(root, 'attempts'));
    unlooked(join(copy, 'attempts'));
    isAway('drop.sh', drop);
    isAway('put-back.sh', back);
    rmSync(join(copy, 'attempts'));
    renameSync(join(root, 'attempts'), join(copy, 'attempts'));
    expect(tree()).toEqual(before);
    // What was done to the volume is no more guessed at.
    unlooked(join(data, 'pgsql_tmp.holdfast'));
    isAway('drop.sh', drop);
    isAway('put-back.sh', back);
  });

  test('nor where its share is not mounted: its place is empty', () => {
    const { drop, back } = copied();
    renameSync(copy, `${copy} away`);
    mkdirSync(copy);
    for (const [script, args] of [['drop.sh', drop], ['put-back.sh', back]] as const) expect(sh(script, args)).toMatchObject({ status: helperExitCodes.away, output: expect.stringContaining('may not be mounted') });
  });

  test('is told as that where reading it ends with an error of the kernel\'s; and as damage where every byte can be had', () => {
    const { drop, back, archive } = copied();
    const before = tree();
    expect(sh('drop.sh', drop)).toMatchObject({ status: 0 });
    const members = join(copy, 'attempts/a1/members');
    const list = readFileSync(members);
    rmSync(members);
    symlinkSync('/proc/self/mem', members);
    expect(sh('put-back.sh', back)).toMatchObject({ status: 1, output: expect.stringMatching(/^step source\n[^]*Input\/output error/m) });
    rmSync(members);
    writeFileSync(members, list.toString().replace(/^[0-9a-f]/, (digit) => (digit === '0' ? '1' : '0')));
    expect(sh('put-back.sh', back)).toMatchObject({ status: 1, output: expect.stringMatching(/^step check\n/m) });
    const bytes = readFileSync(archive);
    writeFileSync(archive, bytes.subarray(0, bytes.length - 100));
    expect(sh('put-back.sh', [back[0] ?? '', String(bytes.length - 100), sha256(archive), ...back.slice(3)])).toMatchObject({ status: 1, output: expect.stringMatching(/^step (tar|unpack)\n/m) });
    writeFileSync(archive, bytes);
    writeFileSync(members, list);
    expect(sh('put-back.sh', back)).toMatchObject({ status: 0 });
    expect(tree()).toEqual(before);
  });
});
