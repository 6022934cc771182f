/**
 * A server of its own on a copy that is recovered to a moment: nobody can reach it, it archives nothing, and it stops where it was told to, read-only, until
 * it is told to go on (databases.md T5). Its files lie in one directory of a volume.
 */
import type { ExecResult, MountSpec } from '../../../containers/container-runtime.ts';
import { scratchLabels, scratchName, type ScratchIdentity } from '../../../containers/labels.ts';
import { createScratchServer } from '../../../containers/scratch-server.ts';
import { removeScratch, type ScratchResource } from '../../../containers/scratch.ts';
import { waitUntil } from '../../../containers/wait-until.ts';
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { LogFile } from '../../../domain/wal/log-file.ts';
import type { ArtifactSource, EngineContext } from '../../engine.ts';
import { baseFiles, baseInput, checkFailure, scratchSettings, settingsText } from '../base/base-input.ts';
import { imageOfMajor } from '../server/image-for.ts';
import { runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { recoveryFiles, scripts } from '../server/script-text.ts';
import { segmentList } from './segment-list.ts';
import { reachedTarget, recoverySettings, type ReachedTarget, type RecoveryRequest } from './target.ts';

export interface Recovery {
  readonly backup: PostgresBase;
  readonly source: ArtifactSource;
  readonly request: RecoveryRequest;
  /** Every file of the log that may be asked for, in that order, and where the helper and the server find the archive. */
  readonly log: { readonly files: readonly LogFile[]; readonly mount: Omit<MountSpec, 'target'> | null };
  /** The image that its server is to be of later; the backup's own unless given. */
  readonly imageId?: string;
  /** Where it is done: a directory on a mount, below a data directory that it is to replace. In a volume of the run's own unless given. */
  readonly place?: { readonly mount: MountSpec; readonly directory: string };
}

export interface RecoveryServer {
  readonly server: ScratchResource;
  readonly superuser: string;
  readonly directory: string;
}

/** How far the server came. */
export interface Reached extends ReachedTarget {
  /** Everything before it is replayed. */
  readonly lsn: string;
  /** When the last replayed transaction committed, ISO 8601 UTC with microseconds; null where none was. */
  readonly lastCommitAt: string | null;
}

/** Of the server's container, among what a run made. */
export const recoveryStep = 'recovery';
const ownDirectory = '/recovery';
const archive = '/archive';
const logLimitBytes = 1024 * 1024;

/**
 * The base backup unpacked and verified in a volume of this run, and a server started on it. Run again, it begins anew.
 * @throws ArtifactDamaged, CouldNotVerify (no image), NotEnoughSpace, HelperLost
 */
export async function startRecovery(ctx: EngineContext, recovery: Recovery): Promise<RecoveryServer> {
  const { backup, log } = recovery;
  const imageId = recovery.imageId ?? await imageOfMajor(ctx, backup);
  if (imageId === null) {
    throw new HoldfastFailure('ImageMissing', { operation: 'recover to a moment', object: backup.server.image, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then start again.' });
  }
  const identity = { owner: ctx.owner, service: ctx.service, component: backup.component, step: recoveryStep };
  const { mount, directory } = recovery.place ?? await ownPlace(ctx, identity);
  // A predecessor's server must not stand on what is laid out anew: creating its successor removes it.
  const server = await createScratchServer(ctx.runtime, {
    identity, imageId, signal: ctx.signal, entrypoint: ['/bin/sh'], command: [`${directory}/run-server.sh`, directory, archive],
    mounts: [mount, ...(log.mount === null ? [] : [{ ...log.mount, target: archive, readOnly: true }])], shmSizeBytes: 512 * 1024 ** 2,
  });
  await arrange(ctx, recovery, imageId, { mount, directory });
  await ctx.runtime.start(server.id);
  return { server, superuser: backup.cluster.superuser, directory };
}

/** A volume of this run and step, which goes with the run. */
async function ownPlace(ctx: EngineContext, identity: ScratchIdentity): Promise<NonNullable<Recovery['place']>> {
  const own = { ...identity, step: 'recovery-data' };
  const volume = scratchName(own);
  await ctx.runtime.createVolume(volume, scratchLabels('scratch', own));
  return { mount: { type: 'volume', source: volume, target: ownDirectory }, directory: ownDirectory };
}

async function arrange(ctx: EngineContext, { backup, source, request, log }: Recovery, imageId: string, { mount, directory }: NonNullable<Recovery['place']>): Promise<void> {
  const input = await baseInput(ctx, backup, source);
  const settings = {
    ...scratchSettings(backup), hot_standby: 'on', restore_command: `sh ${directory}/fetch-segment.sh ${directory} "%f" "%p"`, ...recoverySettings(request),
  };
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'recovery-arrange', imageId, network: 'none', majorVersion: 0, script: scripts.arrangeRecovery,
    args: [directory, String(backup.dataSizeBytes)], files: { ...baseFiles(backup), ...recoveryFiles, 'scratch.conf': settingsText(settings), 'segments.list': segmentList(log.files) },
    mounts: [mount, ...input.mounts], phase: 'unpack the base backup', ...(input.beforeStart === undefined ? {} : { beforeStart: input.beforeStart }),
  });
  if (result.exitCode !== 0) throw checkFailure(result, backup, 'unpack the base backup');
}

/**
 * Returns when the server has stopped where it was told to. @throws PointUnreachable where the log ends before, ArtifactDamaged where a file of it is not what it
 * must be, RestoreFailed where it does not recover for another reason
 */
export async function awaitTarget(ctx: EngineContext, recovered: RecoveryServer): Promise<Reached> {
  const { server } = recovered;
  const state = await waitUntil(async () => {
    const found = await stateOf(ctx, recovered);
    if (found === null) {
      const { state: container } = await ctx.runtime.inspect(server.id);
      if (container !== 'running' && container !== 'created') throw recoveryFailure(await ctx.runtime.logs(server.id, logLimitBytes), server.name);
    }
    ctx.progress({ phase: found === null ? 'start recovery' : `replayed to ${found.lsn}` });
    return found?.paused === true ? found : null;
  }, { withinMs: ctx.timing.longActivityMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => new HoldfastFailure('RestoreFailed', { operation: 'recover to a moment', object: server.name, cause: 'the server does not come to its target', hint: 'See its log.' }));
  const reached = reachedTarget(await ctx.runtime.logs(server.id, logLimitBytes));
  if (reached === null) throw new HoldfastFailure('RestoreFailed', { operation: 'recover to a moment', object: server.name, cause: 'the server paused without saying where it stopped', hint: 'See its log.' });
  return { ...reached, lsn: state.lsn, lastCommitAt: state.lastCommitAt };
}

interface State {
  readonly paused: boolean;
  readonly lsn: string;
  readonly lastCommitAt: string | null;
}

const stateSql = `SELECT json_build_object('paused', pg_get_wal_replay_pause_state() = 'paused', 'lsn', pg_last_wal_replay_lsn()::text,
  'lastCommitAt', to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));`;

/** Null while it does not answer. */
async function stateOf(ctx: EngineContext, recovered: RecoveryServer): Promise<State | null> {
  const facts = await ctx.runtime.inspect(recovered.server.id);
  if (facts.state !== 'running') return null;
  const result = await psqlIn(ctx, recovered, stateSql, ctx.timing.execMs);
  return result.exitCode === 0 ? JSON.parse(result.stdout) as State : null;
}

const psqlIn = (ctx: EngineContext, { server, superuser, directory }: RecoveryServer, sql: string, timeoutMs: number): Promise<ExecResult> => ctx.runtime.exec(server.id, {
  argv: ['psql', '-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1', '-f', '-'], stdin: sql, timeoutMs, signal: ctx.signal,
  environment: { PGHOST: `${directory}/run`, PGUSER: superuser, PGDATABASE: 'template1', LC_ALL: 'C' },
});

/** Databases whose text this image sorts otherwise than the one that wrote them (databases.md L9): their indexes are of no use here. */
export async function collationsThatDiffer(ctx: EngineContext, recovered: RecoveryServer): Promise<readonly string[]> {
  const sql = 'SELECT format(\'%s %s, here %s\', datname, datcollversion, pg_database_collation_actual_version(oid)) FROM pg_database WHERE datcollversion <> pg_database_collation_actual_version(oid);';
  const result = await psqlIn(ctx, recovered, sql, ctx.timing.execMs);
  if (result.exitCode === 0) return result.stdout.split('\n').filter((line) => line !== '');
  throw new HoldfastFailure('RestoreFailed', { operation: 'compare collations', object: recovered.server.name, cause: firstError(result.stderr), hint: 'Nothing live was changed.' });
}

/**
 * What was recovered becomes a server of its own, on a timeline of its own, and is shut down: after the approval, while the live one still serves. The container
 * goes; the files stay. Not to be run twice: a server that was promoted has nothing left to recover. @throws RestoreFailed
 */
export async function promoteAndStop(ctx: EngineContext, recovered: RecoveryServer): Promise<void> {
  const { server } = recovered;
  const refused = (cause: string): HoldfastFailure => new HoldfastFailure('RestoreFailed', { operation: 'promote what was recovered', object: server.name, cause, hint: 'Nothing live was changed. Start the restore again.' });
  const promoted = await psqlIn(ctx, recovered, `SELECT pg_promote(true, ${Math.ceil(ctx.timing.startUpMs / 1000)});\nCHECKPOINT;`, ctx.timing.startUpMs * 2);
  if (promoted.exitCode !== 0 || !promoted.stdout.startsWith('t')) throw refused(promoted.exitCode === 0 ? 'it did not end its recovery in time' : firstError(promoted.stderr));
  await ctx.runtime.stop(server.id, ctx.timing.stopMs);
  const { exitCode } = await ctx.runtime.inspect(server.id);
  if (exitCode !== 0) throw refused(`its server ended with exit code ${exitCode ?? 'unknown'}`);
  await removeScratch(ctx.runtime, server);
}

/** A server that ended: its own last words, and those of what delivers its log. */
function recoveryFailure(log: string, object: string): HoldfastFailure {
  const call = { operation: 'recover to a moment', object };
  const damaged = /^\S+: (it has (?:another SHA-256|\d+ bytes)[^\n]*|[^\n]*(?:No such file|Decoding error|unexpected end)[^\n]*)/m.exec(log);
  if (damaged !== null) return new HoldfastFailure('ArtifactDamaged', { ...call, cause: damaged[0], hint: 'The archive of the log is damaged: use another repository, or a moment before that segment.' });
  if (/recovery ended before configured recovery target was reached/.test(log)) {
    return new HoldfastFailure('PointUnreachable', { ...call, cause: `the log ends before the moment${lastCommitIn(log)}`, hint: 'Ask for an earlier moment, or for latest.' });
  }
  return new HoldfastFailure('RestoreFailed', { ...call, cause: firstError(log), hint: 'See the server\'s own words; use another base backup, or an earlier moment.' });
}

function lastCommitIn(log: string): string {
  const last = [...log.matchAll(/last completed transaction was at log time (.+)$/gm)].at(-1)?.[1];
  return last === undefined ? '' : `; its last transaction committed at ${last}`;
}
