/** The demo's shop. Started in a container by devbox/demo/demo-service.ts. */
import { checkHealth } from './health-check.ts';
import { createHttpServer } from './http-server.ts';
import { OrderWriter } from './order-writer.ts';
import { readSettings } from './settings.ts';
import { connectPostgres, connectRedis } from './stores.ts';

const settings = readSettings(process.env);
const sql = connectPostgres(settings);
const redis = connectRedis(settings);
const writer = new OrderWriter(settings, sql, redis);
const server = createHttpServer({ writer, checkHealth: () => checkHealth(sql, redis), allowedHost: settings.allowedHost });

server.listen(settings.port, '0.0.0.0');
writer.start();

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    writer.stop();
    server.close();
    server.closeAllConnections();
    redis.destroy();
    // A store that is away must not keep the container from ending.
    void sql.end({ timeout: 1 }).finally(() => process.exit(0));
  });
}
