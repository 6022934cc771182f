import { describe, expect, it } from 'vitest';
import { judgeBackups } from '../../../../src/domain/retention/rules/judge-backups.ts';
import { periodKeepers, periodNumber } from '../../../../src/domain/retention/rules/grandfather-father-son.ts';
import { retentionClock } from '../../../../src/domain/retention/rules/retention-clock.ts';

const backupsAt = (...ids: readonly string[]) => judgeBackups(ids.map((backupId, index) => ({ backupId, sequence: index + 1, sha256: '', tookMs: 0, verdict: 'proven' as const, parts: [{ component: 'p', kind: 'dump' as const, chain: [], base: null }] })), Date.UTC(2040, 0));
const keptBy = (period: 'day' | 'week' | 'month', count: number, ...ids: readonly string[]): readonly string[] => {
  const backups = backupsAt(...ids);
  return [...periodKeepers(period, count, backups, { clock: retentionClock(backups), future: [] })].map(({ backupId }) => backupId).sort();
};
const numberOf = (period: 'day' | 'week' | 'month', text: string): number => periodNumber(period, Date.parse(text));

describe('periods', () => {
  it('are those of UTC, weeks from Monday', () => {
    expect(numberOf('day', '2026-03-29T23:59:59Z')).toBe(numberOf('day', '2026-03-29T00:00:00Z'));
    expect(numberOf('day', '2026-03-30T00:00:00Z')).toBe(numberOf('day', '2026-03-29T00:00:00Z') + 1);
    expect(numberOf('week', '2026-11-29T23:00:00Z')).toBe(numberOf('week', '2026-11-23T00:00:00Z'));
    expect(numberOf('week', '2026-11-30T00:00:00Z')).toBe(numberOf('week', '2026-11-29T23:59:59Z') + 1);
    expect(numberOf('month', '2028-03-01T00:00:00Z')).toBe(numberOf('month', '2028-02-29T23:59:59Z') + 1);
    expect(numberOf('month', '2027-01-01T00:00:00Z')).toBe(numberOf('month', '2026-12-31T23:59:59Z') + 1);
    expect(numberOf('week', '1969-12-31T00:00:00Z')).toBe(numberOf('week', '1970-01-01T00:00:00Z'));
  });

  it('keep the newest of each, and of as many as have one', () => {
    expect(keptBy('day', 2, '20260101-020000', '20260102-020000', '20260102-140000', '20260103-020000')).toEqual(['20260102-140000', '20260103-020000']);
    expect(keptBy('week', 2, ...Array.from({ length: 21 }, (_, index) => `202601${String(index + 1).padStart(2, '0')}-020000`))).toEqual(['20260118-020000', '20260121-020000']);
    expect(keptBy('month', 0, '20260101-020000')).toEqual([]);
  });

  it('that a wrong clock made take the place of no other', () => {
    // Between the last two a clock stood a year ahead, then one far behind: the first day is kept all the same.
    expect(keptBy('day', 3, '20260101-020000', '20260102-020000', '20270102-030000', '19700101-000000', '20260102-040000', '20260103-020000')).toContain('20260101-020000');
    // After a stop nobody knows whether it was one.
    expect(keptBy('month', 2, '20250301-020000', '20250331-020000', '20251130-020000', '20260103-020000')).toEqual(['20250331-020000', '20251130-020000', '20260103-020000']);
    // A clock that stood ahead and then behind: what claims a day from behind those of the future is no newer one of that day.
    const around = backupsAt('20260101-020000', '20260102-020000', '20260102-030000', '20260106-020000').map((backup, index) => ({ ...backup, sequence: [1, 2, 5, 6][index] as number }));
    const kept = (future: readonly number[]) => periodKeepers('day', 6, around, { clock: retentionClock(around), future }).map(({ sequence }) => sequence);
    expect([kept([3, 4]), kept([7])]).toEqual([[1, 2, 5, 6], [1, 5, 6]]);
    // One that claims an earlier day is no newer one of that day.
    expect(keptBy('day', 5, '20260101-020000', '20260102-020000', '20260101-230000', '20260103-020000')).toEqual(['20260101-020000', '20260101-230000', '20260102-020000', '20260103-020000']);
  });
});
