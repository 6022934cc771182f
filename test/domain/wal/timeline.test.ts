import { describe, expect, it } from 'vitest';
import { leftOnTheWay, timelineAt, timelinePath } from '../../../src/domain/wal/timeline.ts';

/** As a server writes it that was promoted twice, the second time from a point before its parent's end. */
const third = '1\t0/5000148\tno recovery target specified\n\n2\t0/7002A30\tbefore 2026-11-23 02:47:05.123456+00\n';

describe('timelinePath', () => {
  it('of a cluster that was never promoted is its one timeline', () => {
    expect(timelinePath(1, '')).toEqual([{ timeline: 1, begin: 0n, end: null }]);
  });

  it('leads through each ancestor up to where it was left', () => {
    expect(timelinePath(3, third)).toEqual([
      { timeline: 1, begin: 0n, end: 0x5000148n },
      { timeline: 2, begin: 0x5000148n, end: 0x7002A30n },
      { timeline: 3, begin: 0x7002A30n, end: null },
    ]);
  });

  it('takes comments, blanks and a reason that is missing', () => {
    expect(timelinePath(2, '# by hand\n  1   0/5000148  # gone\n')?.map(({ timeline }) => timeline)).toEqual([1, 2]);
  });

  it.each([
    ['an ancestor that is no younger', '2\t0/5000148\tx\n1\t0/6000000\tx\n'], ['itself', '3\t0/5000148\tx\n'], ['a descendant', '4\t0/5000148\tx\n'], ['positions that fall', '1\t0/7000000\tx\n2\t0/5000000\tx\n'],
    ['no position', '1\n'], ['something else', '<html>not found</html>'], ['a cut line', '1\t0/50'.slice(0, 4)],
  ])('refuses a history with %s', (_what, text) => {
    expect(timelinePath(3, text)).toBeNull();
  });
});

describe('timelineAt', () => {
  const path = timelinePath(3, third) ?? [];

  it.each([[0n, 1], [0x5000147n, 1], [0x5000148n, 2], [0x7002A2Fn, 2], [0x7002A30n, 3], [1n << 60n, 3]])('%d lies on %d', (lsn, timeline) => {
    expect(timelineAt(path, lsn)?.timeline).toBe(timeline);
  });
});

describe('leftOnTheWay', () => {
  const path = timelinePath(3, third) ?? [];

  it.each([[1, 0x5000147n, []], [1, 0x5000148n, [1]], [1, 0x7002A2Fn, [1]], [1, 0x7002A30n, [1, 2]], [1, 1n << 60n, [1, 2]], [2, 0x7002A2Fn, []], [2, 0x7002A30n, [2]], [3, 1n << 60n, []]])('from %d to %d left %j', (from, lsn, left) => {
    expect(leftOnTheWay(path, from, lsn).map(({ timeline }) => timeline)).toEqual(left);
  });
});
