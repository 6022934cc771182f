/** A few cases of the kill sweep (`npm run test:chaos` runs all of them): the worker dies where it is worst, and everything still ends well. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { runKillCase } from '../chaos/run-case.ts';
import { clean, openSubset, verdictOf, type Subset } from '../chaos/subset.ts';
import { cases } from '../support/cases.ts';

let subset: Subset;

beforeAll(async () => {
  subset = await openSubset(2);
});
afterAll(async () => subset?.stop());

cases<readonly [point: string, status: string, failure: string | null]>([
  ['restoreBackup/swapComponent:postgres#1/after', 'COMPLETED', null],
  ['restoreToPointInTime/finishRecovery:postgres#1/done:runtime.stop#1', 'COMPLETED', null],
], [
  ['undoRestore/swapComponent:redis#1/during:runtime.wait#1', 'COMPLETED', null],
  ['takeBackup/backUpComponent:postgres#1/during:runtime.wait#1', 'COMPLETED', null],
  ['takeBackup/commitBackup#1/after', 'COMPLETED', null],
  ['proveBackup/proveComponent:postgres#1/during:runtime.wait#1', 'COMPLETED', null],
  ['importBackup/takeFile:postgres#1/during:runtime.wait#1', 'COMPLETED', null],
  ['exportBackup/exportComponent:postgres#1/during:runtime.wait#1', 'COMPLETED', null],
  ['restoreBackup/prepareComponent:postgres#1/during:runtime.wait#1', 'COMPLETED', null],
  ['restoreBackup/beginCutOver#1/done:storage.createExclusive#2', 'COMPLETED', null],
  ['restoreBackup/closeComponent:redis#1/done:runtime.exec#3', 'COMPLETED', null],
  ['restoreBackup/openComponent:redis#1/done:runtime.start#1', 'COMPLETED', null],
  ['cloneService/fillCopy:postgres#1/during:runtime.wait#2', 'COMPLETED', null],
  ['restoreBackup+swapFails/rollBackComponent:redis#1/during:runtime.wait#1', 'FAILED', 'CutOverFailed'],
], test.concurrent)('the worker dies: %s', async ([text, status, failure]) => {
  const result = await subset.run(parsePoint(text), (setting) => runKillCase(setting, parsePoint(text)));
  expect(verdictOf(result)).toEqual(clean);
  expect(result.outcome).toMatchObject({ status, failure });
});
