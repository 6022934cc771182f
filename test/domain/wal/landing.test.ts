import { expect, test } from 'vitest';
import fc from 'fast-check';
import { HoldfastFailure } from '../../../src/domain/failures.ts';
import { landingOf, targetText, type LandingFacts } from '../../../src/domain/wal/landing.ts';
import type { Moment } from '../../../src/domain/wal/base-choice.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 23, 1, 0, seconds)).toISOString().replace('Z', '000Z');
const facts = (given: Partial<LandingFacts> = {}): LandingFacts => ({
  base: { backupId: '20261123-000000', end: 100n }, end: { lastRecord: 500n, lastCommit: { xid: '7', lsn: 480n, at: at(30) } }, coveredAt: at(50), ...given,
});
const whole = { target: { kind: 'lsn', lsn: 500n }, inclusive: true } as const;

test.for<[string, Moment, boolean, ReturnType<typeof landingOf>]>([
  ['latest is all there is', { kind: 'latest' }, false, whole],
  ['a time before the last commit is found by it', { kind: 'time', at: at(20) }, true, { target: { kind: 'time', at: at(20) }, inclusive: true }],
  ['the last commit itself, included, has nothing behind it', { kind: 'time', at: at(30) }, true, whole],
  ['and excluded, is stopped at', { kind: 'time', at: at(30) }, false, { target: { kind: 'time', at: at(30) }, inclusive: false }],
  ['a time at which the database was at rest is the whole log', { kind: 'time', at: at(45) }, false, whole],
  ['a position in the log is stopped at', { kind: 'lsn', lsn: 300n }, false, { target: { kind: 'lsn', lsn: 300n }, inclusive: false }],
  ['one behind its last record is the whole log', { kind: 'lsn', lsn: 510n }, false, whole],
  ['a transaction is for recovery to find', { kind: 'xid', xid: 9n }, false, { target: { kind: 'xid', xid: 9n }, inclusive: false }],
])('%s', ([, moment, inclusive, landing]) => {
  expect(landingOf(moment, inclusive, facts())).toEqual(landing);
});

test('a time that the log is not known to reach is refused, and the nearest is offered', () => {
  const refusal = (given: Partial<LandingFacts>): HoldfastFailure => {
    try {
      landingOf({ kind: 'time', at: at(55) }, true, facts(given));
    } catch (error) {
      return error as HoldfastFailure;
    }
    throw new Error('it was not refused');
  };
  expect(refusal({})).toMatchObject({ type: 'PointUnreachable', fields: { hint: expect.stringContaining(at(50)) } });
  expect(refusal({ coveredAt: null })).toMatchObject({ type: 'PointUnreachable', fields: { hint: expect.stringContaining(at(30)) } });
  expect(refusal({ coveredAt: null, end: { lastRecord: 500n, lastCommit: null } }).fields.cause).toContain('no commit');
});

test('a log with nothing behind its base backup leads to the backup\'s own end', () => {
  expect(landingOf({ kind: 'latest' }, true, facts({ end: { lastRecord: 60n, lastCommit: null } }))).toEqual({ target: { kind: 'consistent', backupId: '20261123-000000' }, inclusive: true });
});

test('whatever is asked for, recovery is given a target that a record of the log stops it at', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 59 }), fc.boolean(), fc.option(fc.integer({ min: 0, max: 59 })), fc.option(fc.integer({ min: 0, max: 59 })), (asked, inclusive, commit, covered) => {
    const end = { lastRecord: 500n, lastCommit: commit === null ? null : { xid: '7', lsn: 480n, at: at(commit) } };
    const known = Math.max(commit ?? -1, covered ?? -1);
    try {
      const { target } = landingOf({ kind: 'time', at: at(asked) }, inclusive, facts({ end, coveredAt: covered === null ? null : at(covered) }));
      expect(asked).toBeLessThanOrEqual(known);
      expect(target.kind === 'lsn' ? target.lsn : commit !== null && (asked < commit || (!inclusive && asked === commit))).toBe(target.kind === 'lsn' ? 500n : true);
    } catch (error) {
      if (!(error instanceof HoldfastFailure)) throw error;
      expect(asked).toBeGreaterThan(known);
    }
  }));
});

test('a target reads like the point it came from', () => {
  expect([targetText({ kind: 'time', at: at(1) }), targetText({ kind: 'lsn', lsn: 0x16b374d848n }), targetText({ kind: 'xid', xid: 7401n }), targetText({ kind: 'consistent', backupId: '20261123-000000' })])
    .toEqual([at(1), 'lsn:16/B374D848', 'xid:7401', 'backup:20261123-000000']);
});
