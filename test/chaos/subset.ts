/** A few cases on one stage, for the tests that carry a subset of the sweep. */
import { createDoomedWorkers } from './fault/doomed-worker.ts';
import type { FaultPoint } from './fault/fault-point.ts';
import { runUntilStruck, type CaseResult, type Setting } from './run-case.ts';
import { scenarioNamed } from './scenarios.ts';
import { startStage, type Stage } from './stage/stage.ts';

export type Attempt = (setting: Setting) => Promise<CaseResult>;

export interface Subset {
  /** The stage of now: another one after a violation, so that what that left is not taken for the next case's. */
  stage(): Stage;
  run(point: FaultPoint, attempt: Attempt): Promise<CaseResult>;
  stop(): Promise<void>;
}

export async function openSubset(): Promise<Subset> {
  const workers = createDoomedWorkers();
  let stage = await startStage();
  let last: CaseResult | null = null;
  return {
    stage: () => stage,
    run: async (point, attempt) => {
      if (last !== null && last.violations.length > 0) {
        await stage.stop();
        stage = await startStage();
      }
      last = await runUntilStruck(stage, scenarioNamed(point.scenario), last, () => workers.next(), attempt);
      return last;
    },
    stop: async () => {
      await workers.stop();
      await stage.stop();
    },
  };
}

/** What a case should have come to: it hit, nothing was violated, and unless its run was terminated it left nothing that had to be reaped. */
export const clean = { missed: false, violations: [], reaped: [] } as const;
export const verdictOf = ({ missed, violations, reaped, outcome }: CaseResult): object => ({ missed, violations, reaped: outcome.status === 'TERMINATED' ? [] : reaped });
