/** What tests of a followed append-only file begin with: a real Redis, its follower, and a keeper that carries what it has into a real repository. */
import { buffer } from 'node:stream/consumers';
import { locateInstant, type LocatedInstant } from '../../../src/activities/moment/locate-instant.ts';
import type { AofStatus } from '../../../src/domain/aof/aof-status.ts';
import { testTiming } from '../../../src/domain/timing.ts';
import { createRedisAofSource } from '../../../src/engines/redis/aof/redis-aof-source.ts';
import type { WalContext } from '../../../src/engines/wal-source.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { createAofKeeper, type AofKeeper } from '../../../src/worker/aof/aof-keeper.ts';
import { startRedis, type RedisOptions, type TestRedis } from '../../engines/redis/redis-fixture.ts';
import type { DockerScope } from '../../support/docker.ts';

export const key = { service: 'test-service', component: 'redis' };

/** Marked, and rewritten only when a test says so. */
const args = ['--appendonly', 'yes', '--aof-timestamp-enabled', 'yes', '--auto-aof-rewrite-percentage', '0', '--save', ''];

export async function keptAof(docker: DockerScope, repository: Repository, options: RedisOptions = {}) {
  const redis = await startRedis(docker, { args, ...options });
  const source = createRedisAofSource();
  const context: WalContext = { namespaceId: docker.namespaceId, service: key.service, runtime: docker.runtime, timing: { ...testTiming, walPartialMs: 0 }, signal: AbortSignal.timeout(170_000), secret: async () => '' };
  const component = { ...redis.component, aof: 'archive' as const };
  const keeper = (): AofKeeper => createAofKeeper({ source, context, component, archives: [{ name: 'nas', archive: repository.aof }], nowMs: () => Date.now() });
  return { redis, source, context, component, keeper, forget: () => source.stop(context, component, { forget: true }) };
}

export async function until(keeper: AofKeeper, is: (status: AofStatus) => boolean | Promise<boolean>): Promise<AofStatus> {
  for (const deadline = Date.now() + 60_000; ;) {
    const status = await keeper.round();
    if (await is(status)) return status;
    if (Date.now() > deadline) throw new Error(`it did not come to stand so: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The server's clock, once a new second has begun. */
export async function nextSecond(redis: TestRedis): Promise<number> {
  const now = async (): Promise<number> => Number((await redis.cli('TIME')).split('\n')[0]);
  const begin = await now();
  for (;;) {
    const second = await now();
    if (second > begin) return second;
  }
}

export const covers = (second: number) => ({ repositories: [nas] }: AofStatus): boolean => Date.parse(nas?.coveredAt ?? '1970-01-01T00:00:00Z') > second * 1000;
export const iso = (second: number): string => new Date(second * 1000).toISOString();
export const locatedIn = (repository: Repository, at: string): Promise<LocatedInstant> => locateInstant(repository.aof, key, { at, signal: AbortSignal.timeout(60_000), onBytes: () => undefined });

/** Which of these keys are in what leads to that second: by the bytes of the base and of the increments that belong to it. */
export async function keysIn(repository: Repository, second: number, ...names: readonly string[]): Promise<{ readonly second: number; readonly keys: readonly string[] }> {
  const found = await locatedIn(repository, iso(second));
  if ('unfit' in found) throw new Error(found.unfit);
  const { aof } = found;
  const texts = [(await buffer(await repository.aof.open(key, aof.base))).toString('latin1')];
  for (const { blocks, sizeBytes } of aof.increments) {
    const bytes = await Promise.all(blocks.map(async (block) => buffer(await repository.aof.open(key, block))));
    texts.push(Buffer.concat(bytes).subarray(0, sizeBytes).toString('latin1'));
  }
  return { second: aof.second + 1, keys: names.filter((name) => texts.some((text) => text.includes(name))) };
}
