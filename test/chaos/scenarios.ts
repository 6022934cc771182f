/** The ways of running a runbook that cases are made of: each runbook as it goes when all is well, and the ways back that only a fault or a human leads to. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { ArchiveWalStatus } from '../../src/workflows/archive-wal/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { aged, onLiveSide, restored, restoredOrUndone, slotLimit, startWatch, terminatedAt, toBeDrilled, toBeReceived, toFailOver, trashed, troubled, unwanted, unwantedOf, withCopy, withFormerReceiver, withReceiver, withScriptFiles, withWrongSettings, type Beginning, type Prepare } from './preparations.ts';
import { markName } from './stage/archiving-server.ts';
import type { Outcome } from './stage/drive.ts';
import { scriptFiles } from './stage/foreign-files.ts';
import { lostTable } from './stage/lost-table.ts';
import type { Host, Room, Stage } from './stage/stage.ts';

export interface Scenario {
  /** The workflow's type, with `+` and a twist where it is not run as usual; fault points begin with it. */
  readonly name: string;
  readonly runbook: string;
  /** The activities that are struck, with `:` only those of a component, with `#` only that call; all, where it is absent. The others are those of the plain runbook. */
  readonly struck?: readonly string[];
  /** Further points, `activity:component#number/moment`: where what it is about happens in the midst of an activity that strikes are only a few in. */
  readonly further?: readonly string[];
  /** How it ends when nothing but its workers and the Temporal server is struck. */
  readonly end: Pick<Outcome, 'status' | 'failure'>;
  /** Whose steps they are; the service's own host's unless given. */
  readonly host?: Host;
  /** What kind of stage it wants; `beside` unless given. */
  readonly room?: Room;
  readonly prepare: Prepare;
  input(stage: Stage, beginning: Beginning): object;
  /** Begins it, where that is not a run of its own. */
  start?(stage: Stage): Promise<WorkflowHandleWithFirstExecutionRunId>;
  /** What people do to it while it runs. */
  meanwhile?(run: WorkflowHandleWithFirstExecutionRunId, stage: Stage): Promise<void>;
}

const completed = { status: 'COMPLETED', failure: null };
const cancelled = { status: 'CANCELLED', failure: null };
const cutOverFailed = { status: 'FAILED', failure: 'CutOverFailed' };
const proofFailed = { status: 'FAILED', failure: 'ProofFailed' };
const ofService = ({ service }: Stage): object => ({ service: service.name });
const kindOf = (kind: 'base' | 'incremental') => (stage: Stage): object => ({ ...ofService(stage), kind });
const ofBackup = (stage: Stage): object => ({ ...ofService(stage), backup: stage.backupId });
const ofBase = (stage: Stage): object => ({ ...ofService(stage), backup: stage.baseId });
const ofIncremental = (stage: Stage): object => ({ ...ofService(stage), backup: stage.newestBackup('incremental') });
const ofProvenBase = (stage: Stage): object => ({ ...ofBase(stage), replace: true });
/** Its own end: a moment that needs no archived log. */
const toBase = (stage: Stage): object => ({ ...ofService(stage), to: `backup:${stage.baseId}` });
const toMark = (stage: Stage): object => ({ ...ofService(stage), to: `mark:${markName}` });
const fromNothing = (stage: Stage): object => ({ ...ofService(stage), depth: 'rebuild' });
const elsewhere = (stage: Stage): object => ({ ...ofService(stage), depth: 'failover' });
const copyName = 'chaos';
const copyOfBase = (stage: Stage): object => ({ ...toBase(stage), name: copyName });
const copyOfMark = (stage: Stage): object => ({ ...toMark(stage), name: copyName });
const ofItems = (stage: Stage): object => ({ ...ofBackup(stage), tables: ['items'] });
const ofItemsThen = (stage: Stage): object => ({ ...toBase(stage), tables: ['items'] });
const ofItemsAtMark = (stage: Stage): object => ({ ...toMark(stage), tables: ['items'] });
const shrunkInLog = (stage: Stage): object => ({ ...ofService(stage), shrunk: lostTable });
const askedInLog = (stage: Stage): object => ({ ...ofService(stage), sql: 'SELECT (SELECT word FROM state) = \'saved\'' });
const ofLatestRun = (stage: Stage): object => ({ ...ofService(stage), run: 'latest' });
const asShown = (more: object = {}) => (stage: Stage, { digest }: Beginning): object => ({ ...ofService(stage), ...more, apply: digest });

