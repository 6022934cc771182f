import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectCopies, expectKept, expectNewestProven, expectTrash, promisesOf, reachable } from './promises.ts';
import { dayMs, happen, lastAnswer, policyOf, World } from './world.ts';

const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const codes = fc.nat(2 ** 24);
const planning = 15;

/** Of a machine that does much else beside. */
const patienceMs = 600_000;

describe(`retention over random histories (HOLDFAST_SEED=${seed})`, () => {
  it('keeps what it promised through any sequence of backups, proofs, holds, runs, clocks, plans and parts of plans', () => {
    fc.assert(fc.property(codes, fc.array(codes, { minLength: 4, maxLength: 24 }), (policy, events) => {
      const world = new World(policyOf(policy));
      for (const event of [...events, planning]) {
        if (event % 16 !== planning) happen(world, event, true);
        else carryOutSome(world, Math.floor(event / 16));
      }
    }), { numRuns: 45_000, seed });
  }, patienceMs);

  it('removes nothing before its days are over, nor any second of the last days, where clocks are right', () => {
    fc.assert(fc.property(codes, fc.array(codes, { minLength: 8, maxLength: 22 }), (policy, events) => {
      const world = new World(policyOf(policy));
      for (const event of [...events, planning]) {
        if (event % 16 !== planning) happen(world, event, false);
        else expectDays(world, Math.floor(event / 16));
      }
    }), { numRuns: 20_000, seed });
  }, patienceMs);

  it('removes nothing beside a restore, whatever came before', () => {
    fc.assert(fc.property(codes, fc.array(codes, { minLength: 4, maxLength: 24 }), (policy, events) => {
      const world = new World(policyOf(policy));
      for (const event of events) happen(world, event, true);
      world.restoring = 'a restore';
      const { decisions, trash, logs } = world.plan();
      const goes = [...decisions.filter(({ outcome }) => outcome === 'remove'), ...trash.filter(({ outcome }) => outcome === 'leaves'), ...logs.filter(({ removes, leaves }) => removes.length + leaves.length > 0)];
      if (goes.length > 0) expect(goes).toEqual([]);
    }), { numRuns: 5_000, seed });
  }, patienceMs);

  it('says the same again once it was carried out', () => {
    fc.assert(fc.property(codes, fc.array(codes, { minLength: 4, maxLength: 24 }), (policy, events) => {
      const world = new World(policyOf(policy));
      for (const event of events) happen(world, event, true);
      // What is offered back may be all that is sound: then there is something to go by.
      for (let round = 0; round < 2; round += 1) world.carryOut(world.plan());
      const again = world.plan();
      const changes = [again.decisions.filter(({ outcome }) => outcome === 'remove'), again.trash.filter(({ outcome }) => outcome === 'offerBack'), again.logs.filter(({ removes, offersBack }) => removes.length + offersBack.length > 0)];
      if (changes.flat().length > 0) expect(changes).toEqual([[], [], []]);
    }), { numRuns: 5_000, seed });
  }, patienceMs);
});

/** Somebody may be stopped after any step. */
function carryOutSome(world: World, most: number): void {
  const plan = world.plan();
  const before = promisesOf(world);
  expectTrash(world, plan);
  const steps = world.steps(plan);
  const count = most % 4 < 2 ? steps.length : (most >> 2) % (steps.length + 1);
  for (const [index, step] of steps.slice(0, count).entries()) {
    step();
    if (index === count - 1 || index === (most >> 4) % count) expectKept(world, before);
  }
  expectCopies(world, before);
  if (count === steps.length) expectNewestProven(world);
}

function expectDays(world: World, most: number): void {
  const newest = world.stored.findLast((each) => lastAnswer(each) !== 'failed' && world.isWhole(each));
  const plan = world.plan();
  if (newest === undefined) return;
  const early = plan.decisions.filter(({ outcome, sequence }) => outcome === 'remove' && newest.trueMs - (world.stored.find((each) => each.sequence === sequence)?.trueMs ?? 0) <= world.policy.days * dayMs);
  if (early.length > 0) expect(early, 'nothing goes before its days are over').toEqual([]);
  const sinceMs = newest.trueMs - world.policy.walDays * dayMs;
  const before = reachable(world, sinceMs);
  const steps = world.steps(plan);
  for (const step of steps.slice(0, most % 4 < 2 ? steps.length : (most >> 2) % (steps.length + 1))) step();
  const after = new Set(reachable(world, sinceMs));
  const lost = before.filter((position) => !after.has(position));
  if (lost.length > 0) expect(lost, 'no second of the last days is lost').toEqual([]);
}
