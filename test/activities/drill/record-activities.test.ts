/** What a report takes over from those of before. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { signedReportText } from '../../../src/report/signed-report.ts';
import { reportSigner, trustedReportKeys } from '../../../src/worker/report-key.ts';
import { sampleReport } from '../../report/sample-report.ts';
import { nothingFound, recordedReport } from './drill-record.ts';
import { openActivityStage, type ActivityStage } from '../../support/activity-stage.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

const environment = (state: string): NodeJS.ProcessEnv => ({ HOLDFAST_STATE_DIR: join(stage.directory, state) });
const run = (runId: string) => ({ namespaceId: 'namespace', workflowId: 'holdfast/drill/shop/d', runId });

/** The trend of a drill that could not even choose a backup, with these keys named in the configuration. */
async function trendWith(runId: string, keys: readonly string[]): Promise<number | undefined> {
  const settings = { keepMs: 86_400_000, keys };
  const report = await recordedReport(stage, runId, stage.service, nothingFound, { signReport: reportSigner(settings, environment('state')), trustedReportKeys: trustedReportKeys(settings, environment('state')) });
  return report.trend.drills;
}

it('counts past drills only where it trusts the key that signed their report', async () => {
  await stage.repository.open();
  const { drillId } = await stage.repository.drills.claim('shop', 'restore', run('stranger'), Date.parse('2026-11-23T02:00:00Z'));
  const signed = await reportSigner(undefined, environment('elsewhere'))(sampleReport({ service: 'shop', drillId }));
  await stage.repository.drills.recordReport('shop', drillId, signedReportText(signed));
  expect(await trendWith('first', [])).toBe(1);
  // The first of its own is among them.
  expect(await trendWith('second', [])).toBe(2);
  expect(await trendWith('third', [signed.signature.fingerprint])).toBe(4);
});
