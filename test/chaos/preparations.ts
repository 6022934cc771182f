/** How the stage is set before a case: what a run is to find there. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Component } from '../../src/domain/service.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { logWatchId } from '../../src/domain/workflow-ids.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import { keepLogOf } from '../support/wal-service.ts';
import { temporalAddress } from '../support/test-environment.ts';
import { testWorkflows } from '../support/workflow-bundle.ts';
import type { DoomedWorker } from './fault/doomed-worker.ts';
import { parsePoint } from './fault/fault-point.ts';
import { runToEnd } from './stage/drive.ts';
import { writeScriptFiles } from './stage/foreign-files.ts';
import { observe, type StageState } from './stage/observe.ts';
import type { DrillSet } from './stage/drill-settings.ts';
import type { Moves } from './stage/judge-retention.ts';
import { agedPolicy, type Scene } from './stage/scenes.ts';
import type { Stage } from './stage/stage.ts';
import { makeTrouble, type Trouble } from './stage/troubles.ts';
import { withWorker } from './stage/worker.ts';

/** What a run is measured against. */
export interface Beginning {
  /** The stage before it; for a repair, before the run that it repairs. */
  readonly before: StageState;
  /** The run whose cut-over a repair finishes; null for everything else, which has at most its own. */
  readonly repairedRunId: string | null;
  /** Of the plan that somebody was shown by a run before this one, where a digest is what stands for a yes. */
  readonly digest?: string;
  /** What of the backups that are there retention may move, and has moved when the run has come to its end; nothing unless given. */
  readonly moves?: Moves;
  /** Names of the checks that a drill is to make; a report that says proven without one of them is wrong. */
  readonly checks?: readonly string[];
}

export interface Preparation {
  readonly stage: Stage;
  /** The last case of this stage ran this scenario and left nothing to complain about. */
  readonly isRepeated: boolean;
  nextWorker(): DoomedWorker;
}

export type Prepare = (preparation: Preparation) => Promise<Beginning>;

export const onLiveSide = (scene: Scene): Prepare => async ({ stage }) => {
  await stage.reset(scene);
  return { before: await observe(stage), repairedRunId: null };
};

/** And a store answers nobody. */
export const troubled = (scene: Scene, trouble: Trouble): Prepare => async ({ stage }) => {
  await stage.reset(scene);
  const { redisConfig } = await observe(stage);
  await makeTrouble(stage.service, trouble);
  const before = await observe(stage);
  if (!before.troubles.includes(trouble)) throw new Error(`the stage was to be set for ${trouble}, and is in ${before.troubles.join(', ') || 'no trouble'}`);
  return { before: { ...before, redisConfig }, repairedRunId: null };
};

/** And its drills have much to ask. */
export const toBeDrilled = (scene: Scene, set: DrillSet): Prepare => async ({ stage }) => {
  await stage.reset(scene);
  const checks = await stage.setDrills(set);
  return { before: await observe(stage), repairedRunId: null, checks };
};

/** And its log leads to the newest point from a repository that another host has too. */
export const toFailOver: Prepare = async ({ stage }) => {
  await stage.reset('log');
  const checks = await stage.setDrills('alone');
  await stage.setFailover();
  return { before: await observe(stage), repairedRunId: null, checks };
};

/** And beside it the files of a script that backed it up. */
export const withScriptFiles: Prepare = async ({ stage }) => {
  await stage.reset();
  await writeScriptFiles(stage.service, stage.foreign);
  return { before: await observe(stage), repairedRunId: null };
};

export const restored = (what: 'dump' | 'base'): Prepare => async ({ stage }) => {
  await stage.resetToRestored(what);
  return { before: await observe(stage), repairedRunId: null };
};

/** An undo swaps the sides and leaves a copy again: the next one needs no new stage. */
export const restoredOrUndone = (what: 'dump' | 'base'): Prepare => async (preparation) => {
  if (!preparation.isRepeated) return restored(what)(preparation);
  const before = await observe(preparation.stage);
  const { postgres, redis, repository } = before;
  const isReady = postgres !== null && postgres === redis && repository.rollbacks.filter(({ state }) => state === 'opened').length === 1;
  return isReady ? { before, repairedRunId: null } : restored(what)(preparation);
};

/** So many of its oldest come of age by then, and what was removed before has been in the trash for long enough. */
export const aged = (removed: number): Prepare => async ({ stage }) => {
  await stage.reset('aged');
  stage.service.define({ retention: agedPolicy });
  const before = await observe(stage);
  if (before.repository.trash.length === 0) throw new Error('nothing of the stage is in the trash');
  return { before, repairedRunId: null, moves: { toTrash: before.repository.backups.toSorted().slice(0, removed), forGood: before.repository.trash, back: [] } };
};

/** Somebody wants the oldest gone before its time, and was shown it. */
export const unwanted: Prepare = async ({ stage }) => {
  const { service } = stage;
  await stage.reset('aged');
  service.define({ retention: agedPolicy });
  const before = await observe(stage);
  const toTrash = before.repository.backups.toSorted().slice(0, 1);
  const digest = await withWorker(stage.startWorker, () => shown(stage, 'deleteBackup', unwantedOf(toTrash[0])));
  return { before, repairedRunId: null, digest, moves: { toTrash, forGood: [], back: [] } };
};

export const unwantedOf = (backup: string | undefined): object => ({ backup, reason: 'nobody wants it' });

/** One of those in the trash is wanted after all. */
export const trashed: Prepare = async ({ stage }) => {
  await stage.reset('aged');
  const before = await observe(stage);
  return { before, repairedRunId: null, moves: { toTrash: [], forGood: [], back: before.repository.trash.slice(0, 1) } };
};

