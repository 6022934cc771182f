/** A few cases of the kill sweep (`npm run test:chaos` runs all of them): where a death is worst, everything still ends well and nothing is left. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureTemporalCli } from '../../devbox/temporal-cli.ts';
import { createDoomedWorkers } from '../chaos/fault/doomed-worker.ts';
import { parsePoint, type FaultPoint } from '../chaos/fault/fault-point.ts';
import { runKillCase, runUntilStruck, type CaseResult, type Setting } from '../chaos/run-case.ts';
import { scenarioNamed } from '../chaos/scenarios.ts';
import { withEngineVictim, withTemporalVictim } from '../chaos/servers.ts';
import { startStage, type Stage } from '../chaos/stage/stage.ts';
import { crash, runStrikeCase, runTerminateCase, type Strike } from '../chaos/victims.ts';

let stage: Stage;
let last: CaseResult | null = null;
const workers = createDoomedWorkers();

beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  await workers.stop();
  await stage?.stop();
});

/** The case hit, nothing was violated, and unless its run was terminated it left nothing that had to be reaped. */
function expectClean({ missed, violations, reaped, outcome }: CaseResult): void {
  expect({ missed, violations, reaped: outcome.status === 'TERMINATED' ? [] : reaped }).toEqual({ missed: false, violations: [], reaped: [] });
}

async function expectNoViolation(point: FaultPoint, attempt: (setting: Setting) => Promise<CaseResult>): Promise<CaseResult> {
  // What a violation left must not be taken for what the next case leaves.
  if (last !== null && last.violations.length > 0) {
    await stage.stop();
    stage = await startStage();
  }
  last = await runUntilStruck(stage, scenarioNamed(point.scenario), last, () => workers.next(), attempt);
  expectClean(last);
  return last;
}

test.each([
  'takeBackup/backUpComponent:postgres#1/during:runtime.wait#1',
  'takeBackup/commitBackup#1/after',
  'proveBackup/proveComponent:postgres#1/during:runtime.wait#1',
  'restoreBackup/prepareComponent:postgres#1/during:runtime.wait#1',
  'restoreBackup/beginCutOver#1/done:storage.createExclusive#2',
  'restoreBackup/closeComponent:redis#1/done:runtime.exec#3',
  'restoreBackup/swapComponent:postgres#1/after',
  'restoreBackup/openComponent:redis#1/done:runtime.start#1',
  'undoRestore/swapComponent:redis#1/during:runtime.wait#1',
])('the worker dies: %s', async (text) => {
  const point = parsePoint(text);
  const { outcome } = await expectNoViolation(point, (setting) => runKillCase(setting, point));
  expect(outcome).toMatchObject({ status: 'COMPLETED' });
});

test('the worker dies in mid roll-back', async () => {
  const point = parsePoint('restoreBackup+swapFails/rollBackComponent:redis#1/during:runtime.wait#1');
  const { outcome } = await expectNoViolation(point, (setting) => runKillCase(setting, point));
  expect(outcome).toMatchObject({ status: 'FAILED', failure: 'CutOverFailed' });
});

test('a database crashes in mid cut-over', async () => {
  const point = parsePoint('restoreBackup/swapComponent:redis#1/before');
  await expectNoViolation(point, (setting) => runStrikeCase(setting, point, 'postgres', 'postgres crashes', crash('postgres')));
});

test.each([
  ['back', 'restoreBackup/swapComponent:postgres#1/after', 'live'],
  ['forward', 'restoreBackup/openComponent:redis#1/before', 'saved'],
])('a run that is terminated in mid cut-over is repaired: %s', async (_way, text, side) => {
  const point = parsePoint(text);
  await expectNoViolation(point, (setting) => runTerminateCase(setting, point, 'dies'));
  expect(await stage.service.sql('SELECT word FROM state')).toBe(side);
  expect(await stage.service.redisCli('GET', 'state')).toBe(side);
});

/** On a stage of its own, beside a server that nobody else uses. */
async function strikeOnce(victim: 'temporal' | 'engine', text: string, strike: Strike): Promise<CaseResult> {
  const point = parsePoint(text);
  const own = await startStage();
  try {
    return await runUntilStruck(own, scenarioNamed(point.scenario), null, () => workers.next(), (setting) => runStrikeCase(setting, point, victim, `${victim} killed`, strike));
  } finally {
    await own.stop();
  }
}

test('the Temporal server dies in mid cut-over', async () => {
  const workDirectory = await mkdtemp(join(tmpdir(), 'holdfast-kill-subset-'));
  try {
    const environment = { temporalCli: await ensureTemporalCli(), workDirectory };
    const result = await withTemporalVictim(environment, (strike) => strikeOnce('temporal', 'restoreBackup/swapComponent:redis#1/during:runtime.wait#1', strike));
    expectClean(result);
    expect(result.outcome).toMatchObject({ status: 'COMPLETED' });
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
});

test('the Docker engine dies in the midst of a dump', async () => {
  const result = await withEngineVictim((strike) => strikeOnce('engine', 'takeBackup/backUpComponent:postgres#1/during:runtime.wait#1', strike));
  expectClean(result);
});
