/** A strike says whether it hit: what was done before it could be struck was not struck. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parsePoint, pointText } from './fault-point.ts';
import { mostHaste, strikeAt } from './strike.ts';

const text = 'restoreBackup+swapFails/rollBackComponent:redis#1/during:runtime.wait#1';
const point = parsePoint(text);

async function strikesIn(workMs: number, haste: number, atWork = true): Promise<number> {
  let strikes = 0;
  const probe = strikeAt(point, async () => void (strikes += 1), haste);
  let over = false;
  const run = async (): Promise<void> => {
    await pause(workMs);
    over = true;
  };
  await probe.around?.(point, 'runtime.wait#1', run, async () => atWork && !over);
  return strikes;
}

test('a point is written as it is read, its twist included', () => {
  expect(pointText(point)).toBe(text);
  expect(point).toMatchObject({ scenario: 'restoreBackup+swapFails', runbook: 'restoreBackup', activity: 'rollBackComponent', component: 'redis' });
});

test('a helper at work is struck, once', async () => {
  expect(await strikesIn(1_000, 0)).toBe(1);
});

test('a helper that was done sooner is not struck, and with more haste it is', async () => {
  expect(await strikesIn(60, 0)).toBe(0);
  expect(await strikesIn(60, mostHaste)).toBe(1);
});

test('a helper that never ran is not struck', async () => {
  expect(await strikesIn(30, mostHaste, false)).toBe(0);
});

test('another call, another activity and another component are left alone', async () => {
  let strikes = 0;
  const probe = strikeAt(point, async () => void (strikes += 1));
  for (const [call, name] of [[point, 'runtime.wait#2'], [{ ...point, component: 'postgres' }, 'runtime.wait#1'], [{ ...point, activity: 'swapComponent' }, 'runtime.wait#1']] as const) {
    await probe.around?.(call, name, () => pause(200), async () => true);
  }
  expect(strikes).toBe(0);
});
