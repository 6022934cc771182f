/** Rolling back before the opening: from whatever state, the old files in place and Redis running on them. */
import { pollUntil } from '../../../containers/wait-until.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine.ts';
import { directoryStands } from './directory-stands.ts';
import { waitUntilLoaded } from '../server/wait-until-ready.ts';
import { cutOverContainer } from './cut-over-container.ts';
import { swapBackRedis } from './exchange.ts';

/** Idempotent. @throws AmbiguousState where files fit no point of the way, ContainerRecreated, ContainerNotRunning */
export async function rollBackRedis(ctx: EngineContext, component: RedisComponent, cutOver: RedisCutOver): Promise<void> {
  // From before the first move in until after the last move out the aside directory stands.
  if (await directoryStands(ctx, cutOver, cutOver.asideDirectory)) {
    await stopForMoving(ctx, cutOver);
    await swapBackRedis(ctx, cutOver);
  }
  await startAgain(ctx, component, cutOver);
}

/** Someone started the container on half or all of the new files; before the opening nobody's writes are promised to stay. */
async function stopForMoving(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  const container = await cutOverContainer(ctx, cutOver);
  if (container.state === 'running' || container.state === 'restarting' || container.state === 'paused') await ctx.runtime.stop(container.id, ctx.timing.stopMs);
}

/** A server that was told to stop may still be saving, and ends a moment later: it is started again then. */
async function startAgain(ctx: EngineContext, component: RedisComponent, cutOver: RedisCutOver): Promise<void> {
  const connection = { component, containerId: (await cutOverContainer(ctx, cutOver)).id };
  for (let attempt = 1; ; attempt += 1) {
    await ctx.runtime.start(connection.containerId);
    try {
      await waitUntilLoaded(ctx, connection, 0);
      return;
    } catch (error) {
      const stopped = await pollUntil(async () => ((await cutOverContainer(ctx, cutOver)).state === 'running' ? null : true), { withinMs: 0, everyMs: ctx.timing.pollMs, signal: ctx.signal });
      if (attempt >= 2 || stopped === null) throw error;
    }
  }
}
