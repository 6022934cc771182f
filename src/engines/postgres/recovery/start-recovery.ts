/** A base backup laid out in a directory of a volume, and a server started on it that recovers to a moment; and the same server sent on to a later one. */
import type { MountSpec } from '../../../containers/container-runtime.ts';
import { scratchLabels, scratchName, type ScratchIdentity } from '../../../containers/labels.ts';
import { findScratchOf, removeScratch } from '../../../containers/scratch.ts';
import { createScratchServer } from '../../../containers/scratch-server.ts';
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { LogFile } from '../../../domain/wal/log-file.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import { baseFiles, baseInput, chainOf, checkFailure, scratchSettings, settingsText } from '../base/base-input.ts';
import { imageOfMajor } from '../server/image-for.ts';
import { failedStep, runPostgresHelper, sourceFailure } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { librariesFailure, librariesFile } from '../server/required-libraries.ts';
import { recoveryFiles, scripts } from '../server/script-text.ts';
import { awaitStop, recoveryStep, serverArguments, type Reached, type RecoveryServer } from './recovery-server.ts';
import { addLacking, nothingLacking, supersededFailure, type Lacking } from './recovery-failure.ts';
import { segmentList } from './segment-list.ts';
import { recoverySettings, type RecoveryRequest } from './target.ts';

export interface Recovery {
  readonly backup: PostgresBase;
  readonly source: ArtifactSource;
  readonly request: RecoveryRequest;
  /** Every file of the log that may be asked for, in that order, and where the helper and the server find the archive. */
  readonly log: { readonly files: readonly LogFile[]; readonly mount: Omit<MountSpec, 'target'> | null };
  /** The image that its server is to be of later; the backup's own unless given. */
  readonly imageId?: string;
  /** What its user calls that image; its id unless given. */
  readonly imageName?: string;
  /** Where it is done: a directory on a mount, below a data directory that it is to replace. In a volume of the run's own unless given. */
  readonly place?: RecoveryPlace;
  /** Room that is asked for there before anything is unpacked; what the base takes by itself unless given. */
  readonly roomBytes?: number;
  /** What the original did since the backup, as far as it is known. */
  readonly lacking?: Lacking;
  /** Further settings of its server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Its limit, where nothing is restored for good; none unless given. */
  readonly memoryBytes?: number;
  /** What runs its server, in place of run-server.sh. */
  readonly serverScript?: string;
}

export interface RecoveryPlace {
  readonly mount: MountSpec;
  readonly directory: string;
}

const ownDirectory = '/recovery';
const archive = '/archive';
/** Each time the original was restarted with a larger setting, or made a tablespace. */
export const roundsAtMost = 100;

/**
 * The base backup unpacked and verified in a volume of this run, and a server started on it. Run again, it begins anew.
 * @throws ArtifactDamaged, ImageMissing, ExtensionMissing, NotEnoughSpace, HelperLost
 */
export async function startRecovery(ctx: EngineContext, recovery: Recovery): Promise<RecoveryServer> {
  const { backup, log } = recovery;
  const imageId = await imageOf(ctx, recovery);
  const identity = { owner: ctx.owner, service: ctx.service, component: backup.component, step: recoveryStep };
  const { mount, directory } = recovery.place ?? await ownPlace(ctx, backup.component);
  // A predecessor's server must not stand on what is laid out anew: creating its successor removes it.
  const server = await createScratchServer(ctx.runtime, {
    identity, imageId, signal: ctx.signal, entrypoint: ['/bin/sh'], command: serverArguments(directory, archive, backup.cluster.superuser),
    mounts: [mount, ...archiveMount(log)], shmSizeBytes: 512 * 1024 ** 2, ...recovery.memoryBytes === undefined ? {} : { memoryBytes: recovery.memoryBytes },
  });
  await arrange(ctx, recovery, imageId, { mount, directory });
  await ctx.runtime.start(server.id);
  return { server, superuser: backup.cluster.superuser, directory };
}

/**
 * Sends a server that stands at one moment on to another behind it: stopped, told anew, started; what is replayed stays. Run again it does the same again.
 * @throws RestoreFailed where another base backup lies there, or the server does not stop cleanly
 */
export async function continueRecovery(ctx: EngineContext, recovery: Recovery, recovered: RecoveryServer): Promise<RecoveryServer> {
  const { backup, log } = recovery;
  const { server, directory } = recovered;
  const place = recovery.place ?? await ownPlace(ctx, backup.component);
  await ctx.runtime.stop(server.id, ctx.timing.stopMs);
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'recovery-aim', imageId: await imageOf(ctx, recovery), network: 'none', majorVersion: 0, script: scripts.aimRecovery, args: [directory],
    files: { ...baseFiles(await chainOf(backup, recovery.source)), 'scratch.conf': settingsOf(recovery, directory), 'segments.list': segmentList(log.files), locations: locationsOf(recovery) }, mounts: [place.mount, ...archiveMount(log)], phase: 'go on to another moment',
  });
  if (result.exitCode !== 0 && failedStep(result).step === 'superseded') throw supersededFailure('go on to another moment', server.name, firstError(failedStep(result).messages));
  if (result.exitCode !== 0 && failedStep(result).step === 'source') throw sourceFailure(result, { operation: 'go on to another moment', object: server.name });
  if (result.exitCode !== 0) throw new HoldfastFailure('RestoreFailed', { operation: 'go on to another moment', object: server.name, cause: firstError(failedStep(result).messages), hint: 'It is recovered anew.' });
  await ctx.runtime.start(server.id);
  return recovered;
}

