/**
 * A server of its own on a copy that is recovered to a moment: nobody can reach it, it archives nothing, and it stops where it was told to, read-only, until
 * it is told to go on (databases.md T5). Its files lie in one directory of a volume (start-recovery.ts).
 */
import type { ExecResult } from '../../../containers/container-runtime.ts';
import { findScratchOf, type ScratchResource } from '../../../containers/scratch.ts';
import { waitUntil } from '../../../containers/wait-until.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import { parseLsn } from '../../../domain/wal/lsn.ts';
import { timelinePath } from '../../../domain/wal/timeline.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { ReachedMoment } from '../../moment-engine.ts';
import { finalRefusal, firstError, machineTroubleIn, saysCatalogDamaged } from '../server/psql-failure.ts';
import { notRun } from '../server/psql.ts';
import { psqlArgv } from '../server/real-program.ts';
import { statements } from '../server/script-text.ts';
import { outOfMemory, removed, requireRunning, serverLog, whyEnded } from '../server/server-end.ts';
import type { CollationFacts, SortedOtherwise } from '../server/sorted-otherwise.ts';
import { lackingIn, recoveryFailure, type Lacking } from './recovery-failure.ts';
import { reachedTarget, type ReachedTarget } from './target.ts';

export interface RecoveryServer {
  readonly server: ScratchResource;
  readonly superuser: string;
  readonly directory: string;
}

/** How far the server came. */
export interface Reached extends ReachedTarget, ReachedMoment {}

/** Of the server's container, among what a run made. */
export const recoveryStep = 'recovery';
const operation = 'recover to a moment';

/** What run-server.sh is started with: whoever finds the container finds these in it. */
export const serverArguments = (directory: string, archive: string, superuser: string): readonly string[] => [`${directory}/run-server.sh`, directory, archive, superuser];

/** This run's recovery of a component, in whatever state, or null. */
export async function findRecovery(ctx: Pick<EngineContext, 'runtime' | 'owner'>, component: string): Promise<RecoveryServer | null> {
  const server = (await findScratchOf(ctx.runtime, ctx.owner)).find(({ type, identity }) => type === 'container' && identity.component === component && identity.step === recoveryStep);
  const facts = server === undefined ? null : await ctx.runtime.find(server.id);
  const [directory, , superuser] = facts?.command.slice(-3) ?? [];
  return server === undefined || directory === undefined || superuser === undefined ? null : { server, directory, superuser };
}

/**
 * Returns when the server has stopped where it was told to; or, where it cannot go on for what the original did meanwhile, with what that takes.
 * @throws PointUnreachable where the log ends before, ArtifactDamaged where a file of it is not what it must be, HelperLost where somebody else ended it or what delivers its log, RestoreFailed where it does not
 * recover for another reason
 */
export async function awaitStop(ctx: EngineContext, recovered: RecoveryServer): Promise<Reached | { readonly lacks: Lacking; readonly failure: HoldfastFailure }> {
  const { server } = recovered;
  let seen: RecoveryState | null = null;
  let askAt = performance.now() + ctx.timing.heartbeatIntervalMs;
  const state = await waitUntil(async () => {
    const facts = await ctx.runtime.find(server.id);
    if (facts === null) throw removed(operation, server.name);
    if (facts.state !== 'running' && facts.state !== 'created') return { ended: facts };
    const isPaused = hasPaused(await serverLog(ctx, operation, server));
    if (isPaused || performance.now() >= askAt) {
      askAt = performance.now() + ctx.timing.heartbeatIntervalMs;
      const answer = await askState(ctx, recovered);
      // While it replays, who gets in may change: databases come and go in the log. Here it stays as it is.
      if (answer instanceof HoldfastFailure && isPaused) throw answer;
      seen = answer instanceof HoldfastFailure ? null : answer;
    }
    ctx.progress({ phase: seen === null ? 'start recovery' : `replayed to ${seen.lsn}` });
    return seen?.paused === true ? seen : null;
  }, { withinMs: ctx.timing.longActivityMs, everyMs: ctx.timing.recoveryLookMs, signal: ctx.signal }, () => new HoldfastFailure('RestoreFailed', { operation, object: server.name, cause: 'the server does not come to its target', hint: 'See its log.' }));
  const log = await serverLog(ctx, operation, server);
  const reached = reachedTarget(log);
  if (!('ended' in state) && reached !== null) return { ...reached, lsn: state.lsn, lastCommitAt: state.lastCommitAt };
  const failure = 'ended' in state ? whyEnded(operation, state.ended, log, (words) => (state.ended.oomKilled ? outOfMemory(operation, state.ended) : recoveryFailure(words, server.name))) : recoveryFailure(log, server.name);
  const lacks = lackingIn(log);
  if (lacks !== null) return { lacks, failure };
  if ('ended' in state) throw failure;
  throw new HoldfastFailure('RestoreFailed', { operation, object: server.name, cause: 'the server paused without saying where it stopped', hint: 'See its log.' });
}

