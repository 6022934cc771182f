/** Verifying: every byte hashed where the stock tool reads it, and redis-check-rdb's own account compared with the manifest. */
import type { RedisBackup } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ArtifactSource, EngineContext } from '../engine-context.ts';
import { fittingImage } from './helper/fitting-image.ts';
import { exitCodes, helperScripts } from './helper/helper-scripts.ts';
import { expiresIn, keysIn, parseCheck } from './helper/load-rdb.ts';
import { onStoredRdb, rdbArtifact } from './helper/rdb-place.ts';
import { helperFailure, lastWords, memoryLimitBytes, resultFile, runRedisHelper } from './helper/redis-helper.ts';

/** @throws ArtifactDamaged, CouldNotVerify */
export async function verifyRedis(ctx: EngineContext, backup: RedisBackup, source: ArtifactSource): Promise<{ readonly sentence: string }> {
  const object = rdbArtifact(backup).path;
  const imageId = await fittingImage(ctx, backup);
  if (imageId === null) throw couldNot(object, `the image ${backup.server.image} is not on this Docker engine`);
  const result = await onStoredRdb(ctx, backup, source, (place) => runRedisHelper(ctx, {
    component: backup.component,
    step: 'verify',
    phase: 'checking the RDB file',
    imageId,
    network: 'none',
    script: helperScripts.check,
    args: [place.path, String(place.sizeBytes), place.sha256],
    mounts: place.mounts,
    // redis-check-rdb holds a value at a time, which may be most of the data.
    memoryBytes: memoryLimitBytes(backup.usedMemoryBytes),
    ...(place.beforeStart === undefined ? {} : { beforeStart: place.beforeStart }),
  }));
  if (result.exitCode === exitCodes.unreadableVersion) throw couldNot(object, lastWords(result));
  if (result.exitCode !== 0) throw helperFailure(result, 'verify the backup', object);
  const checked = parseCheck(resultFile(result, 'check'));
  const [keys, expires] = [keysIn(backup.content), expiresIn(backup.content)];
  if (checked.keys === keys && checked.expires === expires) return { sentence: `redis-check-rdb reads all of it: ${keys} keys, ${expires} of them with a time to live, as the manifest says` };
  throw new HoldfastFailure('ArtifactDamaged', { operation: 'verify the backup', object, cause: `redis-check-rdb counts ${checked.keys} keys and ${checked.expires} with a time to live, the manifest says ${keys} and ${expires}`, hint: 'Use another backup (holdfast list).' });
}

const couldNot = (object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('CouldNotVerify', { operation: 'verify the backup', object, cause, hint: 'Load an image of the server\'s version into this Docker engine.' });
