/** A volume that cannot be looked at for now (a share that is away, a disk that does not answer): nobody concludes that nothing was exchanged there, and starts a server on what is. */
import { expect, test } from 'vitest';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, engine, startRedis, testStore } from './redis-fixture.ts';

const docker = useDocker();

test('a roll-back is tried again until it can, and moves back then', async () => {
  const [store, ctx, redis] = [await testStore(), contextOf(docker), await startRedis(docker, {})];
  await redis.cli('SET', 'which', 'backup');
  const backup = await engine.backUp(ctx, redis.component, store.destination, { contentHashes: true, jobs: 1 }) as RedisBackup;
  await redis.cli('SET', 'which', 'live');
  const cutOver = (await engine.prepare(ctx, redis.component, backup, store.source)).cutOver as RedisCutOver;
  await engine.close(ctx, redis.component, cutOver);
  await engine.swap(ctx, redis.component, cutOver);
  const onVolume = async (command: string): Promise<void> => {
    const id = await docker.run({ imageId: await docker.image('redis:8'), entrypoint: ['sh'], command: ['-c', `cd /data && ${command}`], mounts: [{ type: 'volume', source: redis.volume, target: '/data' }] });
    expect((await docker.runtime.wait(id, new AbortController().signal)).exitCode).toBe(0);
    await docker.runtime.remove(id);
  };
  // A link that leads to itself: the kernel says why it cannot look, and that is not that nothing is there.
  await onVolume('mv .holdfast away && ln -s .holdfast .holdfast');
  expect((await failing('HelperLost', engine.rollBack(ctx, redis.component, cutOver))).fields.cause).toContain('it cannot be told what is there');
  expect((await docker.runtime.inspect(redis.id)).state).not.toBe('running');
  await onVolume('rm .holdfast && mv away .holdfast');
  await engine.rollBack(ctx, redis.component, cutOver);
  expect(await redis.cli('GET', 'which')).toBe('live');
  await store.remove();
  expect(await docker.left()).toEqual([]);
});