/** As soon as the dump is under way. */
export async function cancelInBackUp(run: WorkflowHandle): Promise<void> {
  for (;;) {
    const { status, raw } = await run.describe();
    if (status.name !== 'RUNNING') return;
    if ((raw.pendingActivities ?? []).some((each) => each.activityType?.name === 'backUpComponent' && each.lastStartedTime != null)) return void (await run.cancel());
    await pause(50);
  }
}

/** As soon as the drill says that it waits for it. */
async function bringKeyOnceAsked(run: WorkflowHandle, stage: Stage): Promise<void> {
  for (;;) {
    const { status, raw } = await run.describe();
    if (status.name !== 'RUNNING') return;
    // Where it only looks, it has nothing to wait for.
    const waits = (raw.pendingActivities ?? []).some((each) => each.activityType?.name === 'findDrillKeys' && each.heartbeatDetails?.payloads?.some(({ data }) => Buffer.from(data ?? []).includes('waiting for')) === true);
    if (waits) return stage.bringKey();
    await pause(50);
  }
}

/** It ends by nothing else: as soon as the log leads on from a base backup, which it had to take. */
async function cancelOnceBased(run: WorkflowHandleWithFirstExecutionRunId): Promise<void> {
  // It goes on as a new run of the same id, which begins behind the base backup.
  const { startTime } = await run.client.getHandle(run.workflowId, run.firstExecutionRunId).describe();
  for (;;) {
    const status = await run.query<ArchiveWalStatus, []>(statusQuery.name).catch(() => null);
    const isBased = status !== null && status.logs.length > 0 && status.logs.every(({ base }) => base !== null);
    // Before the first segment is kept nothing is missing behind an older one.
    if (isBased && await countBackups(run, 'Completed', startTime) > 0 && await countBackups(run, 'Running', startTime) === 0) return void (await run.cancel());
    if ((await run.describe()).status.name !== 'RUNNING') return;
    await pause(300);
  }
}

/** What it began goes on for a moment behind the manifest, as a run of its own. */
const countBackups = async (run: WorkflowHandle, status: 'Running' | 'Completed', since: Date): Promise<number> =>
  (await run.client.count(`TaskQueue = '${(await run.describe()).taskQueue}' AND WorkflowType = 'takeBackup' AND ExecutionStatus = '${status}' AND StartTime > '${since.toISOString()}'`)).count;

const plain = (runbook: string, prepare: Prepare, input: Scenario['input']): Scenario => ({ name: runbook, runbook, end: completed, prepare, input });
const twisted = (runbook: string, twist: string, prepare: Prepare, input: Scenario['input'], struck: readonly string[], end: Scenario['end'] = completed): Scenario =>
  ({ ...plain(runbook, prepare, input), name: `${runbook}+${twist}`, struck, end });
const ofServer = (runbook: string, prepare: Prepare, input: Scenario['input'], struck: readonly string[]): Scenario => twisted(runbook, 'base', prepare, input, struck);

/** What a whole server changes in an exchange: everything of PostgreSQL, and what looks at all stores. Of Redis every step is the same as beside a dump. */
const exchange = ['inspectComponent:postgres', 'beginCutOver', 'closeComponent:postgres', 'swapComponent:postgres', 'compareClosedComponent:postgres', 'markOpening', 'openComponent:postgres', 'completeComponent:postgres', 'finishCutOver'];
const rollBack = ['rollBackComponent', 'finishRollBack', 'discardPreparedComponent', 'removeRunScratch'];

