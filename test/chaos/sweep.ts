/** Runs cases on several stages side by side (most of a case is waiting), and tells each result as it comes. */
import type { ChaosCase } from './cases.ts';
import { createDoomedWorkers, type DoomedWorker } from './fault/doomed-worker.ts';
import { notCarriedOut, runUntilStruck, type CaseResult } from './run-case.ts';
import { scenarioNamed } from './scenarios.ts';
import { stageWith, type Stage } from './stage/stage.ts';

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
      stage = await stageWith(scenarioNamed(next.scenario).room, stage);
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

async function runOne(stage: Stage, next: ChaosCase, last: CaseResult | null, nextWorker: () => DoomedWorker): Promise<CaseResult> {
  const beganAt = Date.now();
  try {
    return await runUntilStruck(stage, scenarioNamed(next.scenario), last, nextWorker, next.run);
  } catch (error) {
    return notCarriedOut(next.name, next.scenario, error, (Date.now() - beganAt) / 1000);
  }
}
