/** A server that is still loading answers PING (databases.md R12), and is not ready. */
import { expect, test } from 'vitest';
import { useDocker } from '../../support/docker.ts';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import { failing } from '../../support/failing.ts';
import { toldToEnd } from '../../support/told-to-end.ts';
import { contextOf, createRedis, engine, startRedis, testStore } from './redis-fixture.ts';

const docker = useDocker();
/** Redis's own setting for its tests: microseconds after each key. */
const slowLoad = ['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'];
const fill = 'for i = 1, 400 do redis.call("SET", "key" .. i, string.rep("x", 4000)) end';

test('ready means that everything is loaded', async () => {
  const first = await startRedis(docker);
  await first.cli('EVAL', fill, '0');
  await docker.runtime.stop(first.id, 20_000);
  await docker.runtime.remove(first.id);
  const redis = await createRedis(docker, { name: first.component.container, volume: first.volume }, { args: slowLoad });
  await docker.runtime.start(redis.id);
  await redis.waitUntilUp();
  expect(await redis.cli('DBSIZE')).toBe('400');
});

test('it is not told to end while it loads: it would leave without saving, and no way back', async () => {
  const store = await testStore();
  const redis = await startRedis(docker, { args: slowLoad });
  await redis.cli('EVAL', fill, '0');
  const ctx = contextOf(docker);
  const backup = await engine.backUp(ctx, redis.component, store.destination, { contentHashes: true, jobs: 2 }) as RedisBackup;
  const { cutOver } = await engine.prepare(ctx, redis.component, backup, store.source);
  await docker.runtime.stop(redis.id, 20_000);
  await docker.runtime.start(redis.id);
  // Not to be reached in its first moment, it is not stopped either.
  expect((await failing('DatabaseUnreachable', engine.close(ctx, redis.component, cutOver))).retryable).toBe(true);
  expect((await docker.runtime.inspect(redis.id)).state).toBe('running');
  await redis.waitUntilUp();
  await engine.close(ctx, redis.component, cutOver);
  expect((await docker.runtime.inspect(redis.id)).state).toBe('exited');
  await engine.rollBack(ctx, redis.component, cutOver);
  expect(await redis.cli('DBSIZE')).toBe('400');
  await engine.discardPrepared(ctx, redis.component, cutOver);
  await store.remove();
});

test('one that is told to end while it loads is opened by the next attempt, and rolled back by it; one that cannot read its files is not', async () => {
  const store = await testStore();
  const redis = await startRedis(docker, { args: slowLoad });
  await redis.cli('EVAL', fill, '0');
  const ctx = contextOf(docker);
  const told = { ...ctx, runtime: toldToEnd(docker.runtime, redis.id, ['redis-cli', 'INFO', 'persistence'], /^loading:1/m) };
  const backup = await engine.backUp(ctx, redis.component, store.destination, { contentHashes: true, jobs: 2 }) as RedisBackup;
  const { cutOver } = await engine.prepare(ctx, redis.component, backup, store.source);
  await engine.close(ctx, redis.component, cutOver);
  // Twice, as a roll-back starts it again once by itself.
  expect((await failing('DatabaseUnreachable', engine.rollBack(told, redis.component, cutOver))).retryable).toBe(true);
  await engine.rollBack(ctx, redis.component, cutOver);
  await engine.close(ctx, redis.component, cutOver);
  await engine.swap(ctx, redis.component, cutOver);
  expect((await failing('DatabaseUnreachable', engine.open(told, redis.component, cutOver))).fields.cause).toContain('told it to end');
  await engine.open(ctx, redis.component, cutOver);
  expect(await redis.cli('DBSIZE')).toBe('400');
  await redis.exec('sh', '-c', 'echo nonsense >/data/dump.rdb');
  await docker.runtime.kill(redis.id);
  await docker.runtime.wait(redis.id);
  await failing('ContainerNotRunning', engine.open(ctx, redis.component, cutOver));
  await store.remove();
});
