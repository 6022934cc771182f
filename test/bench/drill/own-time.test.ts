import { expect, test } from 'vitest';
import type { TimedCall } from '../dumps/parts.ts';
import { ownTime, stepsText } from './own-time.ts';

const call = (activity: string, beganMs: number, endedMs: number, name = '', component: string | null = null): TimedCall => ({ activity, component, name, beganMs, endedMs });

test('work on the data that goes on side by side counts once, and what is between is the drill\'s own', () => {
  const calls = [
    call('prepareDrill', 0, 1_000), call('fillDrill', 1_500, 6_500, '', 'postgres'), call('fillDrill', 2_000, 4_000, '', 'redis'), call('fillDrill', 1_600, 6_000, 'runtime.wait'), call('checkDrill', 6_000, 9_000),
    call('startDrill', 6_500, 6_900), call('removeDrill', 9_000, 9_900),
  ];
  expect(ownTime(calls, 10)).toEqual({ wholeSeconds: 10, dataSeconds: 7.5, ownSeconds: 2.5 });
  expect(stepsText(calls).split('\n').map((line) => line.replaceAll(/ +/g, ' ').trim())).toEqual([
    '0.00 s prepareDrill 1.00 s (own)', '1.50 s fillDrill:postgres 5.00 s', '2.00 s fillDrill:redis 2.00 s', '6.00 s checkDrill 3.00 s', '6.50 s startDrill 0.40 s (own)', '9.00 s removeDrill 0.90 s (own)',
  ]);
});

test('a drill of which nothing was seen has no time of its own', () => {
  expect(ownTime([call('prepareDrill', 0, 1_000)], 10).ownSeconds).toBeNaN();
});
