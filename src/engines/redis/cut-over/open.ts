/** Opening: the container started, everything loaded, and as many keys loaded as were staged. After it there is only undo. */
import { toldToEndAtStart } from '../../../containers/ended-by-others.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import { slowestDiskMs } from '../../../domain/slowest-disk-ms.ts';
import type { EngineContext } from '../../engine-context.ts';
import { infoNumber } from '../server/server-facts.ts';
import { waitUntilLoaded } from '../server/wait-until-ready.ts';
import { containerOnData } from './cut-over-container.ts';

/**
 * Clients write from the first moment on, so the keys of now say nothing; what the server counted while loading does: keys loaded, and
 * keys dropped because their time had passed, are together what was staged.
 * @throws ContainerNotFound where neither the planned container nor one in its place is there, ContainerNotRunning, DatabaseUnreachable, ProofFailed
 */
export async function openRedis(ctx: EngineContext, component: RedisComponent, cutOver: RedisCutOver): Promise<void> {
  const container = await containerOnData(ctx, cutOver);
  const startedByUs = container.state !== 'running';
  if (startedByUs) await ctx.runtime.start(container.id);
  const info = await waitUntilLoaded(ctx, { component, containerId: container.id }, loadingMs(cutOver), toldToEndAtStart);
  // A server that was already running may have been restarted by its users since: then its last loading is theirs.
  if (!startedByUs || !info.has('rdb_last_load_keys_loaded') || replaysCommands(cutOver) || cutOver.unread === true) return;
  const loaded = infoNumber(info, 'rdb_last_load_keys_loaded') + infoNumber(info, 'rdb_last_load_keys_expired');
  if (loaded === cutOver.stagedKeys) return;
  throw new HoldfastFailure('ProofFailed', { operation: 'open Redis', object: cutOver.container, cause: `it loaded ${loaded} keys of ${cutOver.stagedKeys}`, hint: 'Undo the restore (holdfast undo), and see the log of the container.' });
}

/** An AOF with commands behind its base (a rollback copy's) says nothing by the keys of its base alone; its files were hashed closed. */
const replaysCommands = (cutOver: RedisCutOver): boolean => cutOver.appendOnly && cutOver.stagedFiles.some((file) => file.path.endsWith('.incr.aof') && file.sizeBytes > 0);

const loadingMs = (cutOver: RedisCutOver): number => slowestDiskMs(cutOver.stagedFiles.reduce((sum, file) => sum + file.sizeBytes, 0));
