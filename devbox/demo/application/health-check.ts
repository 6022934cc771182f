/**
 * Is the shop able to work? Both stores are read and written, and hold what they held: a store that answers but is empty is not healthy.
 * What is written is taken back in the same transaction: whoever compares the data with a backup must not find the questions in it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis, Sql } from './stores.ts';

const answerWithinMs = 4_000;

export interface HealthReport {
  readonly healthy: boolean;
  /** Why not, one sentence each; empty when healthy. */
  readonly reasons: readonly string[];
}

export async function checkHealth(sql: Sql, redis: Redis): Promise<HealthReport> {
  const [postgres, cache] = await Promise.all([attempt('PostgreSQL', checkPostgres(sql)), attempt('Redis', checkRedis(redis))]);
  const reasons = [...postgres.reasons, ...cache.reasons];
  if (postgres.token !== null && cache.token !== null && postgres.token !== cache.token) reasons.push('the canaries of PostgreSQL and Redis differ');
  return { healthy: reasons.length === 0, reasons };
}

interface Probe {
  readonly token: string | null;
  readonly reasons: readonly string[];
}

async function attempt(store: string, probe: Promise<Probe>): Promise<Probe> {
  const controller = new AbortController();
  const late = pause(answerWithinMs, undefined, { signal: controller.signal, ref: false }).then(() => Promise.reject(new Error(`no answer within ${answerWithinMs / 1000} s`)));
  late.catch(() => undefined);
  try {
    const { token, reasons } = await Promise.race([probe, late]);
    return { token, reasons: reasons.map((reason) => `${store}: ${reason}`) };
  } catch (error) {
    return { token: null, reasons: [`${store}: ${error instanceof Error ? error.message : String(error)}`] };
  } finally {
    controller.abort();
  }
}

async function checkPostgres(sql: Sql): Promise<Probe> {
  const [canary] = await sql<{ token: string }[]>`SELECT token FROM service_canary`;
  await sql.begin(async (transaction) => {
    await transaction`UPDATE service_probe SET at = clock_timestamp()`;
    await transaction`UPDATE service_probe SET at = 'epoch'`;
  });
  const [newest] = await sql`SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN users u ON u.id = o.user_id ORDER BY o.id DESC LIMIT 1`;
  const reasons = [...(canary === undefined ? ['the canary is gone'] : []), ...(newest === undefined ? ['there are no orders'] : [])];
  return { token: canary?.token ?? null, reasons };
}

async function checkRedis(redis: Redis): Promise<Probe> {
  if (!redis.isReady) return { token: null, reasons: ['not connected'] };
  await redis.multi().set('probe:health', String(Date.now())).del('probe:health').exec();
  const [token, sessions] = await Promise.all([redis.get('service:canary'), redis.zCard('session:index')]);
  const reasons = [...(token === null ? ['the canary is gone'] : []), ...(sessions === 0 ? ['the session index is gone'] : [])];
  return { token, reasons };
}
