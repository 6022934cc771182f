/** How a stored RDB comes before a helper: bound from the host where both see the same disk, else put into the helper's own volume. */
import type { Readable } from 'node:stream';
import { stageFile } from '../../../containers/container-files.ts';
import type { MountSpec } from '../../../containers/container-runtime.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { Artifact, RedisBackup } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import { exitCodes } from './helper-scripts.ts';

/** An RDB as one helper can reach it. */
export interface RdbPlace {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly mounts: readonly MountSpec[];
  readonly beforeStart?: (containerId: string) => Promise<void>;
}

const boundPath = '/rdb/dump.rdb';

/** A file of this host, bound read-only. */
export const boundRdb = (hostPath: string, size: { sizeBytes: number; sha256: string }): RdbPlace =>
  ({ ...size, path: boundPath, mounts: [{ type: 'bind', source: hostPath, target: boundPath, readOnly: true }] });

/** A stream, copied into the helper's volume; what arrives is exactly what was announced, or the helper does not start. */
export const stagedRdb = (ctx: EngineContext, open: () => Promise<Readable>, size: { sizeBytes: number; sha256: string }): RdbPlace => ({
  ...size,
  path: '/holdfast/dump.rdb',
  mounts: [],
  beforeStart: async (containerId) => stageFile(ctx.runtime, containerId, '/holdfast', { name: 'dump.rdb', ...size }, await open(), ctx.signal),
});

/** The one artifact of a Redis backup. @throws ManifestDamaged, UnsupportedFormat */
export function rdbArtifact(backup: RedisBackup): Artifact {
  const [artifact] = backup.artifacts;
  if (artifact === undefined || artifact.kind !== 'rdb' || backup.artifacts.length !== 1) {
    throw new HoldfastFailure('ManifestDamaged', { operation: 'read the backup', object: backup.component, cause: 'a Redis backup has exactly one artifact of kind rdb', hint: 'Use another backup.' });
  }
  if (artifact.encodings.length === 0) return artifact;
  throw new HoldfastFailure('UnsupportedFormat', { operation: 'read the backup', object: artifact.path, cause: `it is stored as ${artifact.encodings.join(', ')}`, hint: 'Use the version of Holdfast that wrote it.' });
}

/**
 * Runs a helper step on a stored RDB. A bound file that the engine cannot see, or sees differently, is read through Holdfast instead:
 * then either the bytes are those of the manifest, or it is `ArtifactDamaged` for certain.
 */
export async function onStoredRdb(ctx: EngineContext, backup: RedisBackup, source: ArtifactSource, step: (place: RdbPlace) => Promise<HelperResult>): Promise<HelperResult> {
  const artifact = rdbArtifact(backup);
  const hostPath = await source.hostPath(artifact);
  if (hostPath !== null) {
    const result = await unlessNotThere(step(boundRdb(hostPath, artifact.plaintext)));
    if (result !== null && result.exitCode !== exitCodes.dataDiffers) return result;
  }
  return step(stagedRdb(ctx, () => source.open(artifact), artifact.plaintext));
}

/** The engine refuses a bind whose source does not exist on its host; that is no failure of ours yet. */
export async function unlessNotThere<T>(step: Promise<T>): Promise<T | null> {
  try {
    return await step;
  } catch (error) {
    if (isFailure(error, 'Internal')) return null;
    throw error;
  }
}

