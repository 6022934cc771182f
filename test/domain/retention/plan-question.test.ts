import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyOf, World } from './world.ts';

const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** A day of a service with a schedule: a dump, and a base backup, full once a week. */
function day(world: World, index: number, prove: number): void {
  world.write(40);
  world.back('dump', index % prove === 0 ? 'proven' : null);
  world.pass(1);
  world.back(index % 7 === 0 ? 'base' : 'incremental', index % prove === 0 ? 'proven' : null);
  world.pass(22);
}

const years = (world: World, days: number, every: number): readonly (string | null)[] => {
  const questions: (string | null)[] = [];
  for (let index = 0; index < days; index += 1) {
    day(world, index, 1);
    if (index % every !== 0) continue;
    const plan = world.plan();
    questions.push(plan.question);
    world.carryOut(plan);
  }
  return questions;
};

/** Of a machine that does much else beside. */
const patienceMs = 600_000;

describe(`what is asked before a plan is carried out (HOLDFAST_SEED=${seed})`, () => {
  it('is nothing in steady state, whatever the policy and however often one plans', () => {
    fc.assert(fc.property(fc.nat(2 ** 13), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), (policy, every, prove) => {
      const world = new World(policyOf(policy));
      const asked: string[] = [];
      for (let index = 0; index < 45; index += 1) {
        day(world, index, prove);
        if (index % every !== 0) continue;
        const plan = world.plan();
        if (plan.question !== null) asked.push(plan.question);
        world.carryOut(plan);
      }
      expect(asked).toEqual([]);
      expect(world.removed.length).toBeGreaterThan(0);
    }), { numRuns: 150, seed });
  }, patienceMs);

  it('is nothing where the log has come to begin with a backup that lay in the trash, and goes up to it', () => {
    // Each backup is kept for a day, the log for four: what it begins with on the fourth went on the second.
    const world = new World(policyOf(3_297));
    const takenBack: string[] = [];
    for (let index = 0; index < 45; index += 1) {
      day(world, index, 4);
      const plan = world.plan();
      expect([index, plan.question]).toEqual([index, null]);
      world.carryOut(plan);
      takenBack.push(...world.lastPlan?.takenBack ?? []);
    }
    expect(takenBack).not.toEqual([]);
  });

  it('is nothing where backups are taken by the hour, week or month, from the first on', () => {
    for (const hours of [1, 6, 24, 24 * 7, 24 * 31]) {
      const world = new World({ days: 30, daily: 7, weekly: 4, monthly: 12, walDays: 7 });
      const asked: (string | null)[] = [];
      for (let index = 0; index < 90; index += 1) {
        world.write(20);
        world.back(index % 5 === 0 ? 'base' : 'dump', 'proven');
        world.pass(hours - (index % 5 === 0 ? 1 : 0));
        const plan = world.plan();
        asked.push(plan.question);
        world.carryOut(plan);
      }
      expect([hours, asked.filter((question) => question !== null)]).toEqual([hours, []]);
      // The first ones of a rare schedule are kept longer: it is not known yet to be one.
      expect([hours, world.stored.length]).toEqual([hours, expect.toSatisfy((count: number) => count <= Math.min(90, 2 * Math.max(20, (30 * 24) / hours)))]);
    }
  });

  it('is whether a stricter policy was meant', () => {
    const world = new World({ days: 30, daily: 7, weekly: 4, monthly: 12 });
    expect(years(world, 60, 1).filter((question) => question !== null)).toEqual([]);
    world.policy = { ...world.policy, days: 5, daily: 0, weekly: 0, monthly: 0 };
    day(world, 60, 1);
    expect(world.plan().question).toMatch(/^By this policy \d+ backups of \d+ should have gone before, which is more than 20 percent: is it meant so\?$/);
    world.carryOut(world.plan());
    day(world, 61, 1);
    expect(world.plan().question).toBeNull();
  });

  it('is the log by itself, too', () => {
    const world = new World({ days: 30, walDays: 21 });
    years(world, 40, 1);
    world.policy = { ...world.policy, walDays: 2 };
    day(world, 40, 1);
    expect(world.plan().question).toMatch(/^By this policy \d+ segments of the log's \d+ should have gone before/);
  });

  it('is the first plan of all, where much is due, and one after a long time without any', () => {
    const world = new World({ days: 5 });
    for (let index = 0; index < 40; index += 1) day(world, index, 1);
    expect(world.plan().question).toMatch(/^By this policy \d+ backups/);
    world.carryOut(world.plan());
    for (let index = 40; index < 47; index += 1) day(world, index, 1);
    expect(world.plan().question).toBeNull();
    for (let index = 47; index < 60; index += 1) day(world, index, 1);
    expect(world.plan().question).toMatch(/^By this policy \d+ backups/);
  });

  it('is whether a list is whole that lacks what was there', () => {
    const world = new World();
    years(world, 3, 1);
    const newest = world.lastPlan?.newest as string;
    world.stored = world.stored.filter(({ backupId }) => backupId !== newest);
    expect(world.plan().question).toBe(`${newest}, the newest backup of the plan before, is neither there nor removed: is this the whole repository?`);
    world.stored = [];
    expect(world.plan()).toMatchObject({ decisions: [], question: expect.stringContaining('whole repository'), upTo: null });
  });

  it('is not one backup of few', () => {
    const world = new World({ days: 1, minimumCopies: 1 });
    for (let index = 0; index < 3; index += 1) {
      world.back('dump', 'proven');
      world.pass(24);
    }
    const plan = world.plan();
    expect([plan.decisions.filter(({ outcome }) => outcome === 'remove').length, plan.question]).toEqual([1, null]);
  });
});
