/** A base backup in the helper that reads it, and the settings of a server that is started from it in there. */
import { stageFile } from '../../../containers/container-files.ts';
import type { MountSpec } from '../../../containers/container-runtime.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { Artifact, PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ArtifactSource, EngineContext } from '../../engine.ts';
import { imageFor } from '../server/image-for.ts';
import { runPostgresHelper } from '../server/postgres-helper.ts';
import { scripts } from '../server/script-text.ts';

const jobs = 2;

/** The name under which the manifest stored it: base.tar.zst, backup_manifest, 16400.tar.zst. */
const fileName = ({ path }: Artifact): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * Settings of a copy that is thrown away: as large as the original's where recovery insists (databases.md P11), its libraries, and nothing that would make
 * it act like the original (P14). It stops where it becomes consistent, at the end of the backup.
 */
function scratchSettings({ cluster }: PostgresBase): string {
  const settings: Readonly<Record<string, string>> = {
    ...cluster.settings,
    ...(cluster.preloadLibraries.length === 0 ? {} : { shared_preload_libraries: cluster.preloadLibraries.join(',') }),
    ...Object.assign({}, ...cluster.preloadLibraries.map((library) => quiet[library] ?? {})) as Record<string, string>,
    listen_addresses: '', archive_mode: 'off', hot_standby: 'on', restore_command: 'false', recovery_target: 'immediate', recovery_target_action: 'promote', recovery_target_timeline: 'current',
    max_logical_replication_workers: '0', autovacuum: 'off', fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', logging_collector: 'off', log_destination: 'stderr', lc_messages: 'C',
    shared_buffers: '256MB', maintenance_work_mem: '128MB', max_wal_size: '8GB', ssl: 'off', jit: 'off',
  };
  return Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll('\'', '\'\'')}'\n`).join('');
}

/** What libraries need to keep still. */
const quiet: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pg_cron: { 'cron.launch_active_jobs': 'off' },
  timescaledb: { 'timescaledb.max_background_workers': '0' },
};

/** Runs the checks of `base-check.sh` in a helper without a network. @throws CouldNotVerify (no image to read it with), HelperLost, ArtifactDamaged while copying */
export async function checkBase(ctx: EngineContext, backup: PostgresBase, source: ArtifactSource, mode: 'verify' | 'prove'): Promise<HelperResult> {
  const image = await imageFor(ctx, backup);
  if (image === null || image.majorVersion !== backup.server.majorVersion) {
    throw new HoldfastFailure('CouldNotVerify', { operation: `${mode} the base backup`, object: backup.server.image, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then try again.' });
  }
  const { mounts, beforeStart } = await inputOf(ctx, backup, source);
  return runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: mode, imageId: image.id, network: 'none', majorVersion: 0, script: scripts.baseCheck,
    args: [mode, String(backup.dataSizeBytes), String(jobs), String(backup.server.majorVersion)],
    files: {
      'expected.sums': backup.artifacts.map((artifact) => `${artifact.stored.sha256} ${artifact.stored.sizeBytes} ${fileName(artifact)}\n`).join(''),
      tablespaces: backup.tablespaces.map(({ oid }) => `${oid}\n`).join(''),
      superuser: backup.cluster.superuser,
      'scratch.conf': scratchSettings(backup),
    },
    mounts, phase: mode, ...(beforeStart === undefined ? {} : { beforeStart }),
  });
}

async function inputOf(ctx: EngineContext, backup: PostgresBase, source: ArtifactSource): Promise<{ readonly mounts: readonly MountSpec[]; beforeStart?(containerId: string): Promise<void> }> {
  const paths = await Promise.all(backup.artifacts.map((artifact) => source.hostPath(artifact)));
  if (paths.every((path) => path !== null)) {
    return { mounts: backup.artifacts.map((artifact, index) => ({ type: 'bind', source: paths[index] as string, target: `/source/${fileName(artifact)}`, readOnly: true })) };
  }
  return {
    mounts: [{ type: 'volume', source: '', target: '/source' }],
    beforeStart: async (containerId) => {
      for (const artifact of backup.artifacts) await stageFile(ctx.runtime, containerId, '/source', { name: fileName(artifact), ...artifact.plaintext }, await source.open(artifact), ctx.signal);
    },
  };
}