/**
 * Where {@link startRecovery} or {@link continueRecovery} leads, with what the original did meanwhile. @throws PointUnreachable, ArtifactDamaged, RestoreFailed
 */
export async function awaitTarget(ctx: EngineContext, recovery: Recovery, recovered: RecoveryServer): Promise<Reached> {
  let lacking = recovery.lacking ?? nothingLacking;
  for (let round = 1; round <= roundsAtMost; round += 1) {
    const stop = await awaitStop(ctx, recovered);
    if (!('lacks' in stop)) return stop;
    lacking = moreLacking(lacking, stop);
    await continueRecovery(ctx, { ...recovery, lacking }, recovered);
  }
  throw tooManyRounds(recovered.server.name);
}

/** @throws what it ended with, where it had been given that */
export function moreLacking(given: Lacking, { lacks, failure }: { readonly lacks: Lacking; readonly failure: HoldfastFailure }): Lacking {
  const more = addLacking(given, lacks);
  if (more === null) throw failure;
  return more;
}

export const tooManyRounds = (object: string): HoldfastFailure =>
  new HoldfastFailure('RestoreFailed', { operation: 'recover to a moment', object, cause: `it had to begin again ${roundsAtMost} times, with larger settings or for another tablespace`, hint: 'Use a base backup that was taken later.' });

/** The image of its server. @throws ImageMissing */
export async function imageOf(ctx: EngineContext, { imageId, backup }: Pick<Recovery, 'imageId' | 'backup'>): Promise<string> {
  const found = imageId ?? await imageOfMajor(ctx, backup);
  if (found !== null) return found;
  throw new HoldfastFailure('ImageMissing', { operation: 'recover to a moment', object: backup.server.image, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then start again.' });
}

const archiveMount = ({ mount }: Recovery['log']): readonly MountSpec[] => (mount === null ? [] : [{ ...mount, target: archive, readOnly: true }]);

/** Of the volume in which a recovery lies that has no place of its own given. */
const recoveryDataStep = 'recovery-data';

/** A volume of this run and step, which goes with the run. */
export async function ownPlace(ctx: EngineContext, component: string): Promise<RecoveryPlace> {
  const own: ScratchIdentity = { owner: ctx.owner, service: ctx.service, component, step: recoveryDataStep };
  const volume = scratchName(own);
  await ctx.runtime.createVolume(volume, scratchLabels('scratch', own));
  return { mount: { type: 'volume', source: volume, target: ownDirectory }, directory: ownDirectory };
}

/** This run's recovery of a component in its {@link ownPlace}: its server, its volume. @throws LeftoversRemain */
export async function removeOwnRecovery(ctx: EngineContext, component: string): Promise<void> {
  for (const scratch of await findScratchOf(ctx.runtime, ctx.owner)) {
    if (scratch.identity.component === component && [recoveryStep, recoveryDataStep].includes(scratch.identity.step)) await removeScratch(ctx.runtime, scratch);
  }
}

/** The whole configuration of its server. */
export const settingsOf = ({ backup, request, lacking, settings }: Recovery, directory: string): string => settingsText({
  ...scratchSettings(backup), ...lacking?.raised, ...settings, hot_standby: 'on', restore_command: `sh ${directory}/fetch-segment.sh ${directory} "%f" "%p"`, ...recoverySettings(request),
});

/** What make-places.sh reads: a line each. */
const locationsOf = ({ lacking }: Recovery): string => (lacking?.locations ?? []).map((location) => `${location}\n`).join('');

async function arrange(ctx: EngineContext, recovery: Recovery, imageId: string, { mount, directory }: RecoveryPlace): Promise<void> {
  const { backup, source, log } = recovery;
  const chained = await chainOf(backup, source);
  const input = await baseInput(ctx, chained);
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'recovery-arrange', imageId, network: 'none', majorVersion: 0, script: scripts.arrangeRecovery,
    args: [directory, String(recovery.roomBytes ?? backup.dataSizeBytes)], files: { ...baseFiles(chained), ...recoveryFiles, ...(recovery.serverScript === undefined ? {} : { 'run-server.sh': recovery.serverScript }), 'scratch.conf': settingsOf(recovery, directory), 'segments.list': segmentList(log.files), locations: locationsOf(recovery), ...librariesFile(backup.cluster.preloadLibraries) },
    mounts: [mount, ...archiveMount(log), ...input.mounts], phase: 'unpack the base backup', ...(input.beforeStart === undefined ? {} : { beforeStart: input.beforeStart }),
  });
  if (result.exitCode === 0) return;
  const { step, messages } = failedStep(result);
  const lacking = librariesFailure(result, { operation: 'recover to a moment', object: backup.component }, recovery.imageName ?? (imageId === backup.server.imageId ? backup.server.image : imageId));
  if (lacking !== null) throw lacking;
  throw step === 'superseded' ? supersededFailure('unpack the base backup', backup.component, firstError(messages)) : checkFailure(result, backup, 'unpack the base backup');
}
