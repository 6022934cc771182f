/** A few cases on a stage or two, for the tests that carry a subset of the sweep. */
import { createDoomedWorkers } from './fault/doomed-worker.ts';
import type { FaultPoint } from './fault/fault-point.ts';
import { runUntilStruck, type CaseResult, type Setting } from './run-case.ts';
import { scenarioNamed } from './scenarios.ts';
import { stageWith, type Stage } from './stage/stage.ts';

export type Attempt = (setting: Setting) => Promise<CaseResult>;

export interface Subset {
  /** Waits for a free stage. `look` sees what the case left, before the next one has that stage. */
  run(point: FaultPoint, attempt: Attempt, look?: (stage: Stage) => Promise<void>): Promise<CaseResult>;
  stop(): Promise<void>;
}

interface Lane {
  /** Another one after a violation, so that what that left is not taken for the next case's. */
  stage: Stage;
  last: CaseResult | null;
}

/** @param stages so many cases run side by side: most of a case is waiting for what is to be given up */
export async function openSubset(stages: number): Promise<Subset> {
  const workers = createDoomedWorkers();
  const lanes: Lane[] = (await Promise.all(Array.from({ length: stages }, () => stageWith()))).map((stage) => ({ stage, last: null }));
  const free = [...lanes];
  const waiting: ((lane: Lane) => void)[] = [];
  const take = async (): Promise<Lane> => free.shift() ?? new Promise((resolve) => waiting.push(resolve));
  const give = (lane: Lane): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(lane);
    else next(lane);
  };
  return {
    run: async (point, attempt, look) => {
      const lane = await take();
      const scenario = scenarioNamed(point.scenario);
      try {
        if (lane.last !== null && lane.last.violations.length > 0) {
          await lane.stage.stop();
          lane.stage = await stageWith(scenario.room);
        }
        lane.stage = await stageWith(scenario.room, lane.stage);
        lane.last = await runUntilStruck(lane.stage, scenario, lane.last, () => workers.next(), attempt);
        await look?.(lane.stage);
        return lane.last;
      } finally {
        give(lane);
      }
    },
    stop: async () => {
      await workers.stop();
      await Promise.all(lanes.map(({ stage }) => stage.stop()));
    },
  };
}

/** What a case should have come to: it hit, nothing was violated, and unless its run was terminated it left nothing that had to be reaped. */
export const clean = { missed: false, violations: [], reaped: [] } as const;
export const verdictOf = ({ missed, violations, reaped, outcome }: CaseResult): object => ({ missed, violations, reaped: outcome.status === 'TERMINATED' ? [] : reaped });
