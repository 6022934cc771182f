/** Just before a cut-over: is what was staged still there, and does the server still keep its data the way the files were made for? */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { answersByNow } from '../inspect-whole.ts';
import { readServer } from '../server/server-facts.ts';
import { directoryStands } from './directory-stands.ts';

/** Reads only; the files themselves are hashed by the exchange, before it moves anything. @throws PlanChanged */
export async function requireReadyRedis(ctx: EngineContext, component: RedisComponent, cutOver: RedisCutOver): Promise<void> {
  if (cutOver.unusable === true) {
    if (await answersByNow(ctx, component)) throw changed(cutOver, 'a server answers there by now, which the plan knows nothing of');
  } else await requireSameNames(ctx, component, cutOver);
  if (!(await directoryStands(ctx, cutOver, cutOver.stagedDirectory))) throw changed(cutOver, `${cutOver.stagedDirectory}, which was made ready, is gone`);
}

async function requireSameNames(ctx: EngineContext, component: RedisComponent, cutOver: RedisCutOver): Promise<void> {
  const server = await readServer(ctx, component);
  const now = { dbFilename: server.settings.get('dbfilename'), appendOnly: server.settings.get('appendonly') === 'yes', appendDirname: server.settings.get('appenddirname') };
  if (now.dbFilename !== cutOver.dbFilename || now.appendOnly !== cutOver.appendOnly || now.appendDirname !== cutOver.appendDirname) {
    throw changed(cutOver, 'the server names its files differently now, or has switched its AOF on or off');
  }
}

const changed = (cutOver: RedisCutOver, cause: string): HoldfastFailure =>
  new HoldfastFailure('PlanChanged', { operation: 'check what was made ready', object: cutOver.container, cause, hint: 'Nothing was changed. Start again and look at the new plan.' });
