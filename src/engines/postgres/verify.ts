/** Every byte of the dump hashed, its members too, and all of it listed and read through by the stock tools; nothing is restored. */
import type { ComponentBackup, PostgresDump } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { sizeText } from '../../domain/wording.ts';
import type { ArtifactSource, EngineContext } from '../engine-context.ts';
import { restoreFailure } from './content/restore-failure.ts';
import { artifactOf, dumpInput } from './server/dump-input.ts';
import { imageFor } from './server/image-for.ts';
import { resultOf, runPostgresHelper } from './server/postgres-helper.ts';
import { readThrough } from './server/read-through.ts';
import { scripts } from './server/script-text.ts';

/** @throws ArtifactDamaged, CouldNotVerify (no image to read it with), HelperLost */
export async function verify(ctx: EngineContext, backup: PostgresDump, source: ArtifactSource): Promise<{ readonly sentence: string }> {
  const image = await imageFor(ctx, backup);
  if (image === null) throw couldNot(backup, `the engine has no image of PostgreSQL ${backup.server.majorVersion}`);
  await readThrough(ctx, source, artifactOf(backup, 'globals'));
  const { mounts, members, dump, beforeStart } = await dumpInput(ctx, backup, source);
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'verify', imageId: image.id, network: 'none', majorVersion: 0, script: scripts.restore,
    args: ['none', '1', '1', 'false', String(dump.plaintext.sizeBytes), dump.plaintext.sha256, 'no'],
    files: { 'expected.members': members }, mounts, phase: 'verify', ...(beforeStart === undefined ? {} : { beforeStart }),
  });
  if (result.exitCode !== 0) throw restoreFailure(result, `${backup.component}/dump`, 'verify the dump');
  return { sentence: `${sizeText(dump.plaintext.sizeBytes)} in ${backup.artifacts.length} files equal to their sums; pg_restore lists ${resultOf(result, 'entries').trim()} entries and reads all of them.` };
}

const couldNot = (backup: ComponentBackup, cause: string): HoldfastFailure =>
  new HoldfastFailure('CouldNotVerify', { operation: 'verify the dump', object: backup.component, cause, hint: 'Pull the image of the same major, then verify again.' });
