/** What a run may have done to a stage, and what it may not: the guarantees as comparisons of before and after. Pure. */
import { failureKinds, isFailureType } from '../../../src/domain/failures.ts';
import { repairDirection, replacementIn, type ComponentCutOver } from '../../../src/domain/rollback.ts';
import { runDirectoryOf } from '../../../src/engines/postgres/directory/run-directory.ts';
import { judgeArchives } from './archived-files.ts';
import { judgeBackupFiles } from './backup-files.ts';
import { judgeDrills, type ObservedDrill } from './drill-reports.ts';
import type { Outcome } from './drive.ts';
import { judgeMoves, noMoves, type Moves } from './judge-retention.ts';
import type { StageState } from './observe.ts';
import type { Side } from './sides.ts';

/** What is struck. `stopped` is a worker that wakes again when another has done its work. */
export type Victim = 'worker' | 'stopped' | 'temporal' | 'postgres' | 'redis' | 'engine' | 'cancel' | 'terminate';

export interface Trial {
  readonly runbook: string;
  /** The run whose cut-over counts: the run itself, or for a repair the one that it repairs. */
  readonly runId: string;
  /** Null where nothing was struck after all. */
  readonly victim: Victim | null;
  /** How the run ends where nobody but a worker or the Temporal server dies. */
  readonly end: Pick<Outcome, 'status' | 'failure'>;
  readonly outcome: Outcome;
  /** How the base backup ended that a restore to a moment started as a run of its own; null where it started none. */
  readonly newBase: Outcome | null;
  /** The stores that did not run when the run ended: killed by hand, and started again only after it. */
  readonly down: readonly ('postgres' | 'redis')[];
  readonly before: StageState;
  readonly after: StageState;
  /** What of the backups retention moves; nothing unless given. */
  readonly moves?: Moves;
  /** What a drill was to find out; nothing unless given. */
  readonly checks?: readonly string[];
}

export const other = (side: Side): Side => (side === 'saved' ? 'live' : 'saved');

const cutsOver = (runbook: string): boolean => ['restoreBackup', 'restoreToPointInTime', 'restoreTables', 'undoRestore', 'reapLeftovers'].includes(runbook);

/** How the run ended: as it does undisturbed, as it was told to, or, where what it works on died, for a reason that has a name. */
export function judgeOutcome(trial: Trial): string[] {
  const { outcome } = trial;
  if (outcome.status === 'RUNNING') return [`the run did not end: ${outcome.message}`];
  return [...judgeEnd(trial), ...judgeNewBase(trial)];
}

function judgeEnd({ runbook, victim, end, outcome }: Trial): string[] {
  if (victim === 'terminate') return outcome.status === 'TERMINATED' ? [] : [unexpected(outcome, 'TERMINATED')];
  if (outcome.status === end.status && outcome.failure === end.failure) return [];
  if (victim === 'cancel') return outcome.status === 'CANCELLED' ? [] : [unexpected(outcome, `CANCELLED or ${end.status}`)];
  // Workers and the Temporal server are what Temporal stands in for: their death is no reason to fail.
  // So is that of a live database, to a drill, which asks nothing that is live.
  const isUnconcerned = runbook === 'runDrill' && (victim === 'postgres' || victim === 'redis');
  if (isUnconcerned || victim === null || victim === 'worker' || victim === 'stopped' || victim === 'temporal') return [unexpected(outcome, `${end.status} ${end.failure ?? ''}`.trimEnd())];
  if (outcome.status !== 'FAILED') return [unexpected(outcome, `${end.status} or FAILED`)];
  if (outcome.failure === null || !isFailureType(outcome.failure)) return [`it ended ${outcome.status} without a stable failure type: ${outcome.failure} ${outcome.message}`];
  return outcome.failure === 'Internal' ? [`it ended in ${outcome.failure}: ${outcome.message} (${failureKinds.Internal.meaning})`] : [];
}

