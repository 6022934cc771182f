/** What drills have left in a stage's repository, and what a run may have added to it: a claim and one report, which never says more than what was found out. */
import type { DrillReport } from '../../../src/domain/drill/drill-report.ts';
import { readReport } from '../../../src/report/read-report.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import type { Outcome } from './drive.ts';

export interface ObservedDrill {
  readonly drillId: string;
  /** Null where the claim cannot be read. */
  readonly runId: string | null;
  /** As it is stored; null where the drill ended before it. */
  readonly text: string | null;
  readonly report: Pick<DrillReport, 'verdict' | 'checks' | 'run'> & { readonly cleanUp: Pick<DrillReport['cleanUp'], 'outcome'> } | null;
}

export async function readDrills({ drills }: Repository, service: string): Promise<readonly ObservedDrill[]> {
  return Promise.all((await drills.list(service)).map(async ({ drillId, claim }): Promise<ObservedDrill> => {
    const text = await drills.readReport(service, drillId);
    return { drillId, runId: claim?.run.runId ?? null, text, report: text === null ? null : readReport(text).signed?.report ?? null };
  }));
}

export interface DrillTrial {
  readonly runbook: string;
  readonly runId: string;
  readonly outcome: Pick<Outcome, 'status' | 'failure'>;
  /** Names of the checks that the drill was to make. */
  readonly promised: readonly string[];
}

export function judgeDrills({ runbook, runId, outcome, promised }: DrillTrial, before: readonly ObservedDrill[], after: readonly ObservedDrill[]): string[] {
  const lost = before.filter(({ drillId, text }) => !after.some((each) => each.drillId === drillId && (text === null || each.text === text))).map(({ drillId }) => `the report of drill ${drillId} is another, or gone`);
  const made = after.filter(({ drillId }) => !before.some((each) => each.drillId === drillId));
  const isDone = runbook === 'runDrill' && outcome.status === 'COMPLETED';
  return [
    ...lost,
    ...made.filter((each) => each.runId !== runId).map(({ drillId }) => `drill ${drillId} is no run's that was here`),
    ...(made.length > 1 ? [`${made.length} drills of one run`] : []),
    ...(isDone && made[0]?.report?.verdict !== 'proven' ? ['it completed without a report that says proven'] : []),
    ...made.flatMap((drill) => judgeReport(drill, runId, outcome, promised)),
  ];
}

function judgeReport({ drillId, text, report }: ObservedDrill, runId: string, outcome: DrillTrial['outcome'], promised: readonly string[]): string[] {
  if (text === null) return [];
  if (report === null) return [`the report of drill ${drillId} cannot be read`];
  const found = report.run.runId === runId ? [] : [`the report of drill ${drillId} is of run ${report.run.runId}`];
  if (report.verdict !== 'proven') return found;
  if (outcome.status === 'FAILED') found.push(`it failed with ${outcome.failure} and its report says proven`);
  if (report.cleanUp.outcome !== 'clean' && outcome.status === 'COMPLETED') found.push(`it completed, and its report says of the clean-up ${report.cleanUp.outcome}`);
  const passed = (name: string): boolean => {
    const answers = report.checks.filter((check) => check.name === name || check.name.startsWith(`${name}:`));
    return answers.length > 0 && answers.every(({ verdict }) => verdict === 'proven');
  };
  return [...found, ...promised.filter((name) => !passed(name)).map((name) => `proven without ${name}`)];
}
