/** A few cases of the kill sweep (`npm run test:chaos` runs all of them): a database or the run itself dies while the worker lives. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { clean, openSubset, verdictOf, type Subset } from '../chaos/subset.ts';
import { crash, runStrikeCase, runTerminateCase } from '../chaos/victims.ts';
import { cases } from '../support/cases.ts';

let subset: Subset;

beforeAll(async () => {
  subset = await openSubset(2);
});
afterAll(async () => subset?.stop());

test.concurrent('a database crashes in mid cut-over', async () => {
  const point = parsePoint('restoreBackup/swapComponent:redis#1/before');
  expect(verdictOf(await subset.run(point, (setting) => runStrikeCase(setting, point, 'postgres', 'postgres crashes', crash('postgres'))))).toEqual(clean);
});

cases([
  ['back, the whole server', 'restoreToPointInTime/swapComponent:postgres#1/during:runtime.wait#1', 'live'],
], [['forward', 'restoreBackup/openComponent:redis#1/before', 'saved'], ['back', 'restoreBackup/swapComponent:postgres#1/after', 'live']], test.concurrent)('a run that is terminated in mid cut-over is repaired: %s', async ([, text, side]) => {
  const point = parsePoint(text);
  const sides: string[] = [];
  const result = await subset.run(point, (setting) => runTerminateCase(setting, point, 'dies'), async ({ service }) => {
    sides.push(await service.sql('SELECT word FROM state'), await service.redisCli('GET', 'state'));
  });
  expect(verdictOf(result)).toEqual(clean);
  expect(sides).toEqual([side, side]);
});