/** A restore to a moment that came to its end has started one; that ends well unless what it copies was killed. */
function judgeNewBase({ runbook, victim, outcome, newBase }: Trial): string[] {
  if (newBase === null) return runbook === 'restoreToPointInTime' && outcome.status === 'COMPLETED' ? ['no new base backup was started'] : [];
  const mayFail = victim === 'postgres' || victim === 'redis' || victim === 'engine';
  if (newBase.status === 'COMPLETED' || (mayFail && newBase.status === 'FAILED' && newBase.failure !== null && newBase.failure !== 'Internal' && isFailureType(newBase.failure))) return [];
  return [`the new base backup ${unexpected(newBase, 'COMPLETED').slice('it '.length)}`];
}

const unexpected = (outcome: Outcome, expected: string): string => `it ended ${outcome.status} ${outcome.failure ?? ''} instead of ${expected}: ${outcome.message}`;

/**
 * May something be left for `reapLeftovers`? Only where nobody could clean up: the run was terminated, or its worker slept while another
 * finished and then acted once more. A repair that did not come to its end leaves what it was to repair: that was another run's.
 */
export const mayLeave = ({ runbook, victim, outcome }: Trial): boolean =>
  outcome.status === 'TERMINATED' || victim === 'stopped' || (runbook === 'reapLeftovers' && outcome.status !== 'COMPLETED');

/**
 * What a run left although it ended by itself. What lies inside a store that does not run nobody can remove, and no run starts a database that somebody
 * stopped only to do so: that much, and the notes by which a repair finds it, waits for the next run or for `reapLeftovers`.
 */
export function leftWithoutReason(trial: Trial, left: readonly string[]): readonly string[] {
  if (mayLeave(trial)) return [];
  return left.filter((each) => !trial.down.some((store) => insideOf[store].test(each)));
}

