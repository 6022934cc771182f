import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueDrills } from '../../../src/domain/drill/due-drills.ts';
import { parsePeriod, servicePeriod, standingOfPeriod, summarize, type Period, type PeriodDrill, type ServiceFacts, type ServicePeriod } from '../../../src/domain/drill/period.ts';
import { defaultSettings, type ScheduleSettings } from '../../../src/domain/schedules/schedule-settings.ts';
import { serviceWith } from '../schedules/sample-service.ts';

const quarter = parsePeriod('2026Q4') as Period;
const drill = (beganAt: string, more: Partial<PeriodDrill> = {}): PeriodDrill => ({ drillId: beganAt.replace(/\D/g, ''), kind: 'restore', beganAt: `${beganAt}T02:00:00.000Z`, verdict: 'proven', rtoMs: 1, rpoMs: 1, breaches: [], signed: true, problem: null, reportSha256: null, signedBy: null, ...more });
const january = Date.parse('2027-01-02T00:00:00Z');
const due = (times: ScheduleSettings['times'], timeZone = 'UTC') => dueDrills(serviceWith([], { ...defaultSettings, timeZone, times }));
const defaults = due({ failover: 'yearly' });
const restores = due({ rebuild: 'off' });
const facts = (more: Partial<ServiceFacts> = {}): ServiceFacts => ({ service: 'shop', since: '2025-01-01T00:00:00.000Z', due: defaults, drills: [], ...more });
const states = ({ windows }: ServicePeriod): readonly string[] => windows.map(({ kind, label, state }) => `${kind} ${label} ${state}`);
const statesOf = (drills: readonly PeriodDrill[], nowMs = january, more: Partial<ServiceFacts> = {}): readonly string[] => states(servicePeriod(facts({ drills, ...more }), quarter, nowMs));

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
      expect(summarize([servicePeriod(facts({ due: restores, drills: made }), quarter, january)]).drilled).toEqual([]);
    }));
  });

  it('is what its schedule starts, as often as that does', () => {
    const missed = (times: ScheduleSettings['times'], period: string, zone?: string): readonly string[] => states(servicePeriod(facts({ since: '2015-01-01T00:00:00Z', due: due({ rebuild: 'off', ...times }, zone) }), parsePeriod(period) as Period, january));
    expect(missed({ drill: 'quarterly' }, '2026Q4')).toEqual(['restore 2026Q4 missed']);
    expect(missed({ drill: 'quarterly' }, '2026-11')).toEqual(['restore 2026Q4 missed']);
    expect(missed({ drill: 'yearly' }, '2026')).toEqual(['restore 2026 missed']);
    expect(missed({ drill: 'weekly' }, '2026-11')).toEqual(['restore 2026-11 missed']);
    expect(missed({ drill: '0 4 15 2,5,8,11 *' }, '2026Q4')).toEqual(['restore 2026-08 to 2026-10 missed', 'restore 2026-11 to 2027-01 notYet']);
    expect(missed({ drill: '0 4 1 1-12/2 *' }, '2026-11')).toEqual(['restore 2026-11 to 2026-12 missed']);
    expect(missed({ drill: '0 4 31 * *' }, '2026Q2')).toEqual(['restore 2026-03 to 2026-04 missed', 'restore 2026-05 to 2026-06 missed']);
    expect(missed({ drill: '0 4 29 2 *' }, '2026')).toEqual(['restore 2024-02 to 2028-01 notYet']);
    expect(missed({ drill: 'off' }, '2026')).toEqual([]);
    expect(due({}).map(({ kind }) => kind)).toEqual(['restore', 'rebuild']);
    expect(dueDrills(serviceWith([])).map(({ kind }) => kind)).toEqual(['restore', 'rebuild']);
    expect(dueDrills({ ...serviceWith([]), failover: { host: 'h', repository: 'offsite' } }).map(({ kind }) => kind)).toEqual(['restore', 'rebuild', 'failover']);
  });

  it('begins and ends where months do in the zone of its schedule', () => {
    // Half past midnight on the first of November in Auckland.
    const drills = [drill('2026-10-31', { beganAt: '2026-10-31T11:30:00.000Z' })];
    expect(statesOf(drills, january, { due: due({ rebuild: 'off' }, 'Pacific/Auckland') })).toEqual(['restore 2026-10 missed', 'restore 2026-11 proven', 'restore 2026-12 missed']);
    expect(statesOf(drills, january, { due: restores })).toEqual(['restore 2026-10 proven', 'restore 2026-11 missed', 'restore 2026-12 missed']);
  });

  it('is nothing where there was no backup yet when it should have begun', () => {
    expect(statesOf([], january, { since: '2026-11-02T00:00:00.000Z' })).toEqual(['restore 2026-10 notDue', 'restore 2026-11 notDue', 'restore 2026-12 missed', 'rebuild 2026Q4 notDue', 'failover 2026 notDue']);
    expect(statesOf([drill('2026-11-20')], january, { since: '2026-11-02T00:00:00.000Z', due: restores })).toEqual(['restore 2026-10 notDue', 'restore 2026-11 proven', 'restore 2026-12 missed']);
    const never = servicePeriod(facts({ since: null, due: restores }), quarter, january);
    expect(states(never)).toEqual(['restore 2026-10 notDue', 'restore 2026-11 notDue', 'restore 2026-12 notDue']);
    expect(summarize([never])).toMatchObject({ neverBackedUp: ['shop'], missedWindows: [] });
  });
});

it('is summed up over all services', () => {
  const services = [
    servicePeriod(facts({ due: restores, drills: [drill('2026-10-01'), drill('2026-11-01', { verdict: 'failed', breaches: ['RPO: 20 min, 15 min allowed.'] }), drill('2026-12-01', { verdict: null, signed: false }), drill('2025-10-01')] }), quarter, january),
    servicePeriod(facts({ service: 'blog', due: restores }), quarter, january),
  ];
  expect(summarize(services)).toEqual({
    services: 2, drilled: ['shop'], notDrilled: ['blog'], neverBackedUp: [], drills: 3, proven: 1, failed: 1, couldNotVerify: 0, withoutReport: 1, unsigned: 0,
    missedWindows: ['blog: restore 2026-10', 'blog: restore 2026-11', 'blog: restore 2026-12'], breaches: ['shop 20261101: RPO: 20 min, 15 min allowed.'], brokenGlass: [],
  });
});

it.each<[string, string, Partial<ServiceFacts>]>([
  ['well', 'every span has its proven drill', {}],
  ['well', 'a failure was put right', { drills: [drill('2026-11-01', { verdict: 'failed' }), drill('2026-11-02')] }],
  ['wrong', 'one was missed', { drills: [] }],
  ['wrong', 'one failed', { drills: [drill('2026-11-01'), drill('2026-11-02', { verdict: 'failed' })] }],
  ['wrong', 'an objective was missed', { drills: [drill('2026-11-01', { breaches: ['RPO'] })] }],
  ['wrong', 'a report counts for nothing', { drills: [drill('2026-11-01'), drill('2026-11-02', { signed: false })] }],
  ['wrong', 'there was never a backup', { since: null }],
  ['notKnown', 'one could not be verified', { drills: [drill('2026-11-01', { verdict: 'couldNotVerify' })] }],
])('is %s where %s', (standing, _what, more) => {
  const services = [servicePeriod(facts({ due: restores, drills: [drill('2026-11-01')], ...more }), parsePeriod('2026-11') as Period, january)];
  expect(standingOfPeriod(services, summarize(services))).toBe(standing);
});
