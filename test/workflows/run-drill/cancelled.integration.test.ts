/** Wherever a drill is cancelled, what it made goes, and a report is left. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStage, plainName, scriptOf, type Stage } from '../scripted-run.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

it.each([['runDrill.done', 'chooseDrill'], ['runDrill.rebuilt', 'findDrillKeys']])('%s leaves a report from its first step on', async (shape, first) => {
  const script = await scriptOf(shape);
  const { calls: whole, status } = await stage.play(script, null, null);
  expect(status).toBe('COMPLETED');
  const steps = whole.slice(whole.indexOf(first), whole.indexOf('recordDrill') + 1);
  expect(steps.length).toBeGreaterThan(8);
  const broken = await Promise.all(steps.map(async (at) => {
    const { calls, status: ended } = await stage.play(script, 'cancelled', at);
    const names = calls.map((call) => plainName(call));
    const isLate = at === 'removeDrill' || at === 'recordDrill';
    // Whether it reaches the last step that could be cancelled before that is done is a race.
    const ends = isLate ? ['COMPLETED'] : at === steps.at(-3) ? ['CANCELLED', 'COMPLETED'] : ['CANCELLED'];
    const holds = calls.includes('recordDrill') && names.indexOf('removeDrill') < names.indexOf('recordDrill') && names.filter((name) => name === 'recordDrill').length === 1
      && ends.includes(ended) && names.at(-1) === 'removeRunScratch';
    return holds ? [] : [`${at}: ${ended}; ${calls.join(' ')}`];
  }));
  expect(broken.flat()).toEqual([]);
});