const insideOf = {
  postgres: /^(notes of run|role|database|schema|server copy) /,
  redis: /^(notes of run|setting of Redis|file in Redis's data directory|directory) /,
} as const;

/** The live names answer, both stores on one side, and on the right one. */
export function judgeData({ runbook, runId, outcome, before, after }: Trial): string[] {
  if (after.postgres === null || after.redis === null) return [`a live name does not answer: ${JSON.stringify(after.fingerprint)}`];
  const isOfTables = runbook === 'restoreTables';
  if (after.postgres === 'neither' || after.redis === 'neither' || (after.postgres !== after.redis && !isOfTables && after.redis !== 'unusable')) return [`the stores are on different sides: PostgreSQL ${after.postgres}, Redis ${after.redis} (${JSON.stringify(after.fingerprint)})`];
  const from = before.postgres as Side;
  const own = after.repository.rollbacks.find(({ record }) => record.runId === runId);
  const exchanged = cutsOver(runbook) && own !== undefined && own.state !== 'rolledBack' && own.state !== 'recorded';
  const wanted = !exchanged ? from : isOfTables ? 'merged' : other(from);
  const wantedOfRedis = !exchanged ? before.redis : isOfTables ? from : wanted;
  const found = after.postgres === wanted && after.redis === wantedOfRedis ? [] : [`the data is the ${after.postgres} side${after.redis === after.postgres ? '' : `, of Redis ${after.redis}`}, its record (${own?.state ?? 'none'}) says ${wanted}`];
  // What came in its place answers; what was brought back answers as little as before.
  found.push(...changed('trouble', exchanged ? [] : before.troubles, after.troubles));
  if (cutsOver(runbook) && runbook !== 'reapLeftovers' && outcome.status === 'COMPLETED' && !exchanged) found.push(`it completed without having exchanged anything (${own?.state ?? 'no record'})`);
  if (outcome.status === 'FAILED' && exchanged && outcome.failure !== 'HealthCheckFailed' && outcome.failure !== 'RunTerminated') found.push(`it failed with ${outcome.failure} after the opening: ${outcome.message}`);
  return found;
}

/** Each effect once. */
export function judgeEffects({ runbook, runId, victim, outcome, newBase, before, after, moves, checks = [] }: Trial): string[] {
  const done = outcome.status === 'COMPLETED';
  // A watch of a log is ended once the base backup stands that it had to take.
  const hasBased = runbook === 'archiveWal' && outcome.status === 'CANCELLED' && victim !== 'cancel';
  const rise = <T>(of: (state: StageState) => readonly T[] | number): number => size(of(after)) - size(of(before));
  const hasMoved = (id: string): boolean => after.repository.trash.includes(id) !== before.repository.trash.includes(id) || after.repository.gone.includes(id);
  const found: string[] = [
    ...judgeMoves(before.repository, after.repository, moves ?? noMoves, done),
    ...judgeBackupFiles(before.repository.files, after.repository.files, hasMoved),
    ...judgeBackupFiles(before.offsite?.files ?? [], after.offsite?.files ?? [], () => false),
    ...judgeDrills({ runbook, runId, outcome, promised: checks }, drillsIn(before), drillsIn(after)),
  ];
  const expect = (what: string, rises: number, allowed: readonly number[]): void => {
    if (!allowed.includes(rises)) found.push(`${what}: ${rises} more, not ${allowed.join(' or ')}`);
  };
  const made = after.repository.backups.filter((id) => !before.repository.backups.includes(id) && !before.repository.trash.includes(id));
  expect('backups', made.length, newBase?.status === 'COMPLETED' || hasBased ? [1] : ['takeBackup', 'archiveWal', 'importBackup'].includes(runbook) ? (done ? [1] : [0, 1]) : [0]);
  // They move with their backups.
  if (moves === undefined) expect('proofs', rise((state) => state.repository.proofs), runbook === 'proveBackup' ? (done ? [1] : [0, 1]) : [0]);
  // A run that is repaired need not have come to a cut-over.
  const begun = runbook === 'reapLeftovers' ? after.repository.rollbacks.some(({ record }) => record.runId === runId) : cutsOver(runbook);
  expect('rollback records', rise((state) => state.repository.rollbacks), begun ? (done ? [1] : [0, 1]) : [0]);
  expect('consumed approvals', rise((state) => state.repository.approvals), begun || runbook === 'acceptRestore' ? (done ? [1] : [0, 1]) : runbook === 'reapLeftovers' ? [0, 1] : [0]);
  expect('marks', rise((state) => state.repository.marks), runbook === 'markMoment' ? (done ? [1] : [0, 1]) : [0]);
  if (runbook === 'enableWal' && done && (after.log?.waiting !== 0 || after.log.slotLimit === '-1')) found.push(`the settings of the log are not in order: ${JSON.stringify(after.log)}`);
  const undone = after.repository.rollbacks.filter(({ state }) => state === 'undone').length - before.repository.rollbacks.filter(({ state }) => state === 'undone').length;
  const opened = after.repository.rollbacks.find(({ record }) => record.runId === runId)?.state === 'opened';
  if (runbook === 'undoRestore' && undone !== (opened ? 1 : 0)) found.push(`${undone} rollback copies are marked undone, the run's own is ${opened ? 'open' : 'not open'}`);
  return found;
}

const drillsIn = ({ repository, offsite }: StageState): readonly ObservedDrill[] => [...repository.drills, ...(offsite?.drills ?? []).map((drill) => ({ ...drill, drillId: `off site ${drill.drillId}` }))];

const size = (value: readonly unknown[] | number): number => (typeof value === 'number' ? value : value.length);

/** Nothing is left that was not there, and nothing is gone that has to stay. */
export function judgeLeftovers({ runbook, runId, outcome, before, after }: Trial): string[] {
  const { repository } = after;
  const found = [
    ...repository.unfinished.map((path) => `unfinished backup ${path}`),
    ...repository.notes.map((run) => `notes of run ${run}`),
    ...repository.temporaries.filter((name) => !keepsLog(runbook, outcome) || !ofKeeper.test(name)).map((name) => `temporary file .tmp/${name}`),
    ...(after.offsite === null ? [] : [...after.offsite.notes, ...after.offsite.temporaries, ...after.offsite.unfinished].map((name) => `off site ${name}`)),
    ...judgeLabelled(runbook, outcome, before, after).map((name) => `container, volume or network ${name}`),
    ...(runbook === 'cloneService' && outcome.status === 'COMPLETED' && !isWholeCopy(after) ? ['no whole copy'] : []),
    ...after.sessions.filter((session) => !keepsLog(runbook, outcome) || !ofReceiver.test(session)),
    ...after.restartPolicies.filter((policy) => policy !== 'always').map((policy) => `restart policy ${policy}`),
    ...(after.lease ? ['the service\'s lease is held'] : []),
    ...repository.rollbacks.filter(({ state }) => repairDirection(state) !== null).map(({ record }) => `the cut-over of run ${record.runId} half-way`),
    ...judgeStores(runbook, runId, before, after),
    ...judgeForeign(runbook, outcome, before, after),
    ...keepsLog(runbook, outcome) ? [] : judgeArchives(before.archived, after.archived, before.log?.archives === true ? [before.log.timeline, ...(after.log === null ? [] : [after.log.timeline])] : []),
  ];
  return found;
}

/**
 * The files of others are as they were. An export leaves new ones, whole each: all of them where it came to its end, and what it was writing only where it was terminated, for then
 * nobody is left who knows the directory.
 */
function judgeForeign(runbook: string, outcome: Outcome, before: StageState, after: StageState): readonly string[] {
  const line = ({ name, sha256 }: StageState['foreign'][number]): string => `${name} ${sha256}`;
  if (runbook !== 'exportBackup') return changed('file beside', before.foreign.map(line), after.foreign.map(line));
  const written = after.foreign.filter(({ name }) => !name.startsWith('.'));
  return [
    ...written.filter(({ isWhole }) => !isWhole).map(({ name }) => `half a file ${name}`),
    ...(outcome.status === 'COMPLETED' && written.length !== 2 ? [`${written.length} files written, not 2`] : []),
    ...(outcome.status === 'TERMINATED' ? [] : after.foreign.filter(({ name }) => name.startsWith('.')).map(({ name }) => `part of a file ${name}`)),
  ];
}

/** What a whole copy is made of stays; one that was not removed to the end, and a receiver of the log, are whose they were. */
function judgeLabelled(runbook: string, outcome: Outcome, before: StageState, after: StageState): readonly string[] {
  if (runbook === 'cloneService' && isWholeCopy(after) && ['COMPLETED', 'TERMINATED'].includes(outcome.status)) return [];
  if (runbook === 'removeClone' && outcome.status !== 'COMPLETED') return after.labelled.filter((name) => !before.labelled.includes(name));
  return keepsLog(runbook, outcome) ? after.labelled.filter((name) => !ofReceiver.test(name)) : after.labelled;
}

/** Does production's log go on being received while and after such a run? Until it is forgotten. */
const keepsLog = (runbook: string, outcome: Outcome): boolean => runbook === 'archiveWal' || runbook === 'markMoment' || (runbook === 'forgetWal' && outcome.status !== 'COMPLETED');
/** What whoever keeps the log was storing as its worker died is no run's: it goes by its age (docs/backup-format.md). */
const ofKeeper = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** And what a worker that died read its files through: the next receiver clears it away. */
const ofReceiver = /^(?:slot holdfast_[0-9a-f]{12}|(?:session )?holdfast-wal-[0-9a-f]{12}(?:-[0-9a-f]{8})?)$/;

/** What a copy of both stores is made of, and nothing else: containers and volumes of one name, and a network, every server started. One that was terminated as the last of them started is whole. */
const isWholeCopy = ({ labelled, neverStarted }: StageState): boolean => {
  const copied = ['holdfast-copy-', 'postgres', 'redis'].map((part) => labelled.filter((name) => (part.endsWith('-') ? name.startsWith(part) : name.endsWith(`-${part}`))).length);
  return neverStarted.length === 0 && labelled.length === 5 && copied.join() === '5,2,2';
};

/** Of a store that does not answer nothing can be told but that. */
function judgeStores(runbook: string, runId: string, before: StageState, after: StageState): string[] {
  if (after.postgres === null || after.redis === null) return [`a store that does not answer: ${JSON.stringify(after.fingerprint)}`];
  return [
    ...(after.redis === 'unusable' ? [] : changed('setting of Redis', before.redisConfig, after.redisConfig)),
    ...changed('file in Redis\'s data directory', before.redisFiles, after.redisFiles),
    ...judgeRoles(runbook, runId, before, after),
    ...judgeCopies(after),
  ];
}

/** A restore brings the backup's role with it when it is opened, and leaves none behind when it is not. With a whole server come its own roles, and no other's. */
function judgeRoles(runbook: string, runId: string, before: StageState, after: StageState): string[] {
  const isWhole = after.repository.rollbacks.some(({ record }) => record.runId === runId && record.cutOvers.some(isServer));
  if (after.postgres === before.postgres || ((runbook === 'undoRestore' || runbook === 'restoreTables') && !isWhole)) return changed('role', before.roles, after.roles);
  const others = before.roles.filter((role) => role !== savedRole);
  return changed('role', isWhole && after.postgres === 'live' ? others : [...others, savedRole], after.roles);
}

const savedRole = 'chaos_reader';
type ServerCutOver = Extract<ComponentCutOver, { method: 'directory' }>;
const isServer = (cutOver: ComponentCutOver): cutOver is ServerCutOver => cutOver.engine === 'postgres' && cutOver.method === 'directory';

/** What was set aside is there exactly as long as a record says that it may be brought back. */
function judgeCopies(after: StageState): string[] {
  const kept = after.repository.rollbacks.filter(({ state }) => state === 'opened').flatMap(({ record }) => record.cutOvers);
  const databases = kept.flatMap((cutOver) => (cutOver.engine === 'postgres' && cutOver.method === 'database' ? [cutOver.asideName] : []));
  const directories = kept.flatMap((cutOver) => (cutOver.engine === 'redis' ? [`/data/${asideOf(cutOver)}`] : []));
  const servers = new Set(kept.filter(isServer).flatMap(({ aside, prepared }) => ['pgsql_tmp.holdfast/', runDirectoryOf(aside), runDirectoryOf(prepared)]));
  // What an undone restore leaves of its own directory goes with the copy of the undo.
  const undone = after.repository.rollbacks.filter(({ state }) => state === 'undone').flatMap(({ record }) => record.cutOvers.filter(isServer)).flatMap(({ aside, prepared }) => [runDirectoryOf(aside), runDirectoryOf(prepared)]);
  const copies = servers.size === 0 ? after.serverCopies : after.serverCopies.filter((path) => servers.has(path) || !undone.includes(path));
  const schemas = kept.flatMap((cutOver) => (cutOver.engine === 'postgres' && cutOver.method === 'tables' ? [cutOver.kept] : []));
  return [...changed('schema', schemas.sort(), after.schemas), ...changed('database', databases.sort(), after.databases), ...changed('directory', directories.sort(), after.redisScratch), ...changed('server copy', [...servers], copies), ...changed('set-aside copy', kept.flatMap(setAsideBy), after.repository.setAside)];
}

/** Of data that was replaced where it lay: the copy that was made of it, and those that go with that one (the one that was brought back, and those before). */
function setAsideBy(cutOver: ComponentCutOver): readonly string[] {
  const replacement = replacementIn(cutOver);
  if (replacement === null) return [];
  const { run, brings, outlived } = replacement;
  return [run, ...(brings.kind === 'copy' ? [brings.run] : []), ...outlived].map((each) => `${each}/${cutOver.component}`);
}

const asideOf = (cutOver: Extract<ComponentCutOver, { engine: 'redis' }>): string => cutOver.asideDirectory;

function changed(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  return [
    ...found.filter((each) => !wanted.includes(each)).map((each) => `${what} ${each} is left`),
    ...wanted.filter((each) => !found.includes(each)).map((each) => `${what} ${each} is missing`),
  ];
}
