import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePeriod, servicePeriod, summarize, type Period, type PeriodDrill } from '../../../src/domain/drill/period.ts';

const quarter = parsePeriod('2026Q4') as Period;
const drill = (beganAt: string, more: Partial<PeriodDrill> = {}): PeriodDrill => ({ drillId: beganAt.replace(/\D/g, ''), kind: 'restore', beganAt: `${beganAt}T02:00:00.000Z`, verdict: 'proven', rtoMs: 1, rpoMs: 1, breaches: [], signed: true, ...more });
const january = Date.parse('2027-01-02T00:00:00Z');
const statesOf = (drills: readonly PeriodDrill[], nowMs = january): readonly string[] => servicePeriod('shop', ['restore', 'rebuild', 'failover'], drills, quarter, nowMs).windows.map(({ kind, label, state }) => `${kind} ${label} ${state}`);

describe('a period', () => {
  it.each([['2026Q4', '2026-10-01', '2027-01-01'], ['2026Q1', '2026-01-01', '2026-04-01'], ['2026-12', '2026-12-01', '2027-01-01'], ['2026', '2026-01-01', '2027-01-01']])('%s is from %s to before %s', (text, from, to) => {
    expect(parsePeriod(text)).toEqual({ label: text, fromMs: Date.parse(from), toMs: Date.parse(to) });
  });

  it.each(['2026Q5', '2026-13', '2026-1', '26', '', '2026Q4 '])('%j is none', (text) => {
    expect(parsePeriod(text)).toBeNull();
  });
});

describe('what was due', () => {
  it('is missed where nothing was made and the time is over, and not yet where it is not', () => {
    expect(statesOf([])).toEqual(['restore 2026-10 missed', 'restore 2026-11 missed', 'restore 2026-12 missed', 'rebuild 2026Q4 missed', 'failover 2026 missed']);
    expect(statesOf([], Date.parse('2026-11-15T00:00:00Z'))).toEqual(['restore 2026-10 missed', 'restore 2026-11 notYet', 'restore 2026-12 notYet', 'rebuild 2026Q4 notYet', 'failover 2026 notYet']);
  });

  it('is what the newest answer in its span says, and no answer is none', () => {
    expect(statesOf([
      drill('2026-10-05', { verdict: 'failed' }), drill('2026-10-06'), drill('2026-11-05'), drill('2026-11-06', { verdict: 'failed' }), drill('2026-12-05', { verdict: 'couldNotVerify' }), drill('2026-12-06', { verdict: null }),
      drill('2026-11-07', { kind: 'rebuild', signed: false }), drill('2026-03-07', { kind: 'failover' }),
    ])).toEqual(['restore 2026-10 proven', 'restore 2026-11 failed', 'restore 2026-12 couldNotVerify', 'rebuild 2026Q4 couldNotVerify', 'failover 2026 proven']);
  });

  it('is never proven by less than a proven drill whose signature holds', () => {
    const anyDrill = fc.record({ day: fc.integer({ min: 1, max: 28 }), verdict: fc.constantFrom('failed' as const, 'couldNotVerify' as const, null), signed: fc.boolean() });
    fc.assert(fc.property(fc.array(anyDrill, { maxLength: 6 }), (drills) => {
      const made = [...drills.map(({ day, ...more }) => drill(`2026-11-${String(day).padStart(2, '0')}`, more)), drill('2026-11-03', { signed: false })];
      expect(statesOf(made).some((state) => state.endsWith('proven'))).toBe(false);
      expect(summarize([servicePeriod('shop', ['restore'], made, quarter, january)]).drilled).toEqual([]);
    }));
  });
});

it('is summed up over all services', () => {
  const services = [
    servicePeriod('shop', ['restore'], [drill('2026-10-01'), drill('2026-11-01', { verdict: 'failed', breaches: ['RPO: 20 min, 15 min allowed.'] }), drill('2026-12-01', { verdict: null, signed: false }), drill('2025-10-01')], quarter, january),
    servicePeriod('blog', ['restore'], [], quarter, january),
  ];
  expect(summarize(services)).toEqual({
    services: 2, drilled: ['shop'], notDrilled: ['blog'], drills: 3, proven: 1, failed: 1, couldNotVerify: 0, withoutReport: 1, unsigned: 0,
    missedWindows: ['blog: restore 2026-10', 'blog: restore 2026-11', 'blog: restore 2026-12'], breaches: ['shop 20261101: RPO: 20 min, 15 min allowed.'],
  });
});
