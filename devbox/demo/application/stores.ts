/** The application's own pooled connections. Both come back by themselves; while a store is away, its commands fail at once. */
import { createClient } from '@redis/client';
import postgres from 'postgres';
import type { Settings } from './settings.ts';

const connectionsInPool = 8;

export type Sql = ReturnType<typeof connectPostgres>;
export type Redis = ReturnType<typeof connectRedis>;

export function connectPostgres({ postgres: server }: Settings) {
  return postgres({
    ...server,
    max: connectionsInPool,
    connect_timeout: 3,
    backoff: () => 0.2,
    onnotice: () => undefined,
    connection: { application_name: 'shop', statement_timeout: 5_000 },
  });
}

export function connectRedis({ redis: server }: Settings) {
  const client = createClient({
    socket: { host: server.host, port: 6379, connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * (retries + 1), 500) },
    ...(server.password === null ? {} : { password: server.password }),
    disableOfflineQueue: true,
  });
  // Without a listener an error event would end the process; what failed is seen by whoever asks the store next.
  client.on('error', () => undefined);
  client.connect().catch(() => undefined);
  return client;
}
