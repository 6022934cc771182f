/** The key that a backup writes before its snapshot, for drills to find. */
import type { Canary } from '../../domain/canary.ts';
import { isFailure } from '../../domain/failures.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import { commandFailure, execRedisCommand, redisProblem } from './server/redis-cli.ts';

/** In database 0, a text that is JSON, without a time to live. */
export const canaryKey = 'holdfast:canary';

/** What passes by itself; any other reply in capitals is a server that takes no writes (READONLY, OOM, MISCONF, NOREPLICAS). */
const refusal = /^(?!LOADING|BUSY|MASTERDOWN|TRYAGAIN)[A-Z]+ /;

/** Null where it is there; else why not. @throws what may be tried again */
export async function plantCanary(ctx: EngineContext, component: RedisComponent, { nonce, writtenAt }: Canary): Promise<string | null> {
  const command = ['SET', canaryKey, JSON.stringify({ nonce, writtenAt })];
  try {
    const result = await execRedisCommand(ctx, { component, containerId: (await ctx.runtime.inspect(component.container)).id }, command);
    const problem = redisProblem(result);
    if (problem === null) return null;
    if (refusal.test(problem.words)) return `Redis answered: ${problem.words}`;
    throw commandFailure(component, command, problem);
  } catch (error) {
    if (!isFailure(error) || error.retryable) throw error;
    return error.fields.cause;
  }
}
