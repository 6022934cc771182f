/** One case: a stage in a known state, a runbook, a stroke at a point, a healthy worker, the end, and what is found then. */
import type { WorkflowHandle } from '@temporalio/client';
import { temporalAddress } from '../support/test-environment.ts';
import type { DoomedWorker } from './fault/doomed-worker.ts';
import { runToEnd, type Outcome } from './stage/drive.ts';
import { pointText, type FaultPoint } from './fault/fault-point.ts';
import { judgeData, judgeEffects, judgeLeftovers, judgeOutcome, type Trial } from './stage/judge.ts';
import { observe, type StageState } from './stage/observe.ts';
import { bundled, withWorker, type Stage } from './stage/stage.ts';

export interface CaseResult {
  readonly name: string;
  readonly outcome: Outcome;
  /** The run never came to the point: nothing was tried. */
  readonly missed: boolean;
  /** What the run left and `reapLeftovers` then removed: allowed, but worth knowing. */
  readonly reaped: readonly string[];
  readonly violations: readonly string[];
  readonly seconds: number;
}

export const runbooks = ['takeBackup', 'proveBackup', 'restoreBackup', 'undoRestore', 'acceptRestore'] as const;
export type Runbook = (typeof runbooks)[number];

/** A run has this long once a healthy worker is there. */
export const endWithinMs = 120_000;
/** The doomed worker has this long to come to its point. */
const reachWithinMs = 60_000;

export const inputOf = (stage: Stage, runbook: string): object => {
  const service = stage.service.name;
  if (runbook === 'takeBackup') return { service };
  if (runbook === 'undoRestore' || runbook === 'acceptRestore') return { service, run: 'latest' };
  return { service, backup: stage.backupId };
};

/** The state that a runbook begins in. An undo swaps the sides and leaves a copy again: the next one needs no new stage. */
export async function prepareStage(stage: Stage, runbook: string, last: CaseResult | null): Promise<void> {
  if (runbook !== 'undoRestore' && runbook !== 'acceptRestore') return stage.reset();
  if (runbook === 'undoRestore' && last !== null && last.violations.length === 0 && last.name.includes('undoRestore/')) {
    const { postgres, redis, repository } = await observe(stage);
    if (postgres !== null && postgres === redis && repository.rollbacks.filter(({ state }) => state === 'opened').length === 1) return;
  }
  return stage.resetToRestored();
}

/** SIGKILL of the worker at the point; another worker finishes what it began. */
export function runKillCase(stage: Stage, worker: DoomedWorker, point: FaultPoint): Promise<CaseResult> {
  return judged(stage, pointText(point), point.runbook, async (handle) => {
    await worker.serve({ config: stage.service.config, temporalAddress: temporalAddress(), ...await bundled(), point: pointText(point), strike: 'kill' });
    const run = await handle();
    const ended = runToEnd(stage.service, run, reachWithinMs + endWithinMs);
    const signal = await Promise.race([worker.gone, ended.then(() => null)]);
    if (signal === null) {
      worker.signal('SIGKILL');
      await worker.gone;
    }
    return { missed: signal !== 'SIGKILL', outcome: await withWorker(stage.startWorker, () => ended) };
  });
}

type Attempted = { readonly missed: boolean; readonly outcome: Outcome };

/** Looks before and after, and lets `reapLeftovers` remove what the run left before that counts. */
export async function judged(stage: Stage, name: string, runbook: string, attempt: (start: () => Promise<WorkflowHandle>) => Promise<Attempted>): Promise<CaseResult> {
  const beganAt = Date.now();
  const before = await observe(stage);
  let handle: WorkflowHandle | undefined;
  const { missed, outcome } = await attempt(async () => (handle = await stage.service.start(runbook, inputOf(stage, runbook))));
  const runId = handle === undefined ? '' : (await handle.describe()).runId;
  const trialOf = (after: StageState): Trial => ({ runbook, runId, outcome, before, after });
  const first = trialOf(await observe(stage));
  const left = [...judgeLeftovers(first), ...(outcome.status === 'TERMINATED' ? judgeData(first) : [])];
  const complaints: string[] = [];
  const final = left.length === 0 ? first : trialOf(await afterReaping(stage, complaints));
  return {
    name, outcome, missed,
    reaped: left,
    violations: [...complaints, ...judgeOutcome(final), ...judgeData(final), ...judgeEffects(final), ...judgeLeftovers(final).map((each) => `left behind: ${each}`)],
    seconds: (Date.now() - beganAt) / 1000,
  };
}

async function afterReaping(stage: Stage, complaints: string[]): Promise<StageState> {
  const outcome = await withWorker(stage.startWorker, async () => runToEnd(stage.service, await stage.service.start('reapLeftovers', { service: stage.service.name }), endWithinMs));
  if (outcome.status !== 'COMPLETED') complaints.push(`reapLeftovers ended ${outcome.status} ${outcome.failure}: ${outcome.message}`);
  return observe(stage);
}
