/** Any configuration against any schedules that may be there: what would be done leads to what should be, is done once, and touches nobody else's. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleDifferences, type FoundSchedule, type ScheduleDifference } from '../../../src/domain/schedules/difference.ts';
import { defaultSettings } from '../../../src/domain/schedules/schedule-settings.ts';
import { wishedSchedules, type ScheduleTerms, type WishedSchedule } from '../../../src/domain/schedules/schedule-terms.ts';
import { serviceWith } from './sample-service.ts';

const services = ['shop', 'store'] as const;
const setting = fc.constantFrom('daily', 'weekly', '15 4 * * *', 'off', undefined);

const wishes: fc.Arbitrary<readonly WishedSchedule[]> = fc.array(fc.record({ backup: setting, base: setting, reap: setting, zone: fc.constantFrom('UTC', 'Europe/Berlin') }), { minLength: 1, maxLength: 2 }).map((all) => all.flatMap(({ zone, ...times }, index) => {
  const given = Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
  return wishedSchedules(serviceWith([{ engine: 'postgres', name: 'postgres', container: 'c', database: 'd', user: 'u', wal: 'stream' }], { ...defaultSettings, times: given, timeZone: zone }, services[index]), 'dr');
}));

const sample = wishedSchedules(serviceWith([]), 'dr')[0]?.terms as ScheduleTerms;
const terms: fc.Arbitrary<ScheduleTerms> = fc.record({ when: fc.constantFrom('0 2 * * *', '0 5 * * *', 'never'), timeZone: fc.constantFrom('UTC', 'Asia/Tokyo'), jitterMs: fc.constantFrom(0, 60_000), overlap: fc.constantFrom('SKIP', 'ALLOW_ALL'), pauseOnFailure: fc.boolean() }).map((some) => ({ ...sample, ...some }));
const others: fc.Arbitrary<readonly FoundSchedule[]> = fc.uniqueArray(fc.record({
  verb: fc.constantFrom('backup', 'base', 'reap', 'ofLater'), service: fc.constantFrom('shop', 'store', 'elsewhere'), isOurs: fc.boolean(), terms, applied: fc.option(terms.map((all) => ({ ...all }))), paused: fc.boolean(),
}).map(({ verb, service, isOurs, ...rest }): FoundSchedule => ({ id: `holdfast/${verb}/${service}`, own: isOurs ? { verb, service } : null, note: rest.paused ? 'somebody said why' : '', ...rest })), { maxLength: 10, selector: ({ id }) => id });

const differences = (wished: readonly WishedSchedule[], found: readonly FoundSchedule[]): readonly ScheduleDifference[] => scheduleDifferences(wished, found, services);

/** What `schedule apply` does, as the server would have it. */
function applied(wished: readonly WishedSchedule[], found: readonly FoundSchedule[], correct: boolean): readonly FoundSchedule[] {
  const after = new Map(found.map((schedule) => [schedule.id, schedule]));
  for (const { kind, id, wished: wish, found: is } of differences(wished, found)) {
    if (kind === 'remove') after.delete(id);
    const isDone = kind === 'create' || kind === 'change' || (correct && kind === 'drifted');
    if (isDone) after.set(id, { id, own: { service: wish.service, verb: wish.verb }, terms: wish.terms, applied: { ...wish.terms }, paused: is?.paused ?? false, note: is?.note ?? '' });
  }
  return [...after.values()];
}

const byKind = (all: readonly ScheduleDifference[], ...kinds: readonly string[]): readonly string[] => all.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id);

describe('the difference', () => {
  it('once it is made so, is none any more; also where that is done in two goes', () => {
    fc.assert(fc.property(wishes, others, (wished, found) => {
      const once = applied(wished, found, true);
      expect(byKind(differences(wished, once), 'create', 'change', 'drifted', 'remove')).toEqual([]);
      expect(applied(wished, once, true)).toEqual(once);
      expect(applied(wished, applied(wished, found, false), true).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(once.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    }), { numRuns: 500 });
  });

  it('has every schedule there is and every one there should be, once', () => {
    fc.assert(fc.property(wishes, others, (wished, found) => {
      const ids = differences(wished, found).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(new Set(ids)).toEqual(new Set([...wished, ...found].map(({ id }) => id)));
    }), { numRuns: 500 });
  });

  it('never touches what Holdfast did not make, or what is of no service here', () => {
    fc.assert(fc.property(wishes, others, (wished, found) => {
      const after = applied(wished, found, true);
      const notOurs = found.filter(({ own }) => own === null || own.service === 'elsewhere' || own.verb === 'ofLater');
      for (const schedule of notOurs) expect(after.find(({ id }) => id === schedule.id)).toEqual(schedule);
      expect(byKind(differences(wished, found), 'taken', 'foreign', 'elsewhere').toSorted()).toEqual(notOurs.map(({ id }) => id).toSorted());
    }), { numRuns: 500 });
  });

  it('leaves paused what is paused, with the reason, and leaves alone what was edited by hand until that is asked for', () => {
    fc.assert(fc.property(wishes, others, (wished, found) => {
      for (const schedule of applied(wished, found, true)) {
        const before = found.find(({ id }) => id === schedule.id);
        expect([schedule.paused, schedule.note]).toEqual(before === undefined ? [false, ''] : [before.paused, before.note]);
      }
      const drifted = byKind(differences(wished, found), 'drifted');
      const after = applied(wished, found, false);
      for (const id of drifted) expect(after.find((schedule) => schedule.id === id)).toEqual(found.find((schedule) => schedule.id === id));
    }), { numRuns: 500 });
  });
});

describe('what was edited', () => {
  const [wished] = wishedSchedules(serviceWith([]), 'dr') as readonly [WishedSchedule, ...WishedSchedule[]];
  const found = (is: Partial<ScheduleTerms>, appliedTerms: FoundSchedule['applied']): FoundSchedule => ({ id: wished.id, own: { service: 'shop', verb: 'backup' }, terms: { ...wished.terms, ...is }, applied: appliedTerms, paused: false, note: '' });
  const only = (schedule: FoundSchedule): ScheduleDifference => differences([wished], [schedule])[0] as ScheduleDifference;

  it('is told from what the configuration changed', () => {
    const before = { ...wished.terms, when: '0 1 * * *' };
    expect(only(found({ when: '0 1 * * *' }, before))).toMatchObject({ kind: 'change', changes: [{ term: 'when', is: '0 1 * * *', wouldBe: '0 2 * * *' }] });
    expect(only(found({ when: '0 1 * * *', overlap: 'ALLOW_ALL' }, before))).toMatchObject({ kind: 'drifted', edited: ['overlap'], changes: [{ term: 'when' }, { term: 'overlap', is: 'ALLOW_ALL', wouldBe: 'SKIP' }] });
    // Whoever edits it to what it should be has done what apply would.
    expect(only(found({}, before)).kind).toBe('unchanged');
  });

  it('is no term that the version before did not know, and everything where that is not known any more', () => {
    const { runTimeoutMs, ...older } = { ...wished.terms };
    expect(only(found({ runTimeoutMs: runTimeoutMs + 1 }, older))).toMatchObject({ kind: 'change', changes: [{ term: 'runTimeoutMs' }] });
    expect(only(found({ runTimeoutMs: 0 }, null))).toMatchObject({ kind: 'drifted', edited: null });
  });
});
