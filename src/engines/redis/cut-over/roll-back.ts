/** Rolling back before the opening: from whatever state, the old files in place and Redis running on them. */
import { toldToEndAtStart } from '../../../containers/ended-by-others.ts';
import { withImageAtHand } from '../../../containers/image-at-hand.ts';
import { pollUntil } from '../../../containers/wait-until.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { directoryStands } from './directory-stands.ts';
import { waitUntilLoaded } from '../server/wait-until-ready.ts';
import { containerOnData, endMovingHelpers } from './cut-over-container.ts';
import { swapBackRedis } from './exchange.ts';

/**
 * Idempotent, and as good without the container that the plan names: the files need none.
 * @throws AmbiguousState where files fit no point of the way, ContainerRecreated where another one runs on them, ContainerNotFound with all
 * files back and no container for them, ContainerNotRunning, DatabaseUnreachable, ImageMissing where neither the recorded image nor the container's is there
 */
export async function rollBackRedis(ctx: EngineContext, component: RedisComponent, recorded: RedisCutOver): Promise<void> {
  const cutOver = await withImageAtHand(ctx.runtime, recorded);
  await endMovingHelpers(ctx, cutOver);
  // From before the first move in until after the last move out the aside directory stands.
  if (await directoryStands(ctx, cutOver, cutOver.asideDirectory)) await swapBackRedis(ctx, cutOver);
  await startAgain(ctx, component, cutOver);
}

/** A server that was told to stop may still be saving, and ends a moment later: it is started again then. */
async function startAgain(ctx: EngineContext, component: RedisComponent, cutOver: RedisCutOver): Promise<void> {
  const connection = { component, containerId: (await containerOnData(ctx, cutOver)).id };
  for (let attempt = 1; ; attempt += 1) {
    await ctx.runtime.start(connection.containerId);
    // As it was before: nobody answered there.
    if (cutOver.unusable === true) return;
    try {
      await waitUntilLoaded(ctx, connection, 0, toldToEndAtStart);
      return;
    } catch (error) {
      const stopped = await pollUntil(async () => ((await ctx.runtime.find(connection.containerId))?.state === 'running' ? null : true), { withinMs: 0, everyMs: ctx.timing.pollMs, signal: ctx.signal });
      if (attempt >= 2 || stopped === null) throw error;
    }
  }
}
