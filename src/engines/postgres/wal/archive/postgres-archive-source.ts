/** PostgreSQL's write-ahead log, archived by the server itself: a script on a volume of its container fills a spool there, which is read from beside it. */
import type { WalSource } from '../../../wal-source.ts';
import { readServerRoom } from '../server-room.ts';
import { watcherOf } from './archive-place.ts';
import { ensureWatcher } from './ensure-watcher.ts';
import { lookAtSpool, readSpooled, releaseSpooled, settleBreaks, spoolBreaks, spoolCluster, spoolFiles, spoolFreeBytes } from './spool-files.ts';
import { stopArchiving } from './stop-archiving.ts';

/** Keeps nothing of its own: whatever is known is in the engine, the volumes and the server. A lost slot, which could be accepted, it has not. */
export function createPostgresArchiveSource(): WalSource {
  return {
    ensure: (ctx, component) => ensureWatcher(ctx, component),
    cluster: spoolCluster,
    look: lookAtSpool,
    readings: async (ctx, component, after) => (await lookAtSpool(ctx, component, after)).readings,
    files: spoolFiles,
    read: readSpooled,
    freeBytes: spoolFreeBytes,
    serverRoom: (ctx, component) => readServerRoom(ctx, component, watcherOf(ctx, component)),
    breaks: spoolBreaks,
    settle: settleBreaks,
    release: releaseSpooled,
    stop: stopArchiving,
  };
}
