/** A few cases of the kill sweep (`npm run test:chaos` runs all of them): a database, a server or the run itself dies while the worker lives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureTemporalCli } from '../../devbox/temporal-cli.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import type { CaseResult } from '../chaos/run-case.ts';
import { withEngineVictim, withTemporalVictim } from '../chaos/servers.ts';
import { clean, openSubset, verdictOf, type Subset } from '../chaos/subset.ts';
import { crash, runStrikeCase, runTerminateCase, type Strike } from '../chaos/victims.ts';

let subset: Subset;

beforeAll(async () => {
  subset = await openSubset();
});
afterAll(async () => subset?.stop());

test('a database crashes in mid cut-over', async () => {
  const point = parsePoint('restoreBackup/swapComponent:redis#1/before');
  expect(verdictOf(await subset.run(point, (setting) => runStrikeCase(setting, point, 'postgres', 'postgres crashes', crash('postgres'))))).toEqual(clean);
});

test.each([
  ['back', 'restoreBackup/swapComponent:postgres#1/after', 'live'],
  ['forward', 'restoreBackup/openComponent:redis#1/before', 'saved'],
  ['back, the whole server', 'restoreToPointInTime/swapComponent:postgres#1/during:runtime.wait#1', 'live'],
])('a run that is terminated in mid cut-over is repaired: %s', async (_way, text, side) => {
  const point = parsePoint(text);
  expect(verdictOf(await subset.run(point, (setting) => runTerminateCase(setting, point, 'dies')))).toEqual(clean);
  const { service } = subset.stage();
  expect(await service.sql('SELECT word FROM state')).toBe(side);
  expect(await service.redisCli('GET', 'state')).toBe(side);
});

/** On a stage of its own, beside a server that nobody else uses. */
async function strikeOnce(victim: 'temporal' | 'engine', text: string, strike: Strike): Promise<CaseResult> {
  const point = parsePoint(text);
  const own = await openSubset();
  try {
    return await own.run(point, (setting) => runStrikeCase(setting, point, victim, `${victim} killed`, strike));
  } finally {
    await own.stop();
  }
}

test('the Temporal server dies in mid cut-over', async () => {
  const workDirectory = await mkdtemp(join(tmpdir(), 'holdfast-kill-others-'));
  try {
    const environment = { temporalCli: await ensureTemporalCli(), workDirectory };
    const result = await withTemporalVictim(environment, (strike) => strikeOnce('temporal', 'restoreBackup/swapComponent:redis#1/during:runtime.wait#1', strike));
    expect(verdictOf(result)).toEqual(clean);
    expect(result.outcome).toMatchObject({ status: 'COMPLETED' });
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
});

test.each([
  ['a dump', 'takeBackup/backUpComponent:postgres#1/during:runtime.wait#1'],
  ['an exchange of the whole server', 'restoreToPointInTime/swapComponent:postgres#1/during:runtime.wait#1'],
])('the Docker engine dies in the midst of %s', async (_what, point) => {
  expect(verdictOf(await withEngineVictim((strike) => strikeOnce('engine', point, strike)))).toEqual(clean);
});
