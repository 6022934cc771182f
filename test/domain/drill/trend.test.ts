import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drillTrend, growthText, leastForProjection, median, type DrillSample } from '../../../src/domain/drill/trend.ts';

const sample = (day: number, rtoMs: number | null, sizeBytes = 1_000, more: Partial<DrillSample> = {}): DrillSample =>
  ({ drillId: `202611${String(day).padStart(2, '0')}-020000`, kind: 'restore', finishedAt: `2026-11-${String(day).padStart(2, '0')}T02:10:00.000Z`, verdict: 'proven', sizeBytes, rtoMs, rpoMs: 1_000, ...more });

describe('the trend', () => {
  it('is of drills of the same kind, and its RTO of those that were proven', () => {
    const trend = drillTrend('restore', [sample(3, 300), sample(1, 100), sample(2, 900, 1_000, { kind: 'rebuild' }), sample(4, 50, 1_000, { verdict: 'failed' })], null);
    expect(trend).toMatchObject({ drills: 3, proven: 2, rto: { measured: 2, newestMs: 300, medianMs: 200, direction: 'notEnoughDrills' }, projection: { ms: null, why: 'today\'s size is not known' } });
    expect(trend.samples.map(({ drillId }) => drillId)).toEqual(['20261101-020000', '20261103-020000', '20261104-020000']);
  });

  it.each([['shorter', [400, 390, 200, 210]], ['longer', [200, 210, 400, 390]], ['steady', [200, 210, 205, 212]], ['notEnoughDrills', [1, 2, 3]]] as const)('is %s', (direction, times) => {
    expect(drillTrend('restore', times.map((ms, index) => sample(index + 1, ms)), null).rto.direction).toBe(direction);
  });

  it('projects a straight line through time over size, and says how', () => {
    const samples = [sample(1, 1_500, 1_000), sample(2, 2_500, 2_000), sample(3, 3_500, 3_000)];
    expect(drillTrend('restore', samples, 5_000).projection).toEqual({ ms: 5_500, sizeBytes: 5_000, drills: 3, method: 'linear in bytes, by least squares over past drills', beyond: false });
    expect(drillTrend('restore', samples, 7_000).projection).toMatchObject({ beyond: true });
  });

  it('does not project from too few, nor downward', () => {
    expect(drillTrend('restore', [sample(1, 1), sample(2, 2)], 10).projection).toEqual({ ms: null, why: 'not enough drills: 2 of 3 that were proven' });
    expect(drillTrend('restore', [sample(1, 1_500, 1_000), sample(2, 1_200, 2_000), sample(3, 900, 3_000)], 9_000).projection).toMatchObject({ ms: 1_200, method: 'the mean of past drills, whose times do not grow with size' });
  });

  it('says nothing where the line leads nowhere', () => {
    expect(drillTrend('restore', [sample(1, 0, 0), sample(2, 1e9, 1), sample(3, 0, 0)], 2 ** 44).projection).toMatchObject({ ms: null, why: expect.stringContaining('too small') as string });
  });

  it('projects something whole, never below nothing and never less for more data, for any past', () => {
    const past = fc.array(fc.record({ ms: fc.nat(1e9), size: fc.nat(2 ** 43) }), { minLength: leastForProjection, maxLength: 20 });
    fc.assert(fc.property(past, fc.nat(2 ** 44), fc.nat(2 ** 44), (drills, a, b) => {
      const samples = drills.map(({ ms, size }, index) => sample(index + 1, ms, size));
      const [less, more] = [Math.min(a, b), Math.max(a, b)].map((size) => drillTrend('restore', samples, size).projection.ms ?? Number.MAX_SAFE_INTEGER) as [number, number];
      expect(Number.isSafeInteger(less) && less >= 0 && more >= less).toBe(true);
    }));
  });
});

it('takes the middle', () => {
  expect([median([]), median([5]), median([9, 1, 5]), median([1, 2])]).toEqual([null, 5, 5, 2]);
});

describe('growth since the drill before', () => {
  const grown = (samples: readonly DrillSample[], sizeBytes: number | null = null): string => growthText(drillTrend('restore', samples, sizeBytes));

  it('is said beyond a quarter', () => {
    expect(grown([sample(1, 1, 4_000_000_000), sample(2, 1, 5_000_000_001)])).toMatch(/^The data has grown by 25 % since drill 20261101-020000: .+ then, .+ today\.$/);
    expect(grown([sample(1, 1, 4_000_000_000), sample(2, 1, 5_000_000_000)])).toBe('');
    expect(grown([sample(1, 1, 4_000_000_000), sample(2, 1, 1_000_000_000)])).toBe('');
    expect(grown([sample(1, 1, 4_000_000_000)])).toBe('');
  });

  it('is of today, where the drill brought an older backup back, and since one that brought something back', () => {
    const older = [sample(1, 1, 1_000), sample(2, 1, 1_000), sample(3, 1, 1_000)];
    expect(grown(older, 1_500)).toContain('by 50 %');
    expect(grown([sample(1, 1, 1_000), sample(2, null, 0, { verdict: 'failed' }), sample(3, 1, 1_500)])).toContain('by 50 % since drill 20261101-020000');
  });
});
