/** A base backup in the helper that reads it, and the settings of a server that is started from it in there. */
import { stageFile } from '../../../containers/container-files.ts';
import type { MountSpec } from '../../../containers/container-runtime.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { Artifact, PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { parseLsn } from '../../../domain/wal/lsn.ts';
import type { ArtifactSource, ChainedInput, EngineContext } from '../../engine-context.ts';
import { imageOfMajor } from '../server/image-for.ts';
import { failedStep, runPostgresHelper, sourceFailure, spaceFailure } from '../server/postgres-helper.ts';
import { quietLibraries } from '../server/preload-settings.ts';
import { diskFullIn, firstError, machineFailure, machineTroubleIn, passingRefusals, saysCatalogDamaged } from '../server/psql-failure.ts';
import { scripts, statements } from '../server/script-text.ts';
import { formatsInCommand } from '../server/time-formats.ts';

const jobs = 2;
/** Of what amcheck has to tell, as a result of the helper. */
export const amcheckLimitBytes = 3 * 1024 ** 2;

/** The name under which the manifest stored it: base.tar.zst, backup_manifest, 16400.tar.zst. */
const fileName = ({ path }: Artifact): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * Settings of a copy that is thrown away: as large as the original's where recovery insists (databases.md P11), its libraries, and nothing that would make
 * it act like the original (P14).
 */
export function scratchSettings({ cluster, server }: PostgresBase): Readonly<Record<string, string>> {
  return {
    ...cluster.settings,
    ...(cluster.preloadLibraries.length === 0 ? {} : { shared_preload_libraries: cluster.preloadLibraries.join(',') }),
    ...quietLibraries(cluster.preloadLibraries),
    listen_addresses: '', archive_mode: 'off',
    max_logical_replication_workers: '0', autovacuum: 'off', fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', logging_collector: 'off', log_destination: 'stderr', lc_messages: 'C',
    shared_buffers: '256MB', maintenance_work_mem: '128MB', max_wal_size: '8GB', ssl: 'off', jit: 'off',
    // One on login would write at each of our sessions, and where it cannot nobody gets in.
    ...(server.majorVersion >= 17 ? { event_triggers: 'off' } : {}),
  };
}

/** As a configuration file has them. */
export const settingsText = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll('\'', '\'\'')}'\n`).join('');

/** As a command line has them. */
export const asArguments = (settings: Readonly<Record<string, string>>): readonly string[] => Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** To the end of the backup itself, and then a server of its own: there is no log but the one it brought. */
const toItsEnd = { hot_standby: 'on', restore_command: 'false', recovery_target: 'immediate', recovery_target_action: 'promote', recovery_target_timeline: 'current' } as const;

/** Runs the checks of `base-check.sh` in a helper without a network. @throws CouldNotVerify (no image to read it with), HelperLost, ArtifactDamaged while copying */
export async function checkBase(ctx: EngineContext, backup: PostgresBase, source: ArtifactSource, mode: 'verify' | 'prove'): Promise<HelperResult> {
  const imageId = await imageOfMajor(ctx, backup);
  if (imageId === null) {
    throw new HoldfastFailure('CouldNotVerify', { operation: `${mode} the base backup`, object: backup.server.image, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then try again.' });
  }
  const chained = await chainOf(backup, source);
  const { mounts, beforeStart } = await baseInput(ctx, chained);
  return runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: mode, imageId, network: 'none', majorVersion: 0, script: scripts.baseCheck,
    args: [mode, String(backup.dataSizeBytes), String(jobs), String(amcheckLimitBytes), imageId === backup.server.imageId ? 'no' : 'yes', ...asArguments(formatsInCommand(backup.server))],
    files: { ...baseFiles(chained), 'collations.sql': statements['collations.sql'], superuser: backup.cluster.superuser, passing: passingRefusals, 'scratch.conf': settingsText({ ...scratchSettings(backup), ...toItsEnd }) },
    mounts, phase: mode, ...(beforeStart === undefined ? {} : { beforeStart }),
  });
}

/** A base backup that is to be unpacked, with all that it stands on. */
export interface ChainedBackup {
  readonly backup: PostgresBase;
  /** The full one first, the backup itself last: a full one alone. */
  readonly links: readonly Pick<ChainedInput, 'backup' | 'source'>[];
}

/** @throws ObjectNotFound, ArtifactDamaged naming a backup that it stands on */
export async function chainOf(backup: PostgresBase, source: ArtifactSource): Promise<ChainedBackup> {
  if (backup.chain === undefined) return { backup, links: [{ backup, source }] };
  if (source.chain === undefined) throw new HoldfastFailure('ObjectNotFound', { operation: 'read an incremental backup', object: backup.component, cause: 'the backups that it stands on cannot be read here', hint: 'Please report this: it is a mistake in Holdfast.' });
  return { backup, links: [...await source.chain(backup), { backup, source }] };
}