/**
 * Has it stopped on its way, at its target or for a setting that is too small (xlogrecovery.c)? Worth asking it then: each time it is asked, a psql is started beside
 * what replays, and that takes one of the cores.
 */
const hasPaused = (log: string): boolean => /^[^\n]*LOG: +(pausing at the end of recovery|recovery has paused)$/m.test(log);

/** Of a server that recovers. */
export interface RecoveryState {
  readonly paused: boolean;
  readonly lsn: string;
  readonly lastCommitAt: string | null;
}

const stateSql = `SELECT json_build_object('paused', pg_get_wal_replay_pause_state() = 'paused', 'lsn', pg_last_wal_replay_lsn()::text,
  'lastCommitAt', to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));`;

/** Null while it does not answer, and of one that does not recover any more. */
export async function readState(ctx: EngineContext, recovered: RecoveryServer): Promise<RecoveryState | null> {
  const answer = await askState(ctx, recovered);
  return answer instanceof HoldfastFailure ? null : answer;
}

/** The same; of one that runs and lets nobody in, what it says to that. */
async function askState(ctx: EngineContext, recovered: RecoveryServer): Promise<RecoveryState | HoldfastFailure | null> {
  if (!await isRunning(ctx, recovered)) return null;
  try {
    const result = await queryRecovered(ctx, recovered, { sql: stateSql, timeoutMs: ctx.timing.execMs });
    return result.exitCode === 0 ? JSON.parse(result.stdout) as RecoveryState : refusalOf(recovered, result);
  } catch (error) {
    // It ended just then: some engines answer that with a 500, as if they were not well themselves.
    if (isFailure(error) && !await isRunning(ctx, recovered)) return null;
    throw error;
  }
}

function refusalOf({ server }: RecoveryServer, result: ExecResult): HoldfastFailure | null {
  const call = { operation: 'ask what was recovered', object: server.name };
  const refusal = finalRefusal(result.stderr);
  if (refusal !== null && saysCatalogDamaged(result.stderr) && machineTroubleIn(result.stderr) === null) return new HoldfastFailure('RestoreFailed', { ...call, cause: refusal, hint: 'It starts, and its catalogues are damaged: use another base backup.' });
  return refusal === null ? notRun(result, call) : new HoldfastFailure('CouldNotVerify', { ...call, cause: refusal, hint: 'It is where it was told to stop, and lets nobody in: that says nothing about the backup. What keeps them out is set in the original (ALTER DATABASE … ALLOW_CONNECTIONS, ALTER ROLE … LOGIN).' });
}

const isRunning = async (ctx: EngineContext, { server }: RecoveryServer): Promise<boolean> => (await ctx.runtime.find(server.id))?.state === 'running';

/** A question to the copy. */
interface RecoveredQuery {
  readonly sql: string;
  readonly database?: string;
  readonly timeoutMs: number;
  readonly format?: readonly string[];
  /** Begins as the role and the database have it set, for what people wrote; what is not theirs has to put its own search path before it. */
  readonly asTheySet?: boolean;
}

/** Neither the owner of a database, by its search path and what he put there, nor a role's time limit has a say in what we ask as the superuser. */
const ownSettings = '-c search_path= -c statement_timeout=0';

/** SQL in the copy, as the superuser; in the administrative database unless another is named. The caller reads the exit code. @throws HelperLost where somebody else ended the server */
export async function queryRecovered(ctx: Pick<EngineContext, 'runtime' | 'signal'>, { server, superuser, directory }: RecoveryServer, query: RecoveredQuery): Promise<ExecResult> {
  const result = await ctx.runtime.exec(server.id, {
    argv: psqlArgv(query.format), stdin: query.sql, timeoutMs: query.timeoutMs, signal: ctx.signal,
    environment: { PGHOST: `${directory}/run`, PGUSER: superuser, PGDATABASE: query.database ?? 'template1', PGCLIENTENCODING: 'UTF8', LC_ALL: 'C', ...(query.asTheySet === true ? {} : { PGOPTIONS: ownSettings }) },
  }).catch((error: unknown) => (isFailure(error, 'ContainerNotRunning') || isFailure(error, 'ContainerNotFound') ? error : Promise.reject(error)));
  if ('exitCode' in result && result.exitCode === 0) return result;
  // What was asked as it ended fails because of that.
  await requireRunning(ctx, operation, server, (log) => recoveryFailure(log, server.name));
  if ('exitCode' in result) return result;
  throw result;
}

