/** One case: a stage in a known state, a runbook, a stroke at a point, a healthy worker, the end, and what is found then. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { temporalAddress } from '../support/test-environment.ts';
import { testWorkflows } from '../support/workflow-bundle.ts';
import type { DoomedOrder } from './fault/chaos-worker.ts';
import type { DoomedWorker } from './fault/doomed-worker.ts';
import { pointText, type FaultPoint } from './fault/fault-point.ts';
import { mostHaste } from './fault/strike.ts';
import { twistOf } from './fault/twist.ts';
import type { Beginning } from './preparations.ts';
import type { Scenario } from './scenarios.ts';
import { runToEnd, type Outcome } from './stage/drive.ts';
import { judgeData, judgeEffects, judgeLeftovers, judgeOutcome, leftWithoutReason, type Trial, type Victim } from './stage/judge.ts';
import { watchLiveNames, type WatchedStore } from './stage/live-names.ts';
import { leaseStaysHeld, observe, type StageState } from './stage/observe.ts';
import type { Stage } from './stage/stage.ts';
import { withWorker } from './stage/worker.ts';

export interface CaseResult {
  readonly name: string;
  readonly scenario: string;
  readonly outcome: Outcome;
  /** Nothing was struck: the run never came to the point, or what was to be hit was not there. Then nothing was tried. */
  readonly missed: boolean;
  /** What the run left and `reapLeftovers` then removed. Where nobody could have cleaned up it is allowed; else it stands among the violations too. */
  readonly reaped: readonly string[];
  readonly violations: readonly string[];
  readonly seconds: number;
}

/** A stage that is ready for one run of a scenario. */
export interface Setting {
  readonly stage: Stage;
  readonly scenario: Scenario;
  readonly beginning: Beginning;
  /** How soon a helper is struck: more, where it was done before it could be (strike.ts). */
  readonly haste: number;
  nextWorker(): DoomedWorker;
}

/** A run has this long once a healthy worker is there. */
export const endWithinMs = 300_000;
/** The doomed worker has this long to come to its point. */
const reachWithinMs = 60_000;

/** A helper that was done before it could be struck is tried again with more haste; what then is still missed counts as missed. */
export async function runUntilStruck(stage: Stage, scenario: Scenario, last: CaseResult | null, nextWorker: () => DoomedWorker, attempt: (setting: Setting) => Promise<CaseResult>): Promise<CaseResult> {
  for (let haste = 0, before = last; ; haste += 1) {
    const isRepeated = before !== null && before.violations.length === 0 && before.scenario === scenario.name;
    const result = await attempt({ stage, scenario, nextWorker, haste, beginning: await scenario.prepare({ stage, isRepeated, nextWorker }) });
    if (!result.missed || result.violations.length > 0 || haste === mostHaste) return result;
    before = result;
  }
}

/** A worker without a fault but the scenario's own, where it is struck. */
export const startHealthy = ({ stage, scenario }: Setting) => (): Promise<() => Promise<void>> => stage.startWorker(undefined, twistOf(scenario.name), scenario.host);

/** Where the run's steps are another host's, the service's own host goes on meanwhile: it takes the run, and nobody strikes it. */
export const besideOwnHost = <T>({ stage, scenario }: Pick<Setting, 'stage' | 'scenario'>, work: () => Promise<T>): Promise<T> =>
  (scenario.host === undefined || scenario.host === 'own' ? work() : withWorker(stage.startWorker, work));

/** What a worker is told that is to be struck there. */
export const doomedOrder = async ({ stage, scenario, haste }: Setting, point: FaultPoint, strike: DoomedOrder['strike']): Promise<DoomedOrder> =>
  ({ ...stage.workerHost(scenario.host ?? 'own'), temporalAddress: temporalAddress(), ...await testWorkflows(), point: pointText(point), strike, haste });

/** With the people around it. */
export async function begin(stage: Stage, scenario: Scenario, beginning: Beginning): Promise<WorkflowHandle> {
  const run = await (scenario.start?.(stage) ?? stage.service.start(scenario.runbook, scenario.input(stage, beginning)));
  void beside(run, stage, scenario.meanwhile);
  return run;
}

/** A server that has much to do refuses an answer now and then: whoever would end the run must not give up over that. */
async function beside(run: WorkflowHandleWithFirstExecutionRunId, stage: Stage, meanwhile: Scenario['meanwhile']): Promise<void> {
  for (let refused = 0; refused < mostRefused; refused += 1) {
    const done = await (meanwhile?.(run, stage) ?? Promise.resolve()).then(() => true, () => false);
    if (done) return;
    await pause(1_000);
  }
}
const mostRefused = 60;

