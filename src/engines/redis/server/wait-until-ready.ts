/** After a start: INFO says when everything is loaded; PING's exit code does not (databases.md R12). */
import type { EndedFrom } from '../../../containers/ended-by-others.ts';
import { waitUntil } from '../../../containers/wait-until.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { EngineContext } from '../../engine-context.ts';
import { type RedisConnection, runRedisCommand } from './redis-cli.ts';
import { parseInfo } from './server-facts.ts';

const operation = 'wait for Redis';

/**
 * Returns INFO's persistence section of the server that has loaded everything.
 * @param extraMs added to the usual start-up time, for large data
 * @param endedFrom what it means where somebody else ended the container; nothing of the kind unless given: a live server is nobody's to start
 * @throws ContainerNotRunning when the container ends, what `endedFrom` says instead, DatabaseUnreachable when time is over, AuthenticationFailed, PermissionDenied
 */
export async function waitUntilLoaded(ctx: EngineContext, connection: RedisConnection, extraMs: number, endedFrom: EndedFrom = () => null): Promise<ReadonlyMap<string, string>> {
  let latest = 'it did not answer';
  return waitUntil(async () => {
    ctx.progress({ phase: 'waiting for Redis to load its data' });
    const container = await ctx.runtime.inspect(connection.containerId);
    if (container.state !== 'running') throw endedFrom(operation, container) ?? await ended(ctx, connection, container.exitCode);
    try {
      const info = parseInfo(await runRedisCommand(ctx, connection, ['INFO', 'persistence']));
      if (info.get('loading') === '0') return info;
      latest = 'it is still loading';
    } catch (error) {
      // An exec into a container that ends this moment answers like one without redis-cli.
      if (isFailure(error, 'WrongContainer') && (await ctx.runtime.inspect(connection.containerId)).state !== 'running') return null;
      // It is answered with HTTP 500, too: the next inspection says whether it is that, or the engine that is gone.
      if (!isFailure(error, 'DatabaseUnreachable') && !isFailure(error, 'ContainerNotRunning') && !isFailure(error, 'BrokenStream') && !isFailure(error, 'DockerUnreachable')) throw error;
      latest = error.fields.cause;
    }
    return null;
  }, { withinMs: ctx.timing.startUpMs + extraMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => new HoldfastFailure('DatabaseUnreachable', {
    operation, object: connection.component.container, cause: latest, hint: 'See the log of the container; the step is tried again.',
  }));
}

async function ended(ctx: EngineContext, connection: RedisConnection, exitCode: number | null): Promise<HoldfastFailure> {
  const log = (await ctx.runtime.logs(connection.containerId, 4096)).trimEnd().split('\n').at(-1)?.trim().slice(0, 200) ?? '';
  return new HoldfastFailure('ContainerNotRunning', { operation, object: connection.component.container, cause: `it ended with exit code ${exitCode ?? 'unknown'}${log === '' ? '' : `; its last words: ${log}`}`, hint: `See docker logs ${connection.component.container}.` });
}
