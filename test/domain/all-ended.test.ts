import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { allEnded } from '../../src/domain/all-ended.ts';

test('all answers in their order', async () => {
  expect(await allEnded([pause(5, 'late'), 7])).toEqual(['late', 7]);
});

test('a failure waits for the others, and the first in order is told, whichever came first', async () => {
  let ended = false;
  const last = pause(5).then(() => { ended = true; throw new Error('first in order'); });
  await expect(allEnded([last, Promise.reject(new Error('first in time'))])).rejects.toThrow('first in order');
  expect(ended).toBe(true);
});
