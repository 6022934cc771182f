/** A server that is still loading answers PING (databases.md R12), and is not ready. */
import { expect, test } from 'vitest';
import { useDocker } from '../../support/docker.ts';
import { createRedis, startRedis } from './redis-fixture.ts';

const docker = useDocker();

test('ready means that everything is loaded', async () => {
  const first = await startRedis(docker);
  await first.cli('EVAL', 'for i = 1, 400 do redis.call("SET", "key" .. i, string.rep("x", 4000)) end', '0');
  await docker.runtime.stop(first.id, 20_000);
  await docker.runtime.remove(first.id);
  // Redis's own setting for its tests: microseconds after each key.
  const redis = await createRedis(docker, { name: first.component.container, volume: first.volume }, { args: ['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'] });
  await docker.runtime.start(redis.id);
  await redis.waitUntilUp();
  expect(await redis.cli('DBSIZE')).toBe('400');
});
