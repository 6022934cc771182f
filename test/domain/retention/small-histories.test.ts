/** What is promised (G7) in every history of up to four backups: each a dump or a base backup, however its proofs went, days apart, one of them held or none; beside the random ones, which are longer and wilder. */
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/domain/proof.ts';
import { expectCopies, expectKept, expectNewestProven, expectTrash, promisesOf } from './promises.ts';
import { World } from './world.ts';

interface Step {
  readonly kind: 'dump' | 'incremental';
  readonly proofs: readonly Verdict[];
  /** To the next one. */
  readonly days: number;
}

const proofs: readonly (readonly Verdict[])[] = [[], ['proven'], ['failed'], ['proven', 'couldNotVerify']];
const stepsOf = (days: readonly number[]): readonly Step[] =>
  (['dump', 'incremental'] as const).flatMap((kind) => proofs.flatMap((each) => days.map((apart): Step => ({ kind, proofs: each, days: apart }))));

/** Every list of so many of them. */
function* histories(steps: readonly Step[], length: number): Generator<readonly Step[]> {
  if (length === 0) yield [];
  else for (const rest of histories(steps, length - 1)) for (const step of steps) yield [...rest, step];
}

/** @param held index of the one on hold; -1 for none */
function worldOf(history: readonly Step[], held: number): World {
  const world = new World({ days: 1, walDays: 1, minimumCopies: 1, trashDays: 1 });
  for (const [index, step] of history.entries()) {
    world.write(20);
    world.back(step.kind, null);
    for (const verdict of step.proofs) world.prove(index, verdict);
    world.pass(step.days * 24);
  }
  const backup = world.stored[held];
  if (backup !== undefined) world.hold(backup);
  return world;
}

/** Carried out; where none is held, then once more behind a proof of the newest that failed, and one that could not be made. @returns how many went */
function checkAll(steps: readonly Step[], length: number): number {
  let gone = 0;
  for (const history of histories(steps, length)) {
    for (let held = -1; held < length; held += 1) {
      const world = worldOf(history, held);
      for (const round of held === -1 ? [1, 2] : [1]) {
        const before = promisesOf(world);
        const plan = world.plan();
        expectTrash(world, plan);
        for (const step of world.steps(plan)) step();
        expectKept(world, before);
        expectCopies(world, before);
        expectNewestProven(world);
        gone += world.trash.length;
        if (round === 1) for (const verdict of ['failed', 'couldNotVerify'] as const) world.prove(world.stored.length - 1, verdict);
      }
    }
  }
  return gone;
}

/** Of a machine that does much else beside. */
const patienceMs = 600_000;

describe('every small history', () => {
  it('of up to three backups, each a day or four behind the one before', () => {
    expect([1, 2, 3].reduce((gone, length) => gone + checkAll(stepsOf([1, 4]), length), 0)).toBeGreaterThan(1_000);
  }, patienceMs);

  it('of four backups, four days apart', () => {
    expect(checkAll(stepsOf([4]), 4)).toBeGreaterThan(1_000);
  }, patienceMs);
});
