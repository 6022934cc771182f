/** The ways of running a runbook that cases are made of: each runbook as it goes when all is well, and the ways back that only a fault or a human leads to. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { temporalAddress } from '../support/test-environment.ts';
import type { DoomedWorker } from './fault/doomed-worker.ts';
import { parsePoint } from './fault/fault-point.ts';
import { runToEnd, type Outcome } from './stage/drive.ts';
import { lostTable } from './stage/lost-table.ts';
import { observe, type StageState } from './stage/observe.ts';
import { bundled, type Stage } from './stage/stage.ts';

/** What a run is measured against. */
export interface Beginning {
  /** The stage before it; for a repair, before the run that it repairs. */
  readonly before: StageState;
  /** The run whose cut-over a repair finishes; null for everything else, which has at most its own. */
  readonly repairedRunId: string | null;
}

export interface Preparation {
  readonly stage: Stage;
  /** The last case of this stage ran this scenario and left nothing to complain about. */
  readonly isRepeated: boolean;
  nextWorker(): DoomedWorker;
}

export interface Scenario {
  /** The workflow's type, with `+` and a twist where it is not run as usual; fault points begin with it. */
  readonly name: string;
  readonly runbook: string;
  /** The activities that are struck; all, where it is absent. The others are those of the plain runbook. */
  readonly struck?: readonly string[];
  /** How it ends when nothing but its workers and the Temporal server is struck. */
  readonly end: Pick<Outcome, 'status' | 'failure'>;
  prepare(preparation: Preparation): Promise<Beginning>;
  input(stage: Stage): object;
  /** What people do to it while it runs. */
  meanwhile?(run: WorkflowHandle): Promise<void>;
}

const completed = { status: 'COMPLETED', failure: null };
const ofService = ({ service }: Stage): object => ({ service: service.name });
const ofBackup = ({ service, backupId }: Stage): object => ({ service: service.name, backup: backupId });
const ofBase = ({ service, baseId }: Stage): object => ({ service: service.name, backup: baseId });
/** Its own end: a moment that needs no archived log. */
const toBase = ({ service, baseId }: Stage): object => ({ service: service.name, to: `backup:${baseId}` });
const copyOfBase = (stage: Stage): object => ({ ...toBase(stage), name: 'chaos' });
const ofItems = ({ service, backupId }: Stage): object => ({ service: service.name, backup: backupId, tables: ['items'] });
const inLog = ({ service }: Stage): object => ({ service: service.name, shrunk: lostTable });
const ofItemsThen = (stage: Stage): object => ({ ...toBase(stage), tables: ['items'] });
const ofLatestRun = ({ service }: Stage): object => ({ service: service.name, run: 'latest' });

const onLiveSide = (what: 'dump' | 'base' | 'log') => async ({ stage }: Preparation): Promise<Beginning> => {
  await stage.reset(what);
  return { before: await observe(stage), repairedRunId: null };
};

const restored = (what: 'dump' | 'base') => async ({ stage }: Preparation): Promise<Beginning> => {
  await stage.resetToRestored(what);
  return { before: await observe(stage), repairedRunId: null };
};

/** An undo swaps the sides and leaves a copy again: the next one needs no new stage. */
const restoredOrUndone = (what: 'dump' | 'base') => async (preparation: Preparation): Promise<Beginning> => {
  if (!preparation.isRepeated) return restored(what)(preparation);
  const before = await observe(preparation.stage);
  const { postgres, redis, repository } = before;
  const isReady = postgres !== null && postgres === redis && repository.rollbacks.filter(({ state }) => state === 'opened').length === 1;
  return isReady ? { before, repairedRunId: null } : restored(what)(preparation);
};

/** A restore is terminated there and its worker dies: lease, fences, restart policies and a half-way cut-over are left. */
const terminatedAt = (point: string, what: 'dump' | 'base' = 'dump', input: Scenario['input'] = ofBackup) => async ({ stage, nextWorker }: Preparation): Promise<Beginning> => {
  await stage.reset(what);
  const before = await observe(stage);
  const worker = nextWorker();
  await worker.serve({ config: stage.service.config, temporalAddress: temporalAddress(), ...await bundled(), point, strike: 'hold' });
  const run = await stage.service.start(parsePoint(point).runbook, input(stage));
  const ended = runToEnd(stage.service, run, terminateWithinMs);
  const reached = await Promise.race([worker.reached.then(() => true), ended.then(() => false)]);
  if (reached) await run.terminate('chaos');
  worker.signal('SIGKILL');
  await worker.gone;
  const { status } = await ended;
  if (status !== 'TERMINATED') throw new Error(`the restore that was to be terminated at ${point} ended ${status}`);
  return { before, repairedRunId: (await run.describe()).runId };
};
const terminateWithinMs = 60_000;

