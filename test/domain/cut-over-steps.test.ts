import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inClosingOrder, inOpeningOrder, planSteps, type StepSentences } from '../../src/domain/cut-over-steps.ts';

const postgres: StepSentences = { engine: 'postgres', close: 'close PostgreSQL', swap: 'exchange databases', open: 'open PostgreSQL' };
const redis: StepSentences = { engine: 'redis', close: 'stop Redis', swap: 'move files', open: 'start Redis' };
const components = fc.shuffledSubarray([postgres, redis]);

it('closes PostgreSQL first, and opens it last', () => {
  expect([inClosingOrder([redis, postgres]), inOpeningOrder([postgres, redis])]).toEqual([[postgres, redis], [redis, postgres]]);
});

it('opens in the reverse order of closing, and loses nobody', () => {
  fc.assert(fc.property(components, (each) => {
    expect([...inOpeningOrder(each)].reverse()).toEqual(inClosingOrder(each));
    expect(inClosingOrder(each)).toHaveLength(each.length);
  }));
});

it('lists every step once, in the order in which they are done', () => {
  expect(planSteps([redis, postgres], ['shop-api', 'shop-worker'])).toEqual([
    'close PostgreSQL', 'stop Redis', 'move files', 'exchange databases', 'Compare once more, still closed', 'start Redis', 'open PostgreSQL', 'Restart shop-api', 'Restart shop-worker',
  ]);
});

it('compares after everything is closed and exchanged, and before anything is opened', () => {
  fc.assert(fc.property(components, fc.array(fc.string()), (each, restarts) => {
    const steps = planSteps(each, restarts);
    const compared = steps.indexOf('Compare once more, still closed');
    expect(each.every(({ close, swap, open }) => steps.indexOf(close) < steps.indexOf(swap) && steps.indexOf(swap) < compared && compared < steps.indexOf(open))).toBe(true);
    expect(steps).toHaveLength(each.length * 3 + 1 + restarts.length);
  }));
});

it('has no step without a sentence, and compares nothing closed where nothing is closed', () => {
  const tables: StepSentences = { engine: 'postgres', close: 'make a schema', swap: 'one transaction', open: '' };
  expect(planSteps([tables], [])).toEqual(['make a schema', 'one transaction']);
  expect(planSteps([{ ...tables, close: '' }], [])).toEqual(['one transaction']);
});
