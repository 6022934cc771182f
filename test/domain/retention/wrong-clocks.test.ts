import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetention } from '../../../src/domain/retention/plan-retention.ts';
import { dayMs, happen, policyOf, World } from './world.ts';

const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const codes = fc.nat(2 ** 24);
const hourMs = 3_600_000;
/** What goes into the trash, and what leaves it for good. */
function goneBy(world: World, nowMs: number): readonly string[] {
  const { decisions, trash } = planRetention({ ...world.facts(), nowMs }, world.policy);
  return [...decisions, ...trash].filter(({ outcome }) => outcome === 'remove' || outcome === 'leaves').map(({ backupId }) => backupId);
}

/** A clock that is wrong for some backups in a row, or no backups at all for some days. */
const episodes = fc.array(fc.record({
  at: fc.nat(34), lasts: fc.integer({ min: 1, max: 5 }),
  what: fc.oneof(fc.constantFrom(0, 1, 3, -3, 10, -10, 60, 400, -400, 4_000, -15_000).map((errorDays) => ({ errorDays, stopDays: 0 })), fc.constantFrom(2, 9, 61, 400).map((stopDays) => ({ errorDays: 0, stopDays }))),
}), { maxLength: 2 });

/** Of a machine that does much else beside. */
const patienceMs = 600_000;

describe(`a wrong clock changes nothing (HOLDFAST_SEED=${seed})`, () => {
  it('while one plans, whichever way it is wrong', () => {
    fc.assert(fc.property(codes, fc.array(codes, { minLength: 6, maxLength: 20 }), fc.integer({ min: -60_000, max: 60_000 }), (policy, events, errorHours) => {
      const world = new World(policyOf(policy));
      for (const event of events) event % 16 === 15 ? world.carryOut(world.plan()) : happen(world, event, false);
      // Who keeps the log for longer than backups chooses its first one anew all the time.
      world.policy = { ...world.policy, days: world.policy.days + world.policy.walDays };
      const right = new Set(goneBy(world, world.nowMs));
      const wrong = goneBy(world, world.nowMs + errorHours * hourMs).filter((id) => !right.has(id));
      if (wrong.length > 0) expect(wrong).toEqual([]);
    }), { numRuns: 10_000, seed });
  }, patienceMs);

  it('while backups are taken, nor does a stop: what goes has had as many backups after it as its days, and has no day that is to be kept', () => {
    fc.assert(fc.property(episodes, fc.integer({ min: 2, max: 20 }), fc.nat(24), fc.integer({ min: 4, max: 38 }), fc.nat(2), (odd, days, daily, count, errorAtPlan) => {
      const world = new World({ days, daily, minimumCopies: 1 });
      const misdated = new Set<number>();
      for (let index = 0; index < count; index += 1) {
        for (const { at, lasts, what: { errorDays, stopDays } } of odd) {
          if (at === index) world.pass(stopDays * 24);
          if (at === index) world.clockErrorMs = errorDays * dayMs;
          if (at + lasts === index) world.clockErrorMs = 0;
        }
        world.back('dump', 'proven');
        if (world.clockErrorMs !== 0) misdated.add(world.sequence);
        world.pass(24);
      }
      const plan = planRetention({ ...world.facts(), nowMs: world.nowMs + ([0, 500, -500][errorAtPlan] as number) * dayMs }, world.policy);
      const dayOf = (sequence: number): string => world.stored[sequence - 1]?.backupId.slice(0, 8) ?? '';
      // One that claims the very day of the one before it cannot be told from a second one of that day.
      const hasOwnDay = (sequence: number): boolean => !misdated.has(sequence) && dayOf(sequence) !== dayOf(sequence + 1);
      const isEarly = (sequence: number): boolean => world.sequence - sequence <= days || (world.sequence - sequence < daily && hasOwnDay(sequence));
      const early = plan.decisions.filter(({ outcome, sequence }) => outcome === 'remove' && isEarly(sequence as number));
      if (early.length > 0) expect(early).toEqual([]);
    }), { numRuns: 15_000, seed });
  }, patienceMs);

  it('and where all are right, each goes as soon as its days are over', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 800 }), fc.integer({ min: 1, max: 40 }), (hours, days) => {
      const world = new World({ days, minimumCopies: 1 });
      for (let index = 0; index < 60; index += 1) {
        world.back('dump', 'proven');
        world.pass(hours);
      }
      const kept = new Set(world.plan().decisions.filter(({ outcome }) => outcome === 'keep').map(({ sequence }) => sequence));
      // The first three steps are taken for a day at most: nobody knows yet what is usual.
      const wanted = world.stored.filter(({ sequence }) => sequence === 60 || (60 - sequence) * hours <= days * 24).map(({ sequence }) => sequence);
      expect([...kept].filter((sequence) => (sequence ?? 0) > 4).sort()).toEqual(wanted.filter((sequence) => sequence > 4).sort());
    }), { numRuns: 300, seed });
  }, patienceMs);
});
