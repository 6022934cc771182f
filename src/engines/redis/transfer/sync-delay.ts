/**
 * `repl-diskless-sync-delay` makes every `redis-cli --rdb` wait five seconds for further replicas (databases.md D21). It is set to 0 for the
 * transfer and put back; the original is in the run's notes before it changes, so that a repair can put it back for a run that died.
 */
import { isFailure } from '../../../domain/failures.ts';
import type { EngineContext } from '../../engine-context.ts';
import { runRedisCommand } from '../server/redis-cli.ts';
import type { RedisServer } from '../server/server-facts.ts';

const setting = 'repl-diskless-sync-delay';

export interface SyncDelayNote {
  readonly containerId: string;
  readonly value: string;
}

/** By container: one that was made again has a setting of its own. */
export const syncDelayNoteKey = (component: string, containerId: string): string => `redis-sync-delay-${component}-${containerId}`;

/** Every note of this kind among a run's notes, one for each container that the component has had meanwhile. */
export function syncDelayNotes(component: string, notes: Readonly<Record<string, unknown>>): readonly SyncDelayNote[] {
  return (Object.values(notes) as SyncDelayNote[]).filter((note) => note?.containerId !== undefined && Object.hasOwn(notes, syncDelayNoteKey(component, note.containerId)));
}

/** Runs the transfer with the delay at 0. A user that may not change settings only waits longer. */
export async function withoutSyncDelay<T>(ctx: EngineContext, server: RedisServer, transfer: () => Promise<T>): Promise<T> {
  const value = server.settings.get(setting);
  if (value === undefined || !/^\d+$/.test(value)) return transfer();
  const key = syncDelayNoteKey(server.connection.component.name, server.container.id);
  const earlier = await ctx.readNote(key);
  // 0 without a note is the operator's own; with one it is what an attempt of this run left.
  if (value === '0' && earlier === undefined) return transfer();
  const note = await ctx.recordOnce(key, { containerId: server.container.id, value } satisfies SyncDelayNote) as SyncDelayNote;
  try {
    if (value !== '0') await runRedisCommand(ctx, server.connection, ['CONFIG', 'SET', setting, '0']);
  } catch (error) {
    if (isFailure(error, 'PermissionDenied')) return transfer();
    throw error;
  }
  try {
    return await transfer();
  } finally {
    // Not under the run's signal: also a cancelled transfer puts it back.
    await putBackSyncDelay({ ...ctx, signal: AbortSignal.timeout(ctx.timing.execMs) }, server, note);
  }
}

async function putBackSyncDelay(ctx: EngineContext, server: RedisServer, note: SyncDelayNote): Promise<void> {
  const container = await ctx.runtime.find(server.container.id);
  // A container that stopped forgets the setting by itself: it was never written to a file.
  if (container?.state !== 'running') return;
  await runRedisCommand(ctx, server.connection, ['CONFIG', 'SET', setting, note.value]);
}
