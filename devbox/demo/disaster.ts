import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import type { DemoService } from './demo-shape.ts';
import { orFail, psql, redisCli } from './seed-data.ts';

/** What happens to people: somebody drops tables in production and flushes Redis. Answers when, ISO 8601 UTC. */
export async function disaster(service: DemoService): Promise<string> {
  const runtime = createDockerRuntime(service.dockerHost);
  const at = new Date().toISOString();
  orFail('drop the tables', await psql(runtime, service, 'DROP TABLE orders, order_lines, service_canary CASCADE;'));
  orFail('flush Redis', await redisCli(runtime, passwordOf(service), ['FLUSHALL']));
  return at;
}

/** Is what is live the data after the disaster? The application may have written to Redis since, but not its seed. */
export async function isDisaster(runtime: ContainerRuntime, service: DemoService): Promise<boolean> {
  const tables = await psql(runtime, service, `SELECT count(*) FROM pg_class WHERE relname IN ('orders', 'order_lines', 'service_canary') AND relkind IN ('r', 'p')`);
  orFail('look for the tables', tables);
  const canary = await redisCli(runtime, passwordOf(service), ['EXISTS', 'service:canary']);
  orFail('look for the canary of Redis', canary);
  return tables.stdout.trim() === '0' && canary.stdout.trim() === '0';
}

const passwordOf = ({ prefix, redis }: DemoService): { prefix: string; redisPassword?: string } => ({ prefix, ...(redis.password === null ? {} : { redisPassword: redis.password }) });