/** Of a run that was terminated there, over data that a dump, a whole server or a copy of it is about. */
const repairOf = (twist: string, point: string, scene: 'dump' | 'base', input: (stage: Stage) => object): Scenario => twisted('reapLeftovers', twist, terminatedAt(point, scene, input), ofService, ['repairRun']);

/** What touches nothing but the repository is struck by others than deaths of its worker only where it is named. */
const inProof = ['findBackup#1/before', 'recordProof#1/done:storage.createExclusive#1'];
const inDrill = ['chooseDrill#1/done:storage.createExclusive#1', 'verifyDrill:postgres#1/done:storage.digest#1', 'recordDrill#1/done:storage.createExclusive#2'];
const inRebuild = ['findDrillKeys#2/before', 'chooseRebuild#1/before'];
const inDelete = ['planDelete#1/after', 'carryOutDelete#1/done:storage.createExclusive#1', 'carryOutDelete#1/done:storage.remove#1'];

const dumps: readonly Scenario[] = [
  plain('takeBackup', onLiveSide('dump'), ofService),
  { ...twisted('takeBackup', 'cancelled', onLiveSide('dump'), ofService, ['abandonBackup', 'removeRunScratch'], cancelled), meanwhile: cancelInBackUp },
  plain('verifyBackup', onLiveSide('dump'), ofBackup),
  { ...plain('proveBackup', onLiveSide('dump'), ofBackup), further: inProof },
  { ...plain('runDrill', toBeDrilled('dump', 'alone'), ofBackup), further: inDrill },
  // Its servers and its end are those of a drill with an application alone.
  twisted('runDrill', 'composed', toBeDrilled('dump', 'composed'), ofBackup, ['chooseDrill', 'startDrill', 'startDrillServices', 'checkDrillHealth', 'removeDrill']),
  plain('importBackup', withScriptFiles, (stage) => ({ ...ofService(stage), directory: stage.foreign, files: scriptFiles, timeZone: 'UTC' })),
  plain('exportBackup', onLiveSide('dump'), (stage) => ({ ...ofBackup(stage), directory: stage.foreign })),
  plain('restoreBackup', onLiveSide('dump'), ofBackup),
  twisted('restoreBackup', 'swapFails', onLiveSide('dump'), ofBackup, rollBack, cutOverFailed),
  plain('restoreTables', onLiveSide('dump'), ofItems),
  twisted('restoreTables', 'moment', onLiveSide('base'), ofItemsThen, ['locatePoint', 'prepareTablesFromMoment']),
  plain('undoRestore', restoredOrUndone('dump'), ofLatestRun),
  plain('acceptRestore', restored('dump'), ofLatestRun),
  plain('reapLeftovers', terminatedAt('restoreBackup/openComponent:redis#1/before', 'dump', ofBackup), ofService),
  repairOf('drill', 'runDrill/startDrill:redis#1/before', 'dump', ofBackup),
  // What needs no lease of it: servers, volumes, the application and its tests.
  { ...plain('reapLeftovers', terminatedAt('runDrill/runDrillTests#1/during:runtime.wait#1', 'dump', ofBackup, { drills: 'alone', isLongAgo: true }), ofService), name: 'reapLeftovers+scratch', struck: ['reapScratch', 'requireRollbackRecords'] },
  repairOf('back', 'restoreBackup/swapComponent:redis#1/after', 'dump', ofBackup),
];

/** Redis ends at every start, and its files are exchanged as they are; PostgreSQL runs and answers nobody, and has to be left like that where it does not come to an exchange. */
const inTrouble: readonly Scenario[] = [
  twisted('restoreBackup', 'unusable', troubled('dump', 'redisUnusable'), ofBackup, ['inspectComponent:redis', 'ensureRunning:redis', 'prepareComponent:redis', 'closeComponent:redis', 'swapComponent:redis', 'compareClosedComponent:redis', 'openComponent:redis', 'completeComponent:redis']),
  twisted('restoreBackup', 'unusableBack', troubled('dump', 'redisUnusable'), ofBackup, ['rollBackComponent:redis', 'finishRollBack', 'discardPreparedComponent:redis'], cutOverFailed),
  twisted('restoreBackup', 'silent', troubled('base', 'postgresSilent'), ofBase, ['prepareComponent:postgres', 'closeComponent:postgres']),
  twisted('restoreBackup', 'silentBack', troubled('base', 'postgresSilent'), ofBase, ['rollBackComponent:postgres', 'finishRollBack', 'discardPreparedComponent:postgres'], cutOverFailed),
];

