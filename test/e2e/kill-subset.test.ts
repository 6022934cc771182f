/** A few cases of the kill sweep (`npm run test:chaos` runs all of them): where a death is worst, everything still ends well and nothing is left. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDoomedWorkers } from '../chaos/fault/doomed-worker.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { prepareStage, runKillCase, type CaseResult } from '../chaos/run-case.ts';
import { startStage, type Stage } from '../chaos/stage/stage.ts';
import { crash, runStrikeCase, runTerminateCase } from '../chaos/victims.ts';

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

async function expectNoViolation(runbook: string, attempt: () => Promise<CaseResult>): Promise<CaseResult> {
  // What a violation left must not be taken for what the next case leaves.
  if (last !== null && last.violations.length > 0) {
    await stage.stop();
    stage = await startStage();
  }
  await prepareStage(stage, runbook, last);
  last = await attempt();
  expect({ missed: last.missed, violations: last.violations }).toEqual({ missed: false, violations: [] });
  return last;
}

test.each([
  'takeBackup/backUpComponent:postgres#1/during:runtime.wait#1',
  'takeBackup/commitBackup#1/after',
  'restoreBackup/prepareComponent:postgres#1/during:runtime.wait#1',
  'restoreBackup/beginCutOver#1/done:storage.createExclusive#2',
  'restoreBackup/closeComponent:redis#1/done:runtime.exec#3',
  'restoreBackup/swapComponent:postgres#1/after',
  'restoreBackup/openComponent:redis#1/done:runtime.start#1',
  'undoRestore/swapComponent:redis#1/during:runtime.wait#1',
])('the worker dies: %s', async (text) => {
  const point = parsePoint(text);
  const { outcome } = await expectNoViolation(point.runbook, () => runKillCase(stage, workers.next(), point));
  expect(outcome).toMatchObject({ status: 'COMPLETED' });
});

test('a database crashes in mid cut-over', async () => {
  const point = parsePoint('restoreBackup/swapComponent:redis#1/before');
  await expectNoViolation(point.runbook, () => runStrikeCase(stage, point, 'postgres crashes', crash('postgres')));
});

test.each([
  ['back', 'restoreBackup/swapComponent:postgres#1/after', 'live'],
  ['forward', 'restoreBackup/openComponent:redis#1/before', 'saved'],
])('a run that is terminated in mid cut-over is repaired: %s', async (_way, text, side) => {
  const point = parsePoint(text);
  await expectNoViolation(point.runbook, () => runTerminateCase(stage, workers.next(), point, 'dies'));
  expect(await stage.service.sql('SELECT word FROM state')).toBe(side);
  expect(await stage.service.redisCli('GET', 'state')).toBe(side);
});
