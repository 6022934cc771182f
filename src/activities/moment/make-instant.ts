/** A store at a second, made of the archive of its append-only file and stored as a backup that only its run knows of. */
import { type BackupManifest, manifestFormat, type ReadManifest, type RedisBackup } from '../../domain/backup-manifest.ts';
import { isFailure, type FailureType } from '../../domain/failures.ts';
import { backupIdAt, runBackupId } from '../../domain/identifiers.ts';
import type { Component } from '../../domain/service.ts';
import type { EngineContext } from '../../engines/engine-context.ts';
import type { Repository } from '../../repository/repository.ts';
import { currentOwner, engineOf, firstRepository } from '../activity-run.ts';
import { destinationIn } from '../artifacts.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { referenceTo, type BackupReference } from '../proof-activities.ts';
import { locateInstant } from './locate-instant.ts';

export interface InstantInput {
  readonly service: string;
  readonly component: Component;
  readonly at: string;
}

export interface InstantSource {
  readonly repository?: Repository;
  readonly like?: RedisBackup;
  /** Then only what the archive is to blame for is a reason why it leads nowhere; all else is thrown. */
  readonly isDrill?: boolean;
}

const saysOfTheArchive: ReadonlySet<FailureType> = new Set(['ArtifactDamaged', 'RestoreFailed', 'CutOverFailed', 'ObjectNotFound']);

/**
 * What the archive leads to, as a backup of the run's own, and when its data is of; or why it leads nowhere.
 * `archivedUntil`: by what it has of later seconds it should have led farther: something in it is missing, or the file was off. Absent where it leads to what was asked, or to its end.
 */
export type MadeInstant = { readonly backup: BackupReference; readonly at: string; readonly archivedUntil?: string } | { readonly unfit: string };

/**
 * @param from where its archive lies, and where what is made goes: the service's first repository unless given; and a backup that stands for a server that is not to be asked
 * @throws what may be tried again; all else is why the archive leads nowhere
 */
export async function makeInstant(dependencies: ActivityDependencies, context: EngineContext, { service, component, at }: InstantInput, from: InstantSource = {}): Promise<MadeInstant> {
  const repository = from.repository ?? firstRepository(dependencies, service);
  const engine = engineOf(dependencies, component);
  if (engine.aof === undefined) return { unfit: `${component.engine} has no append-only file` };
  const located = await locateInstant(repository.aof, { service, component: component.name }, { at, signal: context.signal, onBytes: (doneBytes) => context.progress({ phase: 'reading the archived AOF', doneBytes }) });
  if ('unfit' in located) return located;
  const { aof } = located;
  const coveredSecond = Math.min(Math.floor(Date.parse(at) / 1000) - 1, (await repository.aof.span({ service, component: component.name }))?.coveredSecond ?? aof.second);
  const answer = ({ manifest, sha256 }: ReadManifest): MadeInstant =>
    ({ backup: referenceTo(manifest, sha256), at: manifest.point.at, ...(coveredSecond > aof.second ? { archivedUntil: new Date((coveredSecond + 1) * 1000).toISOString() } : {}) });
  const backupId = backupIdAt((aof.second + 1) * 1000);
  const id = runBackupId({ runId: currentOwner(dependencies).runId, backupId });
  const made = await ofThisRun(repository, service, id);
  if (made !== null) return answer(made);
  const place = { service, backupId: id, component: component.name, attempt: context.attempt };
  try {
    const backup = await engine.aof.makeInstant(context, component, aof, await destinationIn(repository, place, context.signal), from.like);
    context.signal.throwIfAborted();
    const manifest = await manifestOf(dependencies, repository, { service, backupId, backup });
    const committed = await repository.commitOwn(manifest);
    return answer({ manifest: { ...manifest, backupId: committed.backupId }, sha256: committed.sha256 });
  } catch (error) {
    await repository.removeAttempt(place).catch(() => undefined);
    // An attempt that was given up on has just finished it.
    const other = isFailure(error, 'AlreadyExists') ? await ofThisRun(repository, service, id) : null;
    if (other !== null) return answer(other);
    context.signal.throwIfAborted();
    // In a drill it must not be said of the archive that there was no room, memory or image here.
    if (isFailure(error) && !error.retryable && (from.isDrill !== true || saysOfTheArchive.has(error.type))) return { unfit: error.fields.cause };
    throw error;
  }
}

async function ofThisRun(repository: Repository, service: string, id: string): Promise<ReadManifest | null> {
  try {
    return await repository.readManifest(service, id);
  } catch (error) {
    if (isFailure(error, 'UnknownBackup')) return null;
    throw error;
  }
}

async function manifestOf(dependencies: ActivityDependencies, repository: Repository, { service, backupId, backup }: { readonly service: string; readonly backupId: string; readonly backup: RedisBackup }): Promise<BackupManifest> {
  const at = new Date(dependencies.nowMs()).toISOString();
  return {
    format: manifestFormat, repositoryId: (await repository.open()).repositoryId, service, serviceVersion: null, backupId,
    // No list knows of it: it has no place among the others.
    sequence: 1, previousManifestSha256: null, beganAt: at, finishedAt: at,
    point: { at: backup.snapshot.at, skewMs: 0, skewLimitMs: 0 }, components: [backup], run: currentOwner(dependencies), holdfastVersion: dependencies.holdfastVersion,
  };
}
