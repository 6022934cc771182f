/** The dry run: every activity that a runbook calls, and within each every call that changes something, in the order of their beginning. */
import type { ActivityCall } from './fault/fault-point.ts';
import { callText } from './fault/fault-point.ts';
import { runToEnd } from './stage/drive.ts';
import { instrument } from './fault/instrument.ts';
import { endWithinMs, inputOf, prepareStage, type Runbook } from './run-case.ts';
import { withWorker, type Stage } from './stage/stage.ts';

export interface RecordedActivity {
  readonly call: ActivityCall;
  /** `runtime.exec#1`, `storage.createExclusive#1` … */
  readonly changes: readonly string[];
}

/** @throws when the runbook does not complete without any fault */
export async function recordCalls(stage: Stage, runbook: Runbook): Promise<readonly RecordedActivity[]> {
  const recorded = new Map<string, { call: ActivityCall; changes: string[] }>();
  const { config } = stage.service;
  const instrumented = instrument(config, {
    before: async (call) => void recorded.set(callText(call), { call, changes: [] }),
    around: (call, name, run) => {
      recorded.get(callText(call))?.changes.push(name);
      return run();
    },
  });
  await prepareStage(stage, runbook, null);
  const outcome = await withWorker(() => stage.startWorker(instrumented), async () => runToEnd(stage.service, await stage.service.start(runbook, inputOf(stage, runbook)), endWithinMs));
  if (outcome.status !== 'COMPLETED') throw new Error(`the dry run of ${runbook} ended ${outcome.status} ${outcome.failure} ${outcome.message}`);
  return [...recorded.values()].filter(({ call }) => call.runbook === runbook);
}