const storedFiles = ({ links }: ChainedBackup): readonly { readonly artifact: Artifact; readonly source: ArtifactSource; readonly name: string }[] =>
  links.flatMap(({ backup, source }, index) => backup.artifacts.map((artifact) => ({ artifact, source, name: `${index}-${fileName(artifact)}` })));

/** The segments from its begin to its end, as they lie in pg_wal. */
function logBytesOf({ range: { begin, end }, cluster: { segmentSizeBytes } }: PostgresBase): number {
  const segment = (position: string): number => Math.floor(Number(parseLsn(position) ?? 0n) / segmentSizeBytes);
  return (segment(end) - segment(begin) + 1) * segmentSizeBytes;
}

/** What unpack-base.sh finds in its work directory. */
export const baseFiles = (chained: ChainedBackup): Readonly<Record<string, string>> => ({
  'expected.sums': storedFiles(chained).map(({ artifact: { stored }, name }) => `${stored.sha256} ${stored.sizeBytes} ${name}\n`).join(''),
  'log.bytes': `${logBytesOf(chained.backup)}\n`,
  tablespaces: chained.backup.tablespaces.map(({ oid }) => `${oid}\n`).join(''),
});

/** The files of a backup, and of all that it stands on, in /source. */
export async function baseInput(ctx: EngineContext, chained: ChainedBackup): Promise<{ readonly mounts: readonly MountSpec[]; beforeStart?(containerId: string): Promise<void> }> {
  const files = storedFiles(chained);
  const paths = await Promise.all(files.map(({ artifact, source }) => source.hostPath(artifact)));
  if (paths.every((path) => path !== null)) {
    return { mounts: files.map(({ name }, index) => ({ type: 'bind', source: paths[index] as string, target: `/source/${name}`, readOnly: true })) };
  }
  return {
    mounts: [{ type: 'volume', source: '', target: '/source' }],
    beforeStart: async (containerId) => {
      for (const { artifact, source, name } of files) await stageFile(ctx.runtime, containerId, '/source', { name, ...artifact.plaintext }, await source.open(artifact), ctx.signal);
    },
  };
}

/** Steps that fail because of the stored bytes alone. */
const bytesSteps = new Set(['damaged', 'unpack', 'tar', 'verify']);
/** Steps after which every byte is right, and a whole copy does not come of them all the same. */
const combineSteps = new Set(['combine', 'combined']);

/** What a helper that reads a base backup failed with. */
export function checkFailure(result: HelperResult, backup: PostgresBase, operation: string): HoldfastFailure {
  const { step, messages } = failedStep(result);
  // Of an incremental one, the backup that it was at.
  const link = backup.chain?.[Number(result.files.get('link')?.trim() || NaN)];
  const call = { operation: `${operation} (${step})`, object: link === undefined ? backup.component : `${backup.component} of backup ${link.backupId}, which it stands on` };
  if (step === 'space') return spaceFailure(result, call);
  const full = diskFullIn(messages);
  if (full !== null) return new HoldfastFailure('DiskFull', { ...call, cause: full, hint: 'Make room on the file system of the Docker engine\'s data directory, then start again.' });
  if (step === 'source') return sourceFailure(result, call);
  // What was found to be other bytes was read to its end, whatever else went wrong.
  const trouble = step === 'damaged' ? null : machineTroubleIn(messages);
  if (trouble !== null) return machineFailure(trouble, call);
  if (bytesSteps.has(step)) {
    return new HoldfastFailure('ArtifactDamaged', { ...call, cause: step === 'damaged' ? 'its bytes are not the ones in the manifest' : firstError(messages), hint: 'Use another copy or another backup; nothing was changed.' });
  }
  if (combineSteps.has(step)) return new HoldfastFailure('RestoreFailed', { ...call, cause: firstError(messages), hint: 'The copies are sound, and do not make one: use another base backup, and take a full one.' });
  if (step === 'refused' && saysCatalogDamaged(messages)) {
    return new HoldfastFailure('RestoreFailed', { ...call, cause: firstError(messages), hint: 'It starts, and its catalogues are damaged: use another base backup, and look at the server\'s disk.' });
  }
  // A library that this image lacks, memory that is not there: where it was tried is at fault. What is wrong with the log or the files is the backup's.
  if (step === 'server' && !/could not access file|could not load library|could not map anonymous shared memory/i.test(messages)) {
    return new HoldfastFailure('RestoreFailed', { ...call, cause: firstError(messages), hint: 'The copy does not start: use another base backup, and look at the server\'s disk.' });
  }
  return new HoldfastFailure('CouldNotVerify', { ...call, cause: firstError(messages), hint: 'This says nothing about the backup. Use the image that it was taken from.' });
}
