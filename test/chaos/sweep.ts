/** Runs cases on several stages side by side (most of a case is waiting), and tells each result as it comes. */
import { createDoomedWorkers } from './fault/doomed-worker.ts';
import type { ChaosCase } from './cases.ts';
import { prepareStage, type CaseResult } from './run-case.ts';
import { startStage, type Stage } from './stage/stage.ts';

export interface SweepOptions {
  readonly lanes: number;
  /** No case is begun after this. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  tell(result: CaseResult): void;
}

/** Answers the results; cases that were not begun in time are missing from them. */
export async function sweep(cases: readonly ChaosCase[], options: SweepOptions): Promise<readonly CaseResult[]> {
  const workers = createDoomedWorkers();
  const queue = [...cases];
  const results: CaseResult[] = [];
  const lane = async (): Promise<void> => {
    let stage: Stage | null = null;
    let last: CaseResult | null = null;
    for (let next = queue.shift(); next !== undefined && Date.now() < options.deadlineMs && !options.signal.aborted; next = queue.shift()) {
      stage ??= await startStage();
      last = await runOne(stage, next, last, () => workers.next());
      results.push(last);
      options.tell(last);
      // What a violation left is not worth telling from what the next case leaves: the next one gets a new stage.
      if (last.violations.length > 0) {
        await stage.stop();
        stage = null;
        last = null;
      }
    }
    await stage?.stop();
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.lanes, cases.length) }, lane));
  } finally {
    await workers.stop();
  }
  return results;
}

/** A case that cannot be carried out at all is a violation, not a reason to stop: what a fault left may be why. */
async function runOne(stage: Stage, next: ChaosCase, last: CaseResult | null, nextWorker: Parameters<ChaosCase['run']>[1]): Promise<CaseResult> {
  const beganAt = Date.now();
  try {
    await prepareStage(stage, next.runbook, last);
    return await next.run(stage, nextWorker);
  } catch (error) {
    const message = error instanceof Error ? error.stack ?? error.message : String(error);
    return { name: next.name, outcome: { status: 'UNKNOWN', failure: null, message }, missed: false, reaped: [], violations: [`the case could not be carried out: ${message}`], seconds: (Date.now() - beganAt) / 1000 };
  }
}