/** Copied, exchanged by its data directory, brought to a moment, copied for good. */
const wholeServers: readonly Scenario[] = [
  ofServer('takeBackup', onLiveSide('base'), kindOf('base'), ['inspectComponent:postgres', 'backUpComponent:postgres', 'commitBackup']),
  ofServer('restoreBackup', onLiveSide('base'), ofBase, ['verifyComponent:postgres', 'prepareComponent:postgres', ...exchange]),
  ofServer('undoRestore', restoredOrUndone('base'), ofLatestRun, ['prepareUndoOf:postgres', ...exchange.filter((name) => name !== 'completeComponent:postgres')]),
  ofServer('acceptRestore', restored('base'), ofLatestRun, ['pinRollbackCopy', 'discardRollbackCopy:postgres', 'markAccepted']),
  twisted('takeBackup', 'incremental', onLiveSide('incremental'), kindOf('incremental'), ['backUpComponent:postgres', 'commitBackup']),
  twisted('proveBackup', 'base', onLiveSide('base'), ofBase, ['proveComponent:postgres']),
  twisted('proveBackup', 'incremental', onLiveSide('incremental'), ofIncremental, ['proveComponent:postgres']),
  twisted('restoreBackup', 'incremental', onLiveSide('incremental'), ofIncremental, ['verifyComponent:postgres', 'prepareComponent:postgres']),
  // Its exchange is that of a whole server's restore.
  { ...plain('restoreToPointInTime', onLiveSide('base'), toBase), struck: ['inspectComponent:postgres', 'locatePoint', 'verifyComponent:postgres', 'findCompanion', 'recoverToPoint', 'finishRecovery', 'beginCutOver', 'finishCutOver'] },
  twisted('restoreToPointInTime', 'swapFails', onLiveSide('base'), toBase, ['rollBackComponent:postgres', 'finishRollBack', 'discardPreparedComponent:postgres'], cutOverFailed),
  plain('findMoment', onLiveSide('log'), shrunkInLog),
  // Its servers, questions and end are those of a rebuild, and its host is another.
  { ...twisted('runDrill', 'failover', toFailOver, elsewhere, ['enterHost', 'findDrillKeys', 'chooseRebuild', 'prepareDrill', 'fillDrill:postgres', 'removeDrill', 'recordDrill', 'removeRunScratch']), host: 'standby' },
  plain('cloneService', onLiveSide('base'), copyOfBase),
  repairOf('clone', 'cloneService/fillCopy:redis#1/before', 'base', copyOfBase),
  plain('removeClone', withCopy(copyName), asShown({ name: copyName })),
  repairOf('momentPaused', 'restoreToPointInTime/recoverToPoint:postgres#1/after', 'base', toBase),
  repairOf('momentBack', 'restoreToPointInTime/swapComponent:postgres#1/after', 'base', toBase),
  repairOf('momentForward', 'restoreToPointInTime/openComponent:postgres#1/before', 'base', toBase),
];

/** Where production archives both its logs, through what is archived of them. */
const archiving: readonly Scenario[] = [
  twisted('restoreToPointInTime', 'archive', onLiveSide('archive'), toMark, ['recoverToPoint', 'makeInstant', 'finishRecovery', 'closeComponent:postgres', 'openComponent:postgres']),
  twisted('restoreTables', 'archive', onLiveSide('archive'), ofItemsAtMark, ['prepareTablesFromMoment']),
  twisted('findMoment', 'archive', onLiveSide('archive'), askedInLog, ['narrowMoment#1']),
  twisted('cloneService', 'archive', onLiveSide('archive'), copyOfMark, ['fillCopy:postgres']),
  // Its servers, questions and end are those of a drill of a dump.
  { ...twisted('runDrill', 'rebuild', toBeDrilled('archive', 'keyed'), fromNothing, ['findDrillKeys', 'chooseRebuild', 'findCompanion', 'makeInstant', 'fillDrill', 'checkDrill', 'recordDrill']), further: inRebuild, meanwhile: bringKeyOnceAsked },
];