/** As soon as the dump is under way. */
export async function cancelInBackUp(run: WorkflowHandle): Promise<void> {
  for (;;) {
    const { status, raw } = await run.describe();
    if (status.name !== 'RUNNING') return;
    if ((raw.pendingActivities ?? []).some((each) => each.activityType?.name === 'backUpComponent' && each.lastStartedTime != null)) return void (await run.cancel());
    await pause(50);
  }
}

const plain = (runbook: string, prepare: Scenario['prepare'], input: Scenario['input']): Scenario => ({ name: runbook, runbook, end: completed, prepare, input });

/** Of a restore to a moment that was terminated there. */
const repairOf = (twist: string, point: string): Scenario => ({ ...plain('reapLeftovers', terminatedAt(point, 'base', toBase), ofService), name: `reapLeftovers+${twist}`, struck: ['repairRun'] });

export const scenarios: readonly Scenario[] = [
  plain('takeBackup', onLiveSide('dump'), ofService),
  { ...plain('takeBackup', onLiveSide('dump'), ofService), name: 'takeBackup+cancelled', end: { status: 'CANCELLED', failure: null }, struck: ['abandonBackup', 'removeRunScratch'], meanwhile: cancelInBackUp },
  plain('verifyBackup', onLiveSide('dump'), ofBackup),
  plain('proveBackup', onLiveSide('dump'), ofBackup),
  plain('restoreBackup', onLiveSide('dump'), ofBackup),
  {
    ...plain('restoreBackup', onLiveSide('dump'), ofBackup), name: 'restoreBackup+swapFails', end: { status: 'FAILED', failure: 'CutOverFailed' },
    struck: ['rollBackComponent', 'finishRollBack', 'discardPreparedComponent', 'removeRunScratch'],
  },
  plain('restoreTables', onLiveSide('dump'), ofItems),
  { ...plain('restoreTables', onLiveSide('dump'), ofItemsThen), name: 'restoreTables+moment', struck: ['locatePoint', 'prepareTablesFromMoment'] },
  plain('undoRestore', restoredOrUndone('dump'), ofLatestRun),
  plain('acceptRestore', restored('dump'), ofLatestRun),
  plain('reapLeftovers', terminatedAt('restoreBackup/openComponent:redis#1/before'), ofService),
  { ...plain('reapLeftovers', terminatedAt('restoreBackup/swapComponent:redis#1/after'), ofService), name: 'reapLeftovers+back', struck: ['repairRun'] },
  // The whole server: copied, exchanged by its data directory.
  { ...plain('takeBackup', onLiveSide('base'), (stage) => ({ ...ofService(stage), kind: 'base' })), name: 'takeBackup+base' },
  { ...plain('restoreBackup', onLiveSide('base'), ofBase), name: 'restoreBackup+base' },
  { ...plain('undoRestore', restoredOrUndone('base'), ofLatestRun), name: 'undoRestore+base' },
  { ...plain('acceptRestore', restored('base'), ofLatestRun), name: 'acceptRestore+base' },
  plain('restoreToPointInTime', onLiveSide('base'), toBase),
  {
    ...plain('restoreToPointInTime', onLiveSide('base'), toBase), name: 'restoreToPointInTime+swapFails', end: { status: 'FAILED', failure: 'CutOverFailed' },
    struck: ['rollBackComponent', 'finishRollBack', 'discardPreparedComponent', 'removeRunScratch'],
  },
  plain('findMoment', onLiveSide('log'), inLog),
  plain('cloneService', onLiveSide('base'), copyOfBase),
  { ...plain('reapLeftovers', terminatedAt('cloneService/fillCopy:redis#1/before', 'base', copyOfBase), ofService), name: 'reapLeftovers+clone', struck: ['repairRun'] },
  repairOf('momentPaused', 'restoreToPointInTime/recoverToPoint:postgres#1/after'),
  repairOf('momentBack', 'restoreToPointInTime/swapComponent:postgres#1/after'),
  repairOf('momentForward', 'restoreToPointInTime/openComponent:postgres#1/before'),
];

/** @throws for a name that no scenario has */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}, but ${scenarios.map((each) => each.name).join(', ')}`);
  return found;
}
