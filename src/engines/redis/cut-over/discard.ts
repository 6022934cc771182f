/** Removing staged files and rollback copies: only below .holdfast, only what Holdfast's own names say, through a helper on the volume. */
import { withImageAtHand } from '../../../containers/image-at-hand.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { EngineContext } from '../../engine-context.ts';
import { helperScripts } from '../helper/helper-scripts.ts';
import { requireSuccess, runRedisHelper } from '../helper/redis-helper.ts';
import { checkOwnPath, mountOfCutOver, runDirectory } from './staging.ts';

type Place = Pick<RedisCutOver, 'component' | 'container' | 'volume' | 'subdirectory' | 'imageId'>;

/** A path, and whether it goes with what is in it or only when it is empty. */
export interface Removal {
  readonly path: string;
  readonly what: 'all' | 'empty';
}

/**
 * What this run's prepare made and no cut-over used; of an undo, nothing: its staged set is a rollback copy. Another run's is never touched,
 * whatever the cut-over says. Idempotent.
 */
export async function discardPreparedRedis(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  const own = runDirectory(ctx.owner, cutOver.component);
  const removals: readonly Removal[] = [{ path: `${own}/new`, what: 'all' }, { path: `${own}/old`, what: 'empty' }];
  const named = removals.filter(({ path }) => path === cutOver.stagedDirectory || path === cutOver.asideDirectory);
  if (named.length > 0) await removeBelow(ctx, cutOver, named);
}

/** Lets a rollback copy go. Idempotent. @throws AmbiguousState for a path outside .holdfast, ImageMissing */
export async function discardRollbackRedis(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  if (!cutOver.asideDirectory.endsWith('/old')) {
    throw new HoldfastFailure('AmbiguousState', { operation: 'let the rollback copy go', object: cutOver.container, cause: 'its record names no aside directory', hint: 'The record was changed; nothing was touched.' });
  }
  await removeBelow(ctx, cutOver, [{ path: cutOver.asideDirectory, what: 'all' }]);
}

/** Everything that a run staged and that no rollback record keeps; a non-empty aside directory is never removed. @returns what was removed */
export const removeRunDirectory = (ctx: EngineContext, place: Place, owner: EngineContext['owner']): Promise<readonly string[]> => {
  const run = runDirectory(owner, place.component);
  return removeBelow(ctx, place, [{ path: `${run}/new`, what: 'all' }, { path: `${run}/old`, what: 'empty' }]);
};

async function removeBelow(ctx: EngineContext, place: Place, removals: readonly Removal[]): Promise<readonly string[]> {
  const mount = mountOfCutOver(place);
  // With the volume went all that could be removed.
  if (mount.type === 'volume' && (await ctx.runtime.findVolume(mount.source)) === null) return [];
  const { imageId } = await withImageAtHand(ctx.runtime, place);
  const result = await runRedisHelper(ctx, {
    component: place.component,
    step: 'remove',
    phase: 'removing files beside the live ones',
    imageId,
    network: 'none',
    script: helperScripts.remove,
    args: [mount.directory, ...removals.flatMap(({ path, what }) => [what, checkOwnPath(path, place.volume)])],
    mounts: [{ type: mount.type, source: mount.source, target: '/live' }],
  });
  requireSuccess(result, 'remove files beside the live ones', place.volume);
  return (result.files.get('removed') ?? '').split('\n').filter((line) => line !== '');
}
