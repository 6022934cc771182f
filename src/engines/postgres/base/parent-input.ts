/** The file by which pg_basebackup learns what an earlier base backup holds, in the helper that takes the next one. */
import { stageFile } from '../../../containers/container-files.ts';
import type { MountSpec } from '../../../containers/container-runtime.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { EngineContext, ParentBackup } from '../../engine-context.ts';

const directory = '/parent';
const file = 'backup_manifest';

export interface ParentInput {
  /** For base-backup.sh: `none` where a full one is taken. */
  readonly path: string;
  readonly mounts: readonly MountSpec[];
  beforeStart?(containerId: string): Promise<void>;
}

/** @throws ArtifactDamaged while copying; ObjectNotFound */
export async function parentInput(ctx: EngineContext, parent: ParentBackup | undefined): Promise<ParentInput> {
  if (parent === undefined) return { path: 'none', mounts: [] };
  const { backup, source } = parent;
  const artifact = backup.artifacts.find(({ kind }) => kind === 'baseManifest');
  if (artifact === undefined) throw new HoldfastFailure('ObjectNotFound', { operation: 'take an incremental backup', object: backup.component, cause: 'the base backup that it would go on from has no backup_manifest', hint: 'Take a base backup: holdfast backup --kind base.' });
  const path = `${directory}/${file}`;
  const hostPath = await source.hostPath(artifact);
  if (hostPath !== null) return { path, mounts: [{ type: 'bind', source: hostPath, target: path, readOnly: true }] };
  return {
    path, mounts: [{ type: 'volume', source: '', target: directory }],
    beforeStart: async (containerId) => stageFile(ctx.runtime, containerId, directory, { name: file, ...artifact.plaintext }, await source.open(artifact), ctx.signal),
  };
}
