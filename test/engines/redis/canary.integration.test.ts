/** Planting a canary in a live Redis: a server that takes no writes says why at once, and nothing is tried again; whatever else has the key's name is no canary. */
import { expect, it } from 'vitest';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, startRedis } from './redis-fixture.ts';

const docker = useDocker();
const canary = { nonce: '0f'.repeat(16), writtenAt: '2026-11-23T01:00:00.000Z' };

it('lasts, and where the server is full, waits for replicas or forbids it, why not is answered', async () => {
  const redis = await startRedis(docker);
  const plant = (user?: string) => engine.plantCanary(contextOf(docker, new Map(), { password: user === undefined ? '' : 'p' }), user === undefined ? redis.component : { ...redis.component, user, password: { env: 'X' } }, canary);
  const found = () => engine.drills.readCanary(contextOf(docker), redis.component, { containerId: redis.id, backup: { engine: 'redis' } as RedisBackup });

  await redis.cli('CONFIG', 'SET', 'maxmemory', '1');
  expect(await plant()).toMatch(/^Redis answered: OOM /);
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
  await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
  expect(await plant()).toMatch(/^Redis answered: NOREPLICAS /);
  await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
  await redis.cli('ACL', 'SETUSER', 'reader', 'on', '>p', '~*', '+@read');
  expect(await plant('reader')).toMatch(/^Redis answered: NOPERM /);
  expect([await redis.cli('EXISTS', 'holdfast:canary'), await found()]).toEqual(['0', null]);

  // Of another kind: no canary, and its place is the canary's.
  await redis.cli('RPUSH', 'holdfast:canary', 'a');
  expect(await found()).toBeNull();
  await redis.cli('SET', 'holdfast:canary', 'no json', 'EX', '100');
  expect(await found()).toBeNull();
  expect([await plant(), await found(), await redis.cli('TTL', 'holdfast:canary')]).toEqual([null, canary, '-1']);
}, 120_000);
