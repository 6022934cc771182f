/** What survey.awk reads from pg_waldump's own lines: recorded from PostgreSQL 15, 17 and 18 doing the same. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSurvey } from '../../../../src/engines/postgres/find/survey-log.ts';
import type { LogSurvey } from '../../../../src/engines/moment-engine.ts';
import { failing } from '../../../support/failing.ts';

const script = join(import.meta.dirname, '../../../../src/engines/postgres/scripts/find/survey.awk');
const recorded = (version: string): string => readFileSync(join(import.meta.dirname, `fixtures/pg-waldump-${version}.txt`), 'utf8');

interface Asked { readonly mode?: string; readonly since?: bigint; readonly until?: bigint; readonly sinceAt?: string; readonly untilAt?: string; readonly most?: number; readonly size?: number; readonly tables?: string }

function survey(lines: string, { mode = 'any', since = 0n, until = 1n << 40n, sinceAt = '-', untilAt = '-', most = 1_000, size = 16 * 1024 * 1024, tables = '' }: Asked = {}): LogSurvey {
  const variables = Object.entries({ mode, since, until, since_at: sinceAt, until_at: untilAt, most, size, tables, enough: '/dev/null' }).flatMap(([name, value]) => ['-v', `${name}=${String(value)}`]);
  const { stdout, stderr, status } = spawnSync('awk', [...variables, '-f', script], { input: lines, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  expect([status, stderr]).toEqual([0, '']);
  return readSurvey(stdout, since);
}

const weights = ({ commits }: LogSurvey): readonly (readonly [number, boolean])[] => commits.map(({ weight, lockedFrom }) => [weight, lockedFrom !== null]);

describe.each(['15', '17', '18'])('lines of %s', (version) => {
  const lines = recorded(version);

  it('are each transaction with what its subtransactions did: rows, files, locks; what was rolled back is none', () => {
    // Two rows deleted and three updated in subtransactions; DROP; TRUNCATE; one INSERT; a DELETE that was prepared.
    expect(weights(survey(lines))).toEqual([[5, false], [1_000_000_000, true], [1_000_000_000, true], [0, false], [1, false]]);
    expect(weights(survey(lines, { mode: 'shrunk' }))).toEqual([[2, false], [1_000_000_000, true], [1_000_000_000, true], [1, false]]);
    expect(weights(survey(lines, { mode: 'dropped' }))).toEqual([[1_000_000_000, true], [1_000_000_000, true]]);
  });

  it('name commits by transaction, place and time', () => {
    const { commits, complete, cut } = survey(lines);
    const printed = [...lines.matchAll(/tx: +(\d+), lsn: ([^,]+),.*desc: COMMIT(?:_PREPARED (\d+):)? ([\d-]+) ([\d:.]+) UTC/g)].map(([, xid, lsn, prepared, day, time]) => ({ xid: prepared ?? xid, lsn: BigInt(`0x${lsn?.replace('/', '').replace(/^0+/, '')}`), at: `${day}T${time}Z` }));
    expect(commits.map(({ xid, lsn, at }) => ({ xid, lsn, at }))).toEqual(printed);
    expect([printed.length, complete, cut]).toEqual([5, true, null]);
  });

  it('end at an instant, and begin at one', () => {
    const { commits } = survey(lines);
    const [second, third] = [commits[1], commits[2]];
    const at = (iso: string | undefined): string => iso?.replace('T', ' ').slice(0, -1) ?? '';
    expect(survey(lines, { untilAt: at(second?.at) })).toMatchObject({ commits: commits.slice(0, 2), cut: third?.lsn });
    expect(survey(lines, { sinceAt: at(third?.at) }).commits).toEqual(commits.slice(2));
    expect(survey(lines, { since: third?.lsn ?? 0n, until: commits[3]?.lsn ?? 0n }).commits.map(({ xid }) => xid)).toEqual([third?.xid, commits[3]?.xid]);
  });

  it('that come again with the next part of the log count once', () => {
    const all = lines.trim().split('\n');
    const whole = survey(lines);
    // A segment boundary in the midst, by segments so small that there is one.
    const size = 256;
    const boundary = Number((whole.commits[2]?.lsn ?? 0n) / BigInt(size));
    const position = (line: string): number => Number(`0x${/lsn: 0\/([0-9A-F]+),/.exec(line)?.[1]}`);
    const parts = [`@chunk 0 ${boundary}`, ...all, `@chunk ${boundary} -`, ...all.filter((line) => position(line) >= boundary * size)];
    expect(survey(parts.join('\n'), { size })).toEqual(whole);
  });
});

describe('a transaction that has all that is asked about to itself', () => {
  const record = (manager: string, xid: number, lsn: number, what: string): string => `rmgr: ${manager.padEnd(11)} len (rec/tot):     34/    34, tx: ${xid}, lsn: 0/${lsn.toString(16).padStart(8, '0').toUpperCase()}, prev 0/0, desc: ${what}`;
  const lock = (xid: number, lsn: number, ...relations: readonly string[]): string => record('Standby', xid, lsn, `LOCK ${relations.map((each) => { const [database, relation] = each.split('/'); return `xid ${xid} db ${database} rel ${relation} `; }).join('')}`);
  const commit = (xid: number, lsn: number, more = ''): string => record('Transaction', xid, lsn, `COMMIT 2026-11-23 01:00:00.${String(lsn).padStart(6, '0')} UTC${more}`);
  const closed = (lines: readonly string[], tables = '5/100 5/101'): readonly (readonly [string, bigint | null])[] => survey(lines.join('\n'), { tables }).commits.map(({ xid, closedFrom }) => [xid, closedFrom]);

  it('has it from its last lock on, whatever else it locks; nobody who was not asked about', () => {
    const lines = [lock(800, 16, '5/99', '5/100'), commit(801, 32), lock(800, 48, '5/101'), commit(802, 64), commit(800, 80)];
    expect(closed(lines)).toEqual([['801', null], ['802', null], ['800', 48n]]);
    expect(closed(lines, '5/100')).toEqual([['801', null], ['802', null], ['800', 16n]]);
    expect(closed(lines, '6/100 6/101')).toEqual([['801', null], ['802', null], ['800', null]]);
    expect(closed(lines, '')).toEqual([['801', null], ['802', null], ['800', null]]);
  });

  it('has it by a subtransaction that was kept, and not by one that was rolled back, nor by two that each have a part', () => {
    expect(closed([lock(803, 16, '5/100', '5/101'), commit(800, 80, '; subxacts: 803')])).toEqual([['800', 16n]]);
    expect(closed([lock(803, 16, '5/100', '5/101'), record('Transaction', 803, 32, 'ABORT 2026-11-23 01:00:00.000001 UTC'), commit(800, 80)])).toEqual([['800', null]]);
    expect(closed([lock(803, 16, '5/100'), lock(804, 32, '5/101'), commit(800, 80, '; subxacts: 803 804')])).toEqual([['800', null]]);
    expect(closed([lock(800, 16, '5/100', '5/101'), record('Transaction', 900, 32, 'COMMIT_PREPARED 800: 2026-11-23 01:00:00.000001 UTC')])).toEqual([['800', 16n]]);
  });

  it('has not, where it gives back the end of a table: a vacuum lets go before it commits', () => {
    expect(closed([lock(800, 16, '5/100', '5/101'), record('Storage', 800, 32, 'TRUNCATE base/5/100 to 3 blocks flags 7'), commit(800, 80), lock(805, 96, '5/100', '5/101'), commit(805, 112)])).toEqual([['800', null], ['805', 96n]]);
  });
});

describe('very many commits', () => {
  const line = (index: number, more = ''): string => `rmgr: Transaction len (rec/tot):     34/    34, tx: ${1_000 + index}, lsn: 1/${(index * 64).toString(16).toUpperCase().padStart(8, '0')}, prev 0/0, desc: COMMIT 2026-11-23 01:00:00.${String(index).padStart(6, '0')} UTC${more}`;

  it('are a bounded sample, evenly spaced, with the heaviest', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => line(index, index === 12_345 ? '; rels: base/5/16384' : '')).join('\n');
    const { commits, complete } = survey(lines, { most: 100 });
    expect(complete).toBe(false);
    expect(commits.length).toBeLessThanOrEqual(201);
    expect(commits.length).toBeGreaterThanOrEqual(100);
    expect(commits[0]?.xid).toBe('1000');
    expect(commits.find(({ weight }) => weight > 0)?.xid).toBe('13345');
    // Beyond 32 bits of position.
    expect(commits[0]?.lsn).toBe(1n << 32n);
    const gaps = commits.filter(({ weight }) => weight === 0).map(({ lsn }) => lsn).map((lsn, index, all) => (index === 0 ? 0n : lsn - (all[index - 1] as bigint))).slice(1);
    expect(new Set(gaps).size).toBe(1);
  });

  it('that cannot be read are an error, not fewer', async () => {
    await failing('HelperFailed', async () => readSurvey('commits 1 candidates 1 stride 1 cut -\nc 1 x\n', 0n));
    await failing('HelperFailed', async () => readSurvey('', 0n));
  });
});
