import { describe, expect, it } from 'vitest';
import { dayMs, retentionClock } from '../../../../src/domain/retention/rules/retention-clock.ts';

/** Backups on these days, in the order of their numbers. */
const clockOf = (...days: readonly number[]) => retentionClock(days.map((day, index) => ({ sequence: index + 1, atMs: day * dayMs })));
const agesOf = (...days: readonly number[]): readonly number[] => days.map((_, index) => clockOf(...days).ageMs(index + 1) / dayMs);

describe('the age of a backup', () => {
  it('is the time to the newest one', () => {
    expect(agesOf(100, 101, 102, 103)).toEqual([3, 2, 1, 0]);
    expect(agesOf(100, 100.25, 100.5, 101)).toEqual([1, 0.75, 0.5, 0]);
  });

  it('counts a jump or a stop as what has been usual', () => {
    expect(agesOf(100, 101, 102, 162)).toEqual([3, 2, 1, 0]);
    expect(agesOf(100, 101, 900, 102, 103)).toEqual([2, 1, 0, 0, 0]);
    expect(agesOf(0, 7, 14, 21, 28, 128)).toEqual([17, 16, 15, 14, 7, 0]);
  });

  it('never runs back, and goes on where clocks were right again', () => {
    expect(agesOf(100, 101, 5, 102, 103)).toEqual([3, 2, 2, 1, 0]);
    expect(agesOf(100, 101, 104, 103, 104, 105)).toEqual([3, 2, 1, 1, 1, 0]);
  });

  it('of what tells no time is that of the next one that does', () => {
    const clock = retentionClock([{ sequence: 2, atMs: 0 }, { sequence: 5, atMs: dayMs }]);
    expect([1, 2, 3, 5, 9].map((sequence) => clock.ageMs(sequence) / dayMs)).toEqual([1, 1, 0, 0, 0]);
    expect([retentionClock([]).newest, retentionClock([]).ageMs(1), clock.newest]).toEqual([null, 0, 5]);
  });

  it('says since when all came as usual', () => {
    expect([1, 2, 3, 4].map((sequence) => clockOf(100, 101, 5, 102).isPlainSince(sequence))).toEqual([false, false, true, true]);
    expect([1, 2, 3].map((sequence) => clockOf(100, 163, 164).isPlainSince(sequence))).toEqual([false, true, true]);
  });
});