/** SIGKILL of the worker at the point; another worker finishes what it began. */
export function runKillCase(setting: Setting, point: FaultPoint): Promise<CaseResult> {
  const { stage } = setting;
  return judged(setting, pointText(point), 'worker', async (start) => {
    const worker = setting.nextWorker();
    await worker.serve(await doomedOrder(setting, point, 'kill'));
    const run = await start();
    const ended = runToEnd(stage.service, run, reachWithinMs + endWithinMs);
    const signal = await Promise.race([worker.gone, ended.then(() => null)]);
    if (signal === null) {
      worker.signal('SIGKILL');
      await worker.gone;
    }
    return { missed: signal !== 'SIGKILL', outcome: await withWorker(startHealthy(setting), () => endedAndReleased(setting, ended)) };
  });
}

/** The worker outlives the run until its lease has ended too, as a worker does: the lease is a workflow, and its last step is first offered to the dead worker. */
export async function endedAndReleased({ stage }: Pick<Setting, 'stage'>, ended: Promise<Outcome>): Promise<Outcome> {
  const outcome = await ended;
  if (outcome.status === 'TERMINATED') return outcome;
  await endOfNewBase(stage, outcome);
  await leaseStaysHeld(stage.service);
  return outcome;
}

/** How the base backup ended that a restore to a moment started; null where it started none. A worker has to be there. */
const endOfNewBase = async ({ service }: Stage, { newBase }: Outcome): Promise<Outcome | null> =>
  (newBase === undefined ? null : runToEnd(service, service.client.workflow.getHandle(newBase), endWithinMs));

type Attempted = { readonly missed: boolean; readonly outcome: Outcome; readonly down?: Trial['down'] };

/** Looks before, meanwhile and after. `reapLeftovers` removes what the run left before that is looked at again, whether or not it may have left it. */
export async function judged(setting: Setting, name: string, victim: Victim, attempt: (start: () => Promise<WorkflowHandle>) => Promise<Attempted>): Promise<CaseResult> {
  const { stage, scenario, beginning } = setting;
  const beganAt = Date.now();
  const watch = watchLiveNames(stage.service, beginning.before.log?.timeline ?? null, mayBeSilent(setting, victim));
  let handle: WorkflowHandle | undefined;
  const attempted = await besideOwnHost(setting, () => attempt(async () => {
    handle = await begin(stage, scenario, beginning);
    return handle;
  })).finally(() => watch.end());
  const { missed, outcome, down = [] } = attempted;
  const complaints = [...await watch.end()];
  const runId = handle === undefined ? '' : (await handle.describe()).runId;
  const newBase = outcome.newBase === undefined ? null : await withWorker(startHealthy(setting), () => endOfNewBase(stage, outcome));
  const trialOf = (after: StageState): Trial => ({
    runbook: scenario.runbook, runId: beginning.repairedRunId ?? runId, victim: missed ? null : victim, end: scenario.end, outcome, newBase, down, before: beginning.before, after, ...(beginning.moves === undefined ? {} : { moves: beginning.moves }), ...(beginning.checks === undefined ? {} : { checks: beginning.checks }),
  });
  const first = trialOf(await observe(stage));
  const left = [...judgeLeftovers(first), ...(outcome.status === 'TERMINATED' ? judgeData(first) : [])];
  complaints.push(...leftWithoutReason(first, left).map((each) => `a run that ended by itself left ${each}`));
  const final = left.length === 0 ? first : trialOf(await afterReaping(setting, complaints));
  return {
    name, scenario: scenario.name, outcome, missed,
    reaped: left,
    violations: [...complaints, ...judgeOutcome(final), ...judgeData(final), ...judgeEffects(final), ...judgeLeftovers(final).map((each) => `left behind: ${each}`)],
    seconds: (Date.now() - beganAt) / 1000,
  };
}

/** What is struck, or stopped by the runbook itself; and what answered nobody before. */
function mayBeSilent({ scenario, beginning }: Setting, victim: Victim): readonly WatchedStore[] {
  if (victim === 'postgres' || victim === 'redis' || victim === 'engine' || scenario.runbook === 'enableWal') return ['PostgreSQL', 'Redis'];
  return beginning.before.troubles.map((trouble) => (trouble === 'redisUnusable' ? 'Redis' : 'PostgreSQL'));
}

async function afterReaping(setting: Setting, complaints: string[]): Promise<StageState> {
  const { stage } = setting;
  const reap = async (): Promise<Outcome> => endedAndReleased(setting, runToEnd(stage.service, await stage.service.start('reapLeftovers', { service: stage.service.name }), endWithinMs));
  const outcome = await besideOwnHost(setting, () => withWorker(() => stage.startWorker(undefined, undefined, setting.scenario.host), reap));
  if (outcome.status !== 'COMPLETED') complaints.push(`reapLeftovers ended ${outcome.status} ${outcome.failure}: ${outcome.message}`);
  return observe(stage);
}

/** What stands for a case that could not be carried out at all: a violation, not a reason to stop, for what a fault left may be why. */
export function notCarriedOut(name: string, scenario: string, error: unknown, seconds: number): CaseResult {
  const message = error instanceof Error ? error.stack ?? error.message : String(error);
  return { name, scenario, outcome: { status: 'UNKNOWN', failure: null, message }, missed: false, reaped: [], violations: [`the case could not be carried out: ${message}`], seconds };
}
