import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import type { DemoService } from './demo-service.ts';
import { orFail, psql, redisCli } from './seed-data.ts';

/** What happens to people: somebody drops tables in production and flushes Redis. Answers when, ISO 8601 UTC. */
export async function disaster(service: DemoService): Promise<string> {
  const runtime = createDockerRuntime(service.dockerHost);
  const { prefix, redis } = service;
  const at = new Date().toISOString();
  orFail('drop the tables', await psql(runtime, { prefix }, 'DROP TABLE orders, order_lines, service_canary CASCADE;'));
  orFail('flush Redis', await redisCli(runtime, { prefix, ...(redis.password === null ? {} : { redisPassword: redis.password }) }, ['FLUSHALL']));
  return at;
}
