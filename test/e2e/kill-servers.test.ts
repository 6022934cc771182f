/** A few cases of the kill sweep (`npm run test:chaos` runs all of them): the Temporal server or the Docker engine dies. One after the other: each has this process look elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureTemporalCli } from '../../devbox/temporal-cli.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import type { CaseResult } from '../chaos/run-case.ts';
import { withEngineVictim, withTemporalVictim } from '../chaos/servers.ts';
import { clean, openSubset, verdictOf } from '../chaos/subset.ts';
import { runStrikeCase, type Strike } from '../chaos/victims.ts';
import { cases } from '../support/cases.ts';

/** On a stage of its own, beside a server that nobody else uses. */
async function strikeOnce(victim: 'temporal' | 'engine', text: string, strike: Strike): Promise<CaseResult> {
  const point = parsePoint(text);
  const own = await openSubset(1);
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

cases([
  ['an exchange of the whole server', 'restoreToPointInTime/swapComponent:postgres#1/during:runtime.wait#1'],
], [['a dump', 'takeBackup/backUpComponent:postgres#1/during:runtime.wait#1']])('the Docker engine dies in the midst of %s', async ([, point]) => {
  expect(verdictOf(await withEngineVictim((strike) => strikeOnce('engine', point, strike)))).toEqual(clean);
});
