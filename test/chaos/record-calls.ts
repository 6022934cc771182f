/** The dry run: every activity that a scenario calls, and within each every call that changes something or takes long, in the order of their beginning. */
import { callText, type ActivityCall } from './fault/fault-point.ts';
import { instrument } from './fault/instrument.ts';
import { twistOf } from './fault/twist.ts';
import { begin, besideOwnHost, endedAndReleased, endWithinMs } from './run-case.ts';
import type { DoomedWorker } from './fault/doomed-worker.ts';
import type { Scenario } from './scenarios.ts';
import { runToEnd } from './stage/drive.ts';
import type { Stage } from './stage/stage.ts';
import { withWorker } from './stage/worker.ts';

export type Store = 'postgres' | 'redis';

export interface RecordedCall {
  /** `runtime.exec#1`, `storage.createExclusive#1` … */
  readonly name: string;
  /** The stores that ran when it began, and when it was done: nothing else can be killed there. */
  readonly runningDuring: readonly Store[];
  readonly runningAfter: readonly Store[];
}

/** One that failed (a note that another step had written before) has no afterwards to strike in. */
type Recording = Omit<RecordedCall, 'runningAfter'> & { runningAfter: readonly Store[] | null };

const isDone = (recording: Recording): recording is RecordedCall => recording.runningAfter !== null;

export interface RecordedActivity {
  readonly scenario: string;
  readonly call: ActivityCall;
  readonly runningBefore: readonly Store[];
  readonly changes: readonly RecordedCall[];
}

/** @throws when the scenario does not end as it has to without any other fault */
export async function recordCalls(stage: Stage, scenario: Scenario, nextWorker: () => DoomedWorker): Promise<readonly RecordedActivity[]> {
  const recorded = new Map<string, { scenario: string; call: ActivityCall; runningBefore: readonly Store[]; changes: Recording[] }>();
  const beginning = await scenario.prepare({ stage, isRepeated: false, nextWorker });
  const instrumented = instrument(stage.workerHost(scenario.host ?? 'own').config, {
    before: async (call) => void recorded.set(callText(call), { scenario: scenario.name, call, runningBefore: await runningStores(stage), changes: [] }),
    around: async (call, name, run) => {
      const recording: Recording = { name, runningDuring: await runningStores(stage), runningAfter: null };
      recorded.get(callText(call))?.changes.push(recording);
      const result = await run();
      recording.runningAfter = await runningStores(stage);
      return result;
    },
  });
  const outcome = await besideOwnHost({ stage, scenario }, () => withWorker(() => stage.startWorker(instrumented, twistOf(scenario.name), scenario.host), async () => {
    const run = await begin(stage, scenario, beginning);
    return endedAndReleased({ stage }, runToEnd(stage.service, run, endWithinMs));
  }));
  if (outcome.status !== scenario.end.status || outcome.failure !== scenario.end.failure) throw new Error(`the dry run of ${scenario.name} ended ${outcome.status} ${outcome.failure} ${outcome.message}`);
  const { struck } = scenario;
  const isStruck = ({ activity, component, number }: ActivityCall, name: string): boolean => [activity, `${activity}:${component}`, `${activity}#${number}`].includes(name);
  const missing = (struck ?? []).filter((name) => ![...recorded.values()].some(({ call }) => isStruck(call, name)));
  if (missing.length > 0) throw new Error(`the dry run of ${scenario.name} never came to ${missing.join(', ')}`);
  return [...recorded.values()].filter(({ call }) => call.runbook === scenario.runbook && (struck === undefined || struck.some((name) => isStruck(call, name))))
    .map((activity) => ({ ...activity, changes: activity.changes.filter(isDone) }));
}

async function runningStores({ service }: Stage): Promise<readonly Store[]> {
  const stores = ['postgres', 'redis'] as const;
  const states = await Promise.all(stores.map(async (store) => (await service.runtime.inspect(service[store])).state));
  return stores.filter((_, index) => states[index] === 'running');
}
