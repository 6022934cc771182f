/** What read-log.sh keeps of all that pg_waldump prints: the last record and the last commit. The checked-in script runs here under sh; lines recorded from PostgreSQL 15, 17 and 18 stand for the tool. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = readFileSync(join(import.meta.dirname, '../../../../src/engines/postgres/scripts/recovery/read-log.sh'), 'utf8');
const recorded = (version: string): readonly string[] => readFileSync(join(import.meta.dirname, `../find/fixtures/pg-waldump-${version}.txt`), 'utf8').trim().split('\n');

/** The prelude's functions that the script uses; the whole of it is the container tests' matter. */
const [, ownPrelude = ''] = /^(step_unread\(\) \{[^]*?)^# Fails unless/m.exec(readFileSync(join(import.meta.dirname, '../../../../src/engines/postgres/scripts/prelude.sh'), 'utf8')) ?? [];
const prelude = `set -eu\nrequire_space() { :; }\nfail_step() { echo "$1"; exit 9; }\n${ownPrelude}`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-read-log-'));
  for (const name of ['bin', 'archive', 'work', 'out', 'said']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'archive', 'segment'), 'log');
  writeFileSync(join(root, 'work', 'segments.list'), `000000010000000000000001 3 ${createHash('sha256').update('log').digest('hex')} segment\n`);
  // It ends with an error wherever a log does.
  writeFileSync(join(root, 'bin', 'pg_waldump'), '#!/bin/sh\ncat "$PRINTED"\necho "pg_waldump: error: it ends here" >&2\nexit 1\n');
  chmodSync(join(root, 'bin', 'pg_waldump'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (lines: readonly string[]): { readonly failed: string; readonly status: number | null } => {
  writeFileSync(join(root, 'printed'), lines.map((line) => `${line}\n`).join(''));
  const { stdout, status } = spawnSync('sh', ['-c', `${prelude}${script.replaceAll('/archive', join(root, 'archive'))}`, 'read-log', '00000001', '0/1000000', '16777216', '0/2000000'], {
    encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`, PRINTED: join(root, 'printed'), work: join(root, 'work'), out: join(root, 'out'), said: join(root, 'said') },
  });
  return { failed: stdout.trim(), status };
};
const left = (name: string): string => readFileSync(join(root, 'out', name), 'utf8').trim();

const lsnOf = (line: string | undefined): string | undefined => /, lsn: ([0-9A-F/]+),/.exec(line ?? '')?.[1];
function lastCommitOf(lines: readonly string[]): string {
  const [, xid, lsn, at] = lines.map((line) => /tx: +(\d+), lsn: ([^,]+),.*desc: COMMIT(?:_PREPARED \d+:)? ([\d-]+ [\d:.]+) UTC/.exec(line)).findLast((match) => match !== null) ?? [];
  return `${xid} ${lsn} ${at}`;
}

describe.each(['15', '17', '18'])('of what %s prints', (version) => {
  const lines = recorded(version);

  it('the last record and the last commit are kept, also where a later transaction has not ended', () => {
    for (const printed of [lines, lines.slice(0, -1)]) {
      expect(read(printed)).toEqual({ failed: '', status: 0 });
      expect([left('last-record'), left('last-commit')]).toEqual([lsnOf(printed.at(-1)), lastCommitOf(printed)]);
    }
    expect(lastCommitOf(lines)).not.toBe(lastCommitOf(lines.slice(0, -1)));
  });

  it('a name that somebody gave is none of either', () => {
    const named = 'rmgr: XLOG        len (rec/tot):     98/    98, tx:          0, lsn: 0/0152F000, prev 0/0152E270, desc: RESTORE_POINT before, lsn: 0/1, desc: COMMIT 2020-01-01 00:00:00.000001 UTC';
    expect(read([...lines, named, 'tx: 1, lsn: 0/2, and a second line'])).toEqual({ failed: '', status: 0 });
    expect([left('last-record'), left('last-commit')]).toEqual(['0/0152F000', lastCommitOf(lines)]);
  });
});

it('a log without a record is told from one without a commit', () => {
  expect(read([])).toEqual({ failed: 'waldump', status: 9 });
  expect(readFileSync(join(root, 'said', 'waldump.err'), 'utf8')).toContain('it ends here');
  const record = recorded('17')[0] ?? '';
  expect(read([record])).toEqual({ failed: '', status: 0 });
  expect([left('last-record'), left('last-commit')]).toEqual([lsnOf(record), '']);
});

it('a disk that is full is said to be, and keeps nothing of what is printed', () => {
  symlinkSync('/dev/full', join(root, 'work', 'growing'));
  expect(read(recorded('17'))).toEqual({ failed: 'unpack', status: 9 });
  expect(readFileSync(join(root, 'said', 'unpack.err'), 'utf8')).toContain('No space left on device');
});

describe('a segment that cannot be read', () => {
  const segment = (): string => join(root, 'archive', 'segment');
  const words = (step: string): string => readFileSync(join(root, 'said', `${step}.err`), 'utf8');

  it('says nothing of its bytes where reading ends with an error: here the kernel\'s own, for the memory of whoever reads it at an address that nothing lies at', () => {
    rmSync(segment());
    symlinkSync('/proc/self/mem', segment());
    expect(read(recorded('17'))).toEqual({ failed: 'source', status: 9 });
    expect(words('source')).toContain('Input/output error');
  });

  it('is missing where others are there, and where nothing is there it is the archive that is not', () => {
    rmSync(segment());
    expect(read(recorded('17'))).toEqual({ failed: 'source', status: 9 });
    writeFileSync(join(root, 'archive', 'another'), 'log');
    expect(read(recorded('17'))).toEqual({ failed: 'unpack', status: 9 });
    expect(words('unpack')).toContain('No such file or directory');
  });

  it('is damaged where every byte can be read, and they are not a segment\'s', () => {
    writeFileSync(segment(), 'lag');
    expect(read(recorded('17'))).toEqual({ failed: 'damaged', status: 9 });
  });
});
