/** PostgreSQL's write-ahead log, received by pg_receivewal through a replication slot, in a container beside the database's. */
import type { WalSource } from '../../wal-source.ts';
import { ensureReceiver } from './ensure-receiver.ts';
import { listFiles, lookAtReceived, readCluster, readFreeBytes, readReceived, releaseFiles } from './received-files.ts';
import { receiverOf } from './receiver.ts';
import { readServerRoom } from './server-room.ts';
import { stopReceiver } from './stop-receiver.ts';

/** Keeps nothing of its own: whatever is known is in the engine, the volume and the server. */
export function createPostgresWalSource(): WalSource {
  return {
    ensure: (ctx, component, options = {}) => ensureReceiver(ctx, component, options),
    cluster: readCluster,
    look: lookAtReceived,
    readings: async (ctx, component, after) => (await lookAtReceived(ctx, component, after)).readings,
    files: listFiles,
    read: readReceived,
    freeBytes: readFreeBytes,
    serverRoom: (ctx, component) => readServerRoom(ctx, component, receiverOf(ctx, component)),
    breaks: async () => [],
    settle: async () => undefined,
    release: releaseFiles,
    stop: stopReceiver,
  };
}
