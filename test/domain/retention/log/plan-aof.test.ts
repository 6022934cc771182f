import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodsOf, type AofBase, type AofLook, type AofPeriod } from '../../../../src/domain/aof/aof-history.ts';
import { planAof } from '../../../../src/domain/retention/log/plan-aof.ts';

const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const component = 'redis';
const idOf = (sequence: number): string => `${sequence}-${sequence}-1`;
const base = (sequence: number, createdSecond: number): AofBase => ({ id: idOf(sequence), sequence, createdSecond, increments: [`i${sequence}`, `i${sequence + 1}`] });
const look = (second: number, sequence: number | null, more: Partial<AofLook> = {}): AofLook => ({
  second, state: 'on', base: sequence === null ? null : idOf(sequence), coveredSecond: second - 1, increment: sequence === null ? null : `i${sequence + 1}`, sizeBytes: 1, settings: 's', ...more,
});

/** Rewrites every ten seconds, some seen by nobody; now and then it is off, or an old base is back. */
const histories = fc.record({
  count: fc.integer({ min: 1, max: 8 }), unseen: fc.nat(255), from: fc.integer({ min: 0, max: 100 }),
  odd: fc.array(fc.record({ second: fc.nat(95), sequence: fc.nat(8), kind: fc.constantFrom('off', 'old', 'settings') }), { maxLength: 3 }),
}).map(({ count, unseen, odd, from }) => ({
  from, bases: Array.from({ length: count }, (_, index) => base(index + 1, index * 10)),
  looks: [
    ...Array.from({ length: count }, (_, index) => index).filter((index) => ((unseen >> index) & 1) === 0).map((index) => look(index * 10 + 4, index + 1)),
    ...odd.map(({ second, sequence, kind }) => look(second, kind === 'old' ? (sequence % Math.min(count, Math.floor(second / 10) + 1)) + 1 : Math.min(count, Math.floor(second / 10) + 1), kind === 'off' ? { state: 'off' } : { settings: kind })),
  ],
}));

/** What is looked at for a second: the period that it lies in, and the one that began before. */
const tried = (bases: readonly AofBase[], looks: readonly AofLook[], second: number): readonly AofPeriod[] =>
  periodsOf(bases, looks).filter(({ beginSecond }) => beginSecond <= second).slice(-2);

/** Of a machine that does much else beside. */
const patienceMs = 600_000;

describe(`append-only files (HOLDFAST_SEED=${seed})`, () => {
  it('that go change nothing for any second that is wanted', () => {
    fc.assert(fc.property(histories, ({ bases, looks, from }) => {
      const plan = planAof({ component, bases, looks, increments: bases.flatMap(({ increments }) => increments) }, from);
      const left = bases.filter(({ id }) => !plan.bases.includes(id));
      const seconds = Array.from({ length: 12 }, (_, index) => from + index * 9).filter((second) => JSON.stringify(tried(left, looks, second)) !== JSON.stringify(tried(bases, looks, second)));
      if (seconds.length > 0) expect(tried(left, looks, seconds[0] as number)).toEqual(tried(bases, looks, seconds[0] as number));
      if (left.some(({ increments }) => increments.some((id) => plan.increments.includes(id)))) expect(plan.increments, 'no increment of a kept base').toEqual([]);
    }), { numRuns: 5_000, seed });
  }, patienceMs);

  it('go with all that was written behind, once three later ones stand', () => {
    const bases = [1, 2, 3, 4, 5].map((sequence) => base(sequence, sequence * 10));
    const looks = [1, 2, 3, 4, 5].map((sequence) => look(sequence * 10 + 4, sequence));
    const increments = ['i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i99'];
    expect(planAof({ component, bases, looks, increments }, 45)).toEqual({ component, bases: [idOf(1)], increments: ['i1'], sentence: '1 base of before the earliest moment that can be come back to goes, with what was written behind.' });
    expect(planAof({ component, bases, looks, increments }, 1_000)).toMatchObject({ bases: [idOf(1), idOf(2)], increments: ['i1', 'i2'] });
  });

  it('stay where nobody knows', () => {
    const bases = [1, 2, 3, 4, 5].map((sequence) => base(sequence, sequence * 10));
    expect(planAof({ component, bases, looks: [], increments: [] }, 1_000)).toMatchObject({ bases: [], sentence: 'All of it is kept.' });
    expect(planAof({ component, bases, looks: [look(54, 5)], increments: [] }, null)).toMatchObject({ bases: [] });
    expect(planAof({ component, bases: [], looks: [], increments: ['i1'] }, 1_000)).toMatchObject({ bases: [], increments: [] });
  });
});
