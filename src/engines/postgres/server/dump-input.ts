/** How a stored dump gets to where it is read: bound read-only where the repository is on the engine's host, else copied into the container. */
import { stageFile } from '../../../containers/container-files.ts';
import type { MountSpec } from '../../../containers/container-runtime.ts';
import type { Artifact, PostgresDump } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';

export interface DumpInput {
  readonly mounts: readonly MountSpec[];
  beforeStart?(containerId: string): Promise<void>;
  /** Lines as `member_sums` makes them, or empty where the manifest lists none. */
  readonly members: string;
  readonly dump: Artifact;
}

/** The helper finds the dump as /source/dump.tar, and checks every byte itself before it uses any. */
export async function dumpInput(ctx: EngineContext, backup: PostgresDump, source: ArtifactSource): Promise<DumpInput> {
  const dump = artifactOf(backup, 'dump');
  const members = (dump.members ?? []).map(({ name, sizeBytes, sha256 }) => `${sha256} ${sizeBytes} ${name}\n`).join('');
  const hostPath = await source.hostPath(dump);
  if (hostPath !== null) return { mounts: [{ type: 'bind', source: hostPath, target: '/source/dump.tar', readOnly: true }], members, dump };
  return {
    mounts: [{ type: 'volume', source: '', target: '/source' }],
    beforeStart: async (containerId) => stageFile(ctx.runtime, containerId, '/source', { name: 'dump.tar', ...dump.plaintext }, await source.open(dump), ctx.signal),
    members,
    dump,
  };
}

/** @throws ManifestDamaged where a backup has no such artifact */
export function artifactOf(backup: PostgresDump, kind: Artifact['kind']): Artifact {
  const artifact = backup.artifacts.find((each) => each.kind === kind);
  if (artifact !== undefined) return artifact;
  throw new HoldfastFailure('ManifestDamaged', { operation: 'find the artifact', object: `${backup.component}/${kind}`, cause: 'the manifest lists none', hint: 'Use another backup.' });
}