/**
 * What of it this image sorts otherwise than the one that wrote it (databases.md L9): indexes on that are of no use here. Of single columns nobody asks where the image is the very one of the backup,
 * which sorts them as it did. @throws RestoreFailed
 */
export async function collationsThatDiffer(ctx: EngineContext, recovered: RecoveryServer, isSameImage: boolean): Promise<readonly SortedOtherwise[]> {
  const { databases, collations, others } = await askCollations(ctx, recovered, 'template1');
  if (isSameImage) return databases;
  const found = [...databases, ...collations];
  for (const database of others) found.push(...(await askCollations(ctx, recovered, database)).collations.map((each) => ({ ...each, name: `${each.name} in ${database}` })));
  return found;
}

async function askCollations(ctx: EngineContext, recovered: RecoveryServer, database: string): Promise<CollationFacts> {
  const result = await queryRecovered(ctx, recovered, { sql: statements['collations.sql'], database, timeoutMs: ctx.timing.execMs });
  if (result.exitCode === 0) return JSON.parse(result.stdout) as CollationFacts;
  throw new HoldfastFailure('RestoreFailed', { operation: 'compare collations', object: recovered.server.name, cause: firstError(result.stderr), hint: 'Nothing live was changed.' });
}

/** The history file of the timeline that the promotion began: its last line says from where. */
const historySql = 'SELECT timeline_id, pg_read_file(format(\'pg_wal/%s.history\', lpad(upper(to_hex(timeline_id)), 8, \'0\'))) FROM pg_control_checkpoint();';

const refusedPromotion = ({ server }: RecoveryServer, cause: string): HoldfastFailure =>
  new HoldfastFailure('RestoreFailed', { operation: 'promote what was recovered', object: server.name, cause, hint: 'Nothing live was changed. Start the restore again.' });

/**
 * What was recovered becomes a server of its own, on a timeline of its own. What it goes on from is compared with where it stood: nothing may have been replayed in between. Not to be run
 * twice: a server that was promoted has nothing left to recover. @throws RestoreFailed
 */
export async function promote(ctx: EngineContext, recovered: RecoveryServer, lsn: string): Promise<void> {
  const promoted = await queryRecovered(ctx, recovered, { sql: `SELECT pg_promote(true, ${Math.ceil(ctx.timing.startUpMs / 1000)});\nCHECKPOINT;\n${historySql}`, timeoutMs: ctx.timing.startUpMs * 2 });
  if (promoted.exitCode !== 0 || !promoted.stdout.startsWith('t')) throw refusedPromotion(recovered, promoted.exitCode === 0 ? 'it did not end its recovery in time' : firstError(promoted.stderr));
  const [, timeline, history] = /^t\n(\d+)\|([\s\S]*)$/.exec(promoted.stdout) ?? [];
  const began = timelinePath(Number(timeline), history ?? '')?.at(-1)?.begin;
  if (began === undefined || began !== parseLsn(lsn)) throw refusedPromotion(recovered, `it goes on from another position than ${lsn}, where it stood when it was compared`);
}

/** The same, and then shut down, while the live one still serves. The container stays, for the caller to remove. @param beforeStop while it runs @throws RestoreFailed */
export async function promoteAndStop(ctx: EngineContext, recovered: RecoveryServer, lsn: string, beforeStop?: () => Promise<void>): Promise<void> {
  const { server } = recovered;
  await promote(ctx, recovered, lsn);
  await beforeStop?.();
  await ctx.runtime.stop(server.id, ctx.timing.stopMs);
  const ended = await ctx.runtime.inspect(server.id);
  if (ended.exitCode !== 0) throw whyEnded('promote what was recovered', ended, await serverLog(ctx, 'promote what was recovered', server), () => refusedPromotion(recovered, `its server ended with exit code ${ended.exitCode ?? 'unknown'}`));
}
