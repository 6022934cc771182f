/** BGSAVE, and being sure that the file is of this BGSAVE: LASTSAVE has whole seconds and `ok` may be the one before (databases.md R3). */
import { pauseFor, waitUntil } from '../../../containers/wait-until.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { slowestDiskMs } from '../../../domain/slowest-disk-ms.ts';
import type { EngineContext } from '../../engine-context.ts';
import { runRedisCommand } from '../server/redis-cli.ts';
import { infoNumber, parseInfo, type RedisServer, serverTimeMs } from '../server/server-facts.ts';

/** Saves. @returns the server's time before it began. @throws RdbTransferFailed, PermissionDenied */
export async function saveInBackground(ctx: EngineContext, server: RedisServer): Promise<{ readonly askedAtMs: number }> {
  const before = await idle(ctx, server);
  const savedBefore = infoNumber(before, 'rdb_saves');
  const lastSave = infoNumber(before, 'rdb_last_save_time');
  await laterThanSecond(ctx, server, lastSave);
  const askedAtMs = await serverTimeMs(ctx, server.connection);
  await runRedisCommand(ctx, server.connection, ['BGSAVE', 'SCHEDULE']);
  const after = await waitUntil(async () => {
    const info = await persistence(ctx, server);
    const quiet = info.get('rdb_bgsave_in_progress') === '0' && info.get('aof_rewrite_in_progress') === '0';
    const saved = infoNumber(info, 'rdb_saves') > savedBefore && infoNumber(info, 'rdb_last_save_time') > lastSave;
    if (quiet && info.get('rdb_last_bgsave_status') !== 'ok') return info;
    return info.get('rdb_bgsave_in_progress') === '0' && saved ? info : null;
  }, { withinMs: savingMs(ctx, server), everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => failed(server, 'BGSAVE did not finish in time'));
  if (after.get('rdb_last_bgsave_status') === 'ok') return { askedAtMs };
  throw failed(server, 'BGSAVE failed; the container\'s log says why (a full disk, or no memory to fork)');
}

/** A save that runs already began before our moment: it is waited for and not used. */
async function idle(ctx: EngineContext, server: RedisServer): Promise<Map<string, string>> {
  return waitUntil(async () => {
    const info = await persistence(ctx, server);
    return info.get('rdb_bgsave_in_progress') === '0' ? info : null;
  }, { withinMs: savingMs(ctx, server), everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => failed(server, 'another BGSAVE does not finish'));
}

async function laterThanSecond(ctx: EngineContext, server: RedisServer, second: number): Promise<void> {
  const nowMs = await serverTimeMs(ctx, server.connection);
  const waitMs = (second + 1) * 1000 - nowMs;
  if (waitMs > 0 && waitMs <= 1000) await pauseFor(waitMs + 1, ctx.signal);
}

const persistence = async (ctx: EngineContext, server: RedisServer): Promise<Map<string, string>> =>
  parseInfo(await runRedisCommand(ctx, server.connection, ['INFO', 'persistence']));

const savingMs = (ctx: EngineContext, server: RedisServer): number => ctx.timing.startUpMs + slowestDiskMs(infoNumber(server.info, 'used_memory'));

const failed = (server: RedisServer, cause: string): HoldfastFailure =>
  new HoldfastFailure('RdbTransferFailed', { operation: 'save the data', object: server.container.name, cause, hint: 'The step is tried again; see the log of the container.' });
