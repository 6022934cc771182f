/** Proving: the stored file loaded by a server without a network and compared with the manifest, key count by key count and by digest. */
import type { HelperResult } from '../../containers/helper-container.ts';
import type { RedisBackup } from '../../domain/backup-manifest.ts';
import { compareContent, type RedisContent } from '../../domain/content.ts';
import { isFailure } from '../../domain/failures.ts';
import type { ComponentProof, Verdict } from '../../domain/proof.ts';
import { counted } from '../../domain/wording.ts';
import type { ArtifactSource, EngineContext } from '../engine-context.ts';
import { fittingImage } from './helper/fitting-image.ts';
import { exitCodes } from './helper/helper-scripts.ts';
import { highestDatabaseIn, keysIn, loadedContent, loadRdb } from './helper/load-rdb.ts';
import { onStoredRdb } from './helper/rdb-place.ts';
import { lastWords } from './helper/redis-helper.ts';

/** Exit codes that say nothing about the backup: this host or image could not load it. */
const saysNothing: ReadonlySet<number> = new Set([exitCodes.unreadableVersion, exitCodes.lacksSomething, exitCodes.notEnoughMemory, exitCodes.toolMissing]);
const saysDamaged: ReadonlySet<number> = new Set([exitCodes.dataDiffers, exitCodes.damaged, exitCodes.didNotStart]);

/** A verdict. Throws only what Temporal may retry, and the signal's reason. */
export async function proveRedis(ctx: EngineContext, backup: RedisBackup, source: ArtifactSource): Promise<ComponentProof> {
  const answer = (verdict: Verdict, sentence: string, found?: RedisContent): ComponentProof => ({
    component: backup.component, verdict, sentence,
    differences: found === undefined ? [] : compareContent(backup.content, found),
    comparedObjects: found === undefined ? 0 : comparedObjects(backup.content),
    notCompared: backup.notCompared,
  });
  try {
    const imageId = await fittingImage(ctx, backup);
    if (imageId === null) return answer('couldNotVerify', `the image ${backup.server.image} is not on this Docker engine`);
    const result = await loadStored(ctx, backup, source, imageId);
    if (saysNothing.has(result.exitCode)) return answer('couldNotVerify', lastWords(result));
    if (saysDamaged.has(result.exitCode)) return answer('failed', lastWords(result));
    if (result.exitCode !== 0) return answer('couldNotVerify', `${lastWords(result)} (exit code ${result.exitCode})`);
    // The bytes that were loaded have the manifest's SHA-256: what was read from them then is what they hold.
    return judge(backup, loadedContent(result, 'loaded', backup.content.details), imageId === backup.server.imageId, answer);
  } catch (error) {
    if (!isFailure(error) || error.retryable) throw error;
    return answer(isFailure(error, 'ArtifactDamaged') || isFailure(error, 'ObjectNotFound') ? 'failed' : 'couldNotVerify', `${error.fields.operation}: ${error.fields.cause}`);
  }
}

function judge(backup: RedisBackup, found: RedisContent, ownImage: boolean, answer: (verdict: Verdict, sentence: string, found: RedisContent) => ComponentProof): ComponentProof {
  const differences = compareContent(backup.content, found);
  const onlyDigest = differences.length > 0 && differences.every(({ property }) => property === 'digest');
  // The image that bears the name now may be of another version, whose digest is made otherwise.
  if (onlyDigest && !ownImage) return answer('couldNotVerify', `loaded into a server of another image than its own, only the digest differs, which that image may make in another way`, found);
  if (differences.length > 0) return answer('failed', `loaded into a server of its own, it differs in ${counted(differences.length, 'way')}`, found);
  const digest = backup.content.digest === null ? 'the manifest holds no digest' : 'digest equal';
  return answer('proven', `loaded into a server of its own: ${keysIn(found)} keys in ${counted(found.databases.length, 'database')}, ${digest}`, found);
}

function loadStored(ctx: EngineContext, backup: RedisBackup, source: ArtifactSource, imageId: string): Promise<HelperResult> {
  return onStoredRdb(ctx, backup, source, (place) => loadRdb(ctx, place, {
    component: backup.component, step: 'prove', imageId, digest: backup.content.digest !== null,
    usedMemoryBytes: backup.usedMemoryBytes, highestDatabase: highestDatabaseIn(backup.content), modules: backup.server.modules,
  }));
}

/** Databases, functions, and the digests that the manifest holds. */
export const comparedObjects = (content: RedisContent): number => content.databases.length + 1 + [content.digest, content.details].filter((digest) => digest !== null).length;