/** The keeping of the log itself. */
const logs: readonly Scenario[] = [
  plain('enableWal', withWrongSettings, asShown({ restart: true, slotLimit })),
  plain('markMoment', withReceiver, (stage) => ({ ...ofService(stage), name: 'during' })),
  plain('forgetWal', withFormerReceiver, asShown()),
  { ...plain('archiveWal', toBeReceived, ofService), struck: ['watchLogs#1', 'watchLogs#2'], end: cancelled, start: startWatch, meanwhile: cancelOnceBased },
];

/** A backup goes for good where it lies in its own directory, to the trash and back by one object each. They touch nothing but the repository, so where they are struck is named here. */
const inPrune = ['planPrune#1/done:storage.createExclusive#1', 'carryOutPrune#1/done:storage.createExclusive#1', 'carryOutPrune#1/done:storage.remove#1', 'carryOutPrune#1/done:storage.createExclusive#3', 'carryOutPrune#1/done:storage.removeTree#1'];

/** What is kept, removed, taken back. */
const retention: readonly Scenario[] = [
  { ...plain('pruneBackups', aged(5), ofService), further: inPrune },
  { ...plain('deleteBackup', unwanted, (stage, beginning) => asShown(unwantedOf(beginning.moves?.toTrash[0]))(stage, beginning)), further: inDelete },
  { ...plain('undeleteBackup', trashed, (stage, { moves }) => ({ ...ofService(stage), backup: moves?.back[0] })), further: ['takeBackBackup#1/done:storage.createExclusive#1', 'takeBackBackup#1/done:storage.createExclusive#2'] },
  { ...twisted('takeBackup', 'retention', aged(6), ofService, ['planPrune', 'carryOutPrune']), further: inPrune.slice(2) },
];

/** What becomes of PostgreSQL alone: Redis takes its usual way. */
const replaced = ['beginCutOver', 'closeComponent:postgres', 'swapComponent:postgres', 'compareClosedComponent:postgres', 'openComponent:postgres', 'completeComponent:postgres', 'finishCutOver'];

/** The old data is copied out, is gone, and the new is laid out. */
const inSwap = (...moments: readonly string[]): readonly string[] => moments.map((moment) => `swapComponent:postgres#1/${moment}`);

/** No room for old and new beside each other: the old is copied into the repository and dropped before the new is there. On a stage of their own, and so the last. */
const replacing: readonly Scenario[] = [
  { ...twisted('restoreBackup', 'replace', onLiveSide('base'), ofProvenBase, ['prepareComponent:postgres', ...replaced]), further: inSwap('during:runtime.wait#4', 'done:runtime.wait#5', 'during:runtime.wait#8') },
  { ...twisted('undoRestore', 'replace', restoredOrUndone('base'), ofLatestRun, ['prepareUndoOf:postgres', ...replaced]), further: inSwap('during:runtime.wait#4', 'done:runtime.wait#5', 'during:runtime.wait#6') },
  twisted('restoreBackup', 'replaceDiffers', onLiveSide('base'), ofProvenBase, ['rollBackComponent:postgres'], proofFailed),
  twisted('acceptRestore', 'replace', restored('base'), ofLatestRun, ['discardRollbackCopy:postgres']),
  repairOf('replaceDropped', 'restoreBackup/swapComponent:postgres#1/done:runtime.wait#5', 'base', ofProvenBase),
].map((scenario) => ({ ...scenario, room: 'once' }));

export const scenarios: readonly Scenario[] = [...dumps, ...inTrouble, ...wholeServers, ...archiving, ...logs, ...retention, ...replacing];

/** @throws for a name that no scenario has */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}, but ${scenarios.map((each) => each.name).join(', ')}`);
  return found;
}
