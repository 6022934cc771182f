/** Reports as `recordDrill` writes them on a stage: signed with a key of the test's, read back out of the repository. */
import type { DrillFindings } from '../../../src/activities/drill/record-activities.ts';
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import type { DrillReport } from '../../../src/domain/drill/drill-report.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { readReport } from '../../../src/report/read-report.ts';
import { signReport } from '../../../src/report/signed-report.ts';
import { createSigningKeyPem, parseSigningKey } from '../../../src/report/signing-key.ts';
import { stageNamespace, type ActivityStage } from '../../support/activity-stage.ts';

const key = parseSigningKey(createSigningKeyPem());

export const drillRun = (runId: string) => ({ namespaceId: stageNamespace, workflowId: 'holdfast/drill/shop/x', runId, runbook: 'runDrill' });

/** A drill that came to nothing yet. */
export const nothingFound: DrillFindings = {
  service: 'shop', kind: 'restore', chosen: null, servers: [], checks: [], phases: [], tests: null, cleanUp: { outcome: 'clean', removed: 0, leftovers: [] },
  requestedAt: '2026-11-24T02:00:00.000Z', finishedAt: '2026-11-24T02:10:00.000Z', lastCheckPassedAt: '2026-11-24T02:09:00.000Z', requestedBy: null, reason: null, startedBy: 'person',
};

export async function recordedReport(stage: ActivityStage, runId: string, service: ServiceDefinition, facts: DrillFindings, changed: Partial<ActivityDependencies> = {}): Promise<DrillReport> {
  const runtime = { ping: async () => ({ version: '28.5.1' }), findImage: async (id: string) => ({ id, volumes: [], environment: {}, digests: [] }) } as unknown as ActivityDependencies['runtime'];
  const runs = { namespaceId: stageNamespace, serverVersion: async () => '1.30.0' } as ActivityDependencies['runs'];
  const { drillId } = await stage.as(drillRun(runId), { services: new Map([[service.name, service]]), signReport: async (report) => signReport(report, key), runtime, runs, ...changed }).recordDrill(facts);
  const { signed } = readReport(await stage.repository.drills.readReport('shop', drillId) ?? '');
  if (signed === null) throw new Error('what was written is no report');
  return signed.report;
}