export interface Terminated {
  readonly drills?: DrillSet;
  /** No late attempt of it can come any more. */
  readonly isLongAgo?: boolean;
}

/** A run is terminated there and its worker dies: lease, fences, restart policies and a half-way cut-over are left. */
export const terminatedAt = (point: string, scene: Scene, input: (stage: Stage) => object, { drills, isLongAgo = false }: Terminated = {}): Prepare => async ({ stage, nextWorker }) => {
  await stage.reset(scene);
  if (drills !== undefined) await stage.setDrills(drills);
  const before = await observe(stage);
  const worker = nextWorker();
  await worker.serve({ config: stage.service.config, temporalAddress: temporalAddress(), ...await testWorkflows(), point, strike: 'hold' });
  const run = await stage.service.start(parsePoint(point).runbook, input(stage));
  const ended = runToEnd(stage.service, run, terminateWithinMs);
  const reached = await Promise.race([worker.reached.then(() => true), ended.then(() => false)]);
  if (reached) await run.terminate('chaos');
  worker.signal('SIGKILL');
  await worker.gone;
  const { status } = await ended;
  if (status !== 'TERMINATED') throw new Error(`the run that was to be terminated at ${point} ended ${status}`);
  if (isLongAgo) await pause(testTiming.lateAttemptMs);
  return { before, repairedRunId: (await run.describe()).runId };
};
const terminateWithinMs = 300_000;

/** What the runbook answers where nothing is named in `apply`. */
const shown = async ({ service }: Stage, runbook: string, input: object): Promise<string> => {
  const plan = await service.run<{ readonly digest?: string; readonly copy?: { readonly digest: string }; readonly deletion?: { readonly digest: string } }>(runbook, { service: service.name, ...input });
  const digest = plan.digest ?? (plan.copy ?? plan.deletion)?.digest;
  if (digest === undefined) throw new Error(`${runbook} shows no plan`);
  return digest;
};

/** A copy stands there, and its removal was shown. */
export const withCopy = (name: string): Prepare => async ({ stage }) => {
  const { service, baseId } = stage;
  await stage.reset('base');
  const digest = await withWorker(stage.startWorker, async () => {
    await service.run('cloneService', { service: service.name, to: `backup:${baseId}`, name });
    return shown(stage, 'removeClone', { name });
  });
  return { before: await observe(stage), repairedRunId: null, digest };
};

/** Named, for half of what is free is another size from one look to the next. */
export const slotLimit = '4GB';

/** A setting of the log is wrong, another waits for a restart, and what would be done about it was shown. */
export const withWrongSettings: Prepare = async ({ stage }) => {
  const { service } = stage;
  await stage.reset();
  // Another one than the server has: the last case restarted it with this.
  const slots = Number(await service.sql('SHOW max_replication_slots')) === 20 ? 21 : 20;
  for (const statement of ['RESET max_slot_wal_keep_size', `SET max_replication_slots = ${slots}`]) await service.sql(`ALTER SYSTEM ${statement}`);
  await service.sql('SELECT pg_reload_conf()');
  await waitFor(async () => (await service.sql("SELECT pending_restart || current_setting('max_slot_wal_keep_size') FROM pg_settings WHERE name = 'max_replication_slots'")) === 'true-1');
  const digest = await withWorker(stage.startWorker, () => shown(stage, 'enableWal', { slotLimit }));
  return { before: await observe(stage), repairedRunId: null, digest };
};

/** A receiver with its slot and volume has been at work, behind a base backup. */
const receiving = async (stage: Stage): Promise<readonly Component[]> => {
  const { service } = stage;
  await stage.reset();
  const log = await keepLogOf(service);
  const stopKeeping = await log.startKeeping();
  try {
    await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
    await log.kept();
  } finally {
    await stopKeeping();
    await log.close();
  }
  return service.config.services[0]?.components ?? [];
};

/** Its log is received, and goes on being while the case runs. */
export const withReceiver: Prepare = async ({ stage }) => {
  await receiving(stage);
  return { before: await observe(stage), repairedRunId: null };
};

/** Its log is to be received no more, and what would go was shown. */
export const withFormerReceiver: Prepare = async ({ stage }) => {
  const { service } = stage;
  const components = await receiving(stage);
  service.define({ components: components.map((component): Component => (component.engine === 'postgres' ? withoutLog(component) : component)) });
  const digest = await withWorker(stage.startWorker, () => shown(stage, 'forgetWal', {}));
  return { before: await observe(stage), repairedRunId: null, digest };
};

const withoutLog = ({ wal: _, ...component }: Extract<Component, { engine: 'postgres' }>): Component => component;

/** Its log is to be received from now on, and does not lead on from a base backup. */
export const toBeReceived: Prepare = async ({ stage }) => {
  await stage.reset();
  // What is received begins with the segment that is being written: the log of the base backups that are there has to end before that.
  for (const _ of [1, 2]) for (const statement of ['CREATE TABLE passing ()', 'DROP TABLE passing', 'SELECT pg_switch_wal()']) await stage.service.sql(statement);
  // A new slot begins at the last checkpoint, which was the base backup's own.
  await stage.service.sql('CHECKPOINT');
  await (await keepLogOf(stage.service)).close();
  return { before: await observe(stage), repairedRunId: null };
};

/** The one watch of the service, which each worker that comes makes sure of. */
export const startWatch = ({ service }: Stage): Promise<WorkflowHandleWithFirstExecutionRunId> =>
  service.client.workflow.start('archiveWal', { taskQueue: service.taskQueue, workflowId: logWatchId(service.name), args: [{ service: service.name }], workflowIdConflictPolicy: 'USE_EXISTING' });
