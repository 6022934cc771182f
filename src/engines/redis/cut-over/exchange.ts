/** The exchange itself, in either direction, by a helper that finds its way from what lies where; and the comparison after it, still closed. */
import { awayFailure } from '../../../containers/away-storage.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { saysAway } from '../../../containers/machine-words.ts';
import type { Difference } from '../../../domain/content.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { RedisBackup } from '../../../domain/backup-manifest.ts';
import type { EngineContext } from '../../engine-context.ts';
import { helperScripts } from '../helper/helper-scripts.ts';
import { rdbArtifact } from '../helper/rdb-place.ts';
import { helperFailure, lastWords, parseSums, requireSuccess, resultFile, runRedisHelper } from '../helper/redis-helper.ts';
import { checkOwnPath, exchangedEntries, mountOfCutOver } from './staging.ts';
import { requireStopped, stopForMovingBack } from './cut-over-container.ts';

/** Moves the live files aside and the staged ones in. @throws CutOverFailed, AmbiguousState, ArtifactDamaged (a staged file changed) */
export async function swapRedis(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  await requireStopped(ctx, cutOver);
  await exchange(ctx, cutOver, 'in');
}

/** Moves everything back; nothing where nothing was moved. The files are all it needs. @throws AmbiguousState, ContainerRecreated */
export async function swapBackRedis(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  await stopForMovingBack(ctx, cutOver);
  await exchange(ctx, cutOver, 'out');
}

async function exchange(ctx: EngineContext, cutOver: RedisCutOver, way: 'in' | 'out'): Promise<void> {
  const mount = mountOfCutOver(cutOver);
  const entries = exchangedEntries(cutOver).flatMap(({ name, staged }) => [staged ? 'yes' : 'no', name]);
  const result = await runRedisHelper(ctx, {
    component: cutOver.component,
    step: `swap-${way}`,
    phase: way === 'in' ? 'exchanging the files' : 'moving the files back',
    imageId: cutOver.imageId,
    network: 'none',
    script: helperScripts.exchange,
    args: [way, mount.directory, checkOwnPath(cutOver.stagedDirectory, cutOver.container), checkOwnPath(cutOver.asideDirectory, cutOver.container), String(entries.length / 2), ...entries, ...stagedSums(cutOver)],
    mounts: [{ type: mount.type, source: mount.source, target: '/live' }],
  });
  if (result.exitCode !== 0) throw exchangeFailure(result, way, cutOver.container);
}

/** Pure. */
export function exchangeFailure(result: HelperResult, way: 'in' | 'out', container: string): HoldfastFailure {
  // Going in, whoever gives up goes back; going back there is nothing else to be done.
  return way === 'out' && saysAway(result.messages) ? awayFailure('move the files back', container, lastWords(result)) : helperFailure(result, 'exchange the files', container);
}

const stagedSums = (cutOver: RedisCutOver): string[] => cutOver.stagedFiles.flatMap((file) => [file.path, String(file.sizeBytes), file.sha256]);

/**
 * What lies in the live place now, against what was staged (loaded and compared with the manifest when it was made ready), and for an RDB
 * against the manifest itself. @throws CouldNotVerify when a server runs on it
 */
export async function compareClosedRedis(ctx: EngineContext, cutOver: RedisCutOver, backup: RedisBackup | null): Promise<readonly Difference[]> {
  await requireStopped(ctx, cutOver).catch((error: unknown) => {
    throw isFailure(error, 'CutOverFailed') ? new HoldfastFailure('CouldNotVerify', error.fields) : error;
  });
  const mount = mountOfCutOver(cutOver);
  const result = requireSuccess(await runRedisHelper(ctx, {
    component: cutOver.component,
    step: 'compare',
    phase: 'reading the exchanged files',
    imageId: cutOver.imageId,
    network: 'none',
    script: helperScripts.sums,
    args: [mount.directory, ...exchangedEntries(cutOver).map(({ name }) => name)],
    mounts: [{ type: mount.type, source: mount.source, target: '/live', readOnly: true }],
  }), 'read the exchanged files', cutOver.container);
  return differencesOf(cutOver, parseSums(resultFile(result, 'files')), backup);
}

type FileSum = RedisCutOver['stagedFiles'][number];

/** Pure: expected files against found ones. */
export function differencesOf(cutOver: RedisCutOver, found: readonly FileSum[], backup: RedisBackup | null): readonly Difference[] {
  const manifestSum = backup === null ? [] : [{ path: cutOver.dbFilename, ...rdbArtifact(backup).plaintext }];
  const foundByPath = new Map(found.map((file) => [file.path, file]));
  const expectedPaths = new Set(cutOver.stagedFiles.map((file) => file.path));
  const missing = [...cutOver.stagedFiles, ...manifestSum].flatMap((file) => {
    const other = foundByPath.get(file.path);
    if (other === undefined) return [{ object: file.path, property: 'existence', expected: 'present', found: 'absent' }];
    return other.sha256 === file.sha256 && other.sizeBytes === file.sizeBytes ? [] : [{ object: file.path, property: 'SHA-256', expected: file.sha256, found: other.sha256 }];
  });
  const extra = found.filter((file) => !expectedPaths.has(file.path)).map((file) => ({ object: file.path, property: 'existence', expected: 'absent', found: 'present' }));
  return [...missing, ...extra];
}
