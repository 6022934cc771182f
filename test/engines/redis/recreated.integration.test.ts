/** Rolling back and opening when the container of the cut-over was removed or made again meanwhile: the files decide. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchLabels } from '../../../src/containers/labels.ts';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import type { EngineContext } from '../../../src/engines/engine-context.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, createRedis, engine, startRedis, testStore, type TestRedis, type TestStore } from './redis-fixture.ts';

const docker = useDocker();
const args = ['--appendonly', 'yes'];
let store: TestStore;
let ctx: EngineContext;
let redis: TestRedis;
let backup: RedisBackup;
let cutOver: RedisCutOver;

beforeEach(async () => {
  store = await testStore();
  ctx = contextOf(docker);
  redis = await startRedis(docker, { args });
  await redis.cli('SET', 'which', 'backup');
  backup = await engine.backUp(ctx, redis.component, store.destination, { contentHashes: true, jobs: 1 }) as RedisBackup;
  await redis.cli('SET', 'which', 'live');
  cutOver = (await engine.prepare(ctx, redis.component, backup, store.source)).cutOver as RedisCutOver;
  await engine.close(ctx, redis.component, cutOver);
});
afterEach(async () => {
  await store.remove();
  await docker.removeAll();
});

/** The same again, as `docker compose up` makes it, not yet started. */
async function recreate(volume = redis.volume): Promise<TestRedis> {
  await docker.runtime.remove(redis.id);
  return createRedis(docker, { name: redis.component.container, volume }, { args });
}

describe('rolled back', () => {
  test('before the exchange: the new container is started', async () => {
    const again = await recreate();
    await engine.rollBack(ctx, redis.component, cutOver);
    await engine.rollBack(ctx, redis.component, cutOver);
    expect(await again.cli('GET', 'which')).toBe('live');
  });

  test('after the exchange: refused while it runs on the new files, moved back and started once it is stopped', async () => {
    await engine.swap(ctx, redis.component, cutOver);
    const again = await recreate();
    await docker.runtime.start(again.id);
    await again.waitUntilUp();
    await failing('ContainerRecreated', engine.rollBack(ctx, redis.component, cutOver));
    expect(await again.cli('GET', 'which')).toBe('backup');
    await docker.runtime.stop(again.id, 20_000);
    await engine.rollBack(ctx, redis.component, cutOver);
    await engine.rollBack(ctx, redis.component, cutOver);
    expect(await again.cli('GET', 'which')).toBe('live');
    await expect(again.exec('test', '-e', `/data/${cutOver.asideDirectory}`)).rejects.toThrow();
  });

  test('with no container at all: the files are right before that is said, and the next time one is there it is started', async () => {
    await engine.swap(ctx, redis.component, cutOver);
    await docker.runtime.remove(redis.id);
    await failing('ContainerNotFound', engine.rollBack(ctx, redis.component, cutOver));
    await failing('ContainerNotFound', engine.rollBack(ctx, redis.component, cutOver));
    const again = await createRedis(docker, { name: redis.component.container, volume: redis.volume }, { args });
    await docker.runtime.start(again.id);
    await again.waitUntilUp();
    expect(await again.cli('GET', 'which')).toBe('live');
    await engine.rollBack(ctx, redis.component, cutOver);
  });

  test('a container of its name that has its data elsewhere is left alone', async () => {
    await engine.swap(ctx, redis.component, cutOver);
    const other = await recreate(await docker.volume());
    await failing('ContainerNotFound', engine.rollBack(ctx, redis.component, cutOver));
    expect((await docker.runtime.inspect(other.id)).state).toBe('created');
  });

  test('a helper that was about to exchange is gone before anything is looked at', async () => {
    const late = await docker.run({
      imageId: await docker.image('redis:8'), entrypoint: ['sleep'], command: ['600'], mounts: [{ type: 'volume', source: redis.volume, target: '/live' }],
      labels: scratchLabels('helper', { ...docker.identity('swap-in', 'dead'), component: 'redis' }),
    });
    await engine.rollBack(ctx, redis.component, cutOver);
    expect(await docker.runtime.find(late)).toBeNull();
    expect(await redis.cli('GET', 'which')).toBe('live');
  });
});

test('another container that has the files: none is moved under it, in or back, and no plan is made beside it', async () => {
  const beside = async <T>(work: () => Promise<T>): Promise<void> => {
    const other = await docker.run({ imageId: await docker.image('redis:8'), entrypoint: ['sleep'], command: ['600'], mounts: [{ type: 'volume', source: redis.volume, target: '/elsewhere' }] });
    await work();
    await docker.runtime.remove(other);
  };
  await beside(() => failing('CutOverFailed', engine.swap(ctx, redis.component, cutOver)));
  await engine.swap(ctx, redis.component, cutOver);
  await beside(() => failing('CutOverFailed', engine.rollBack(ctx, redis.component, cutOver)));
  await engine.rollBack(ctx, redis.component, cutOver);
  expect(await redis.cli('GET', 'which')).toBe('live');
  await beside(async () => {
    await failing('UnsupportedTopology', engine.inspect(ctx, redis.component, 'restore'));
    await failing('UnsupportedTopology', engine.prepare(contextOf(docker), redis.component, backup, store.source));
    // A backup moves nothing.
    expect((await engine.inspect(ctx, redis.component, 'backup')).running).toBe(true);
  });
});

test('opened: the new container is started on the exchanged files', async () => {
  await engine.swap(ctx, redis.component, cutOver);
  expect(await engine.compareClosed(ctx, redis.component, cutOver, backup)).toEqual([]);
  await docker.runtime.remove(redis.id);
  await failing('ContainerNotFound', engine.open(ctx, redis.component, cutOver));
  const again = await createRedis(docker, { name: redis.component.container, volume: redis.volume }, { args });
  await engine.open(ctx, redis.component, cutOver);
  await engine.open(ctx, redis.component, cutOver);
  expect(await again.cli('GET', 'which')).toBe('backup');
});
