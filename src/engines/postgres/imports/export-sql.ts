/** A stored dump as one plain SQL file: made by pg_restore of the image that wrote it, in a helper without a network. */
import type { PostgresBase, PostgresDump } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext } from '../../engine-context.ts';
import { restoreFailure } from '../content/restore-failure.ts';
import { dumpInput } from '../server/dump-input.ts';
import { imageFor } from '../server/image-for.ts';
import { runPostgresHelper } from '../server/postgres-helper.ts';
import { scripts } from '../server/script-text.ts';
import { artifactNamed, writeArtifacts } from '../server/write-artifacts.ts';

/** @throws ArtifactDamaged, ImageMissing, NotEnoughSpace, HelperLost, and what the destination throws */
export async function exportSql(ctx: EngineContext, backup: PostgresDump, source: ArtifactSource, destination: ArtifactDestination, file: string): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const image = await imageFor(ctx, backup);
  if (image === null) {
    throw new HoldfastFailure('ImageMissing', { operation: 'export the dump', object: backup.server.image, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then export again.' });
  }
  const { mounts, members, dump, beforeStart } = await dumpInput(ctx, backup, source);
  const written = await writeArtifacts(ctx, destination, (place) => runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'export', imageId: image.id, network: 'none', majorVersion: 0, script: scripts.exportSql,
    args: [file, String(dump.plaintext.sizeBytes), dump.plaintext.sha256], files: { 'expected.members': members }, mounts, phase: 'write SQL',
    ...(beforeStart === undefined ? {} : { beforeStart }), ...(place.afterEnd === undefined ? {} : { afterEnd: place.afterEnd }),
  }), (result) => restoreFailure(result, `${backup.component}/dump`, 'export the dump'));
  return artifactNamed(destination, written, 'plainSql', file).stored;
}

export function refuseBase(backup: PostgresBase): never {
  throw new HoldfastFailure('InvalidInput', {
    operation: 'export the backup', object: backup.component, cause: 'a base backup holds a whole server and no SQL',
    hint: 'Make a server of it and dump that: holdfast restore ID --into NAME, then pg_dump; or export a backup of the kind dump.',
  });
}
