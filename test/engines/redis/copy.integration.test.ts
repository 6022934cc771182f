/** A copy of a Redis that asks for a password: it asks for the same, and holds nothing of it but what Redis itself keeps. */
import { afterEach, expect, test } from 'vitest';
import { createCopyServer, findCopies, removeCopy } from '../../../src/containers/copies.ts';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { RedisComponent } from '../../../src/domain/service.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, engine, startRedis, testStore, variedData } from './redis-fixture.ts';

const docker = useDocker();
const { runtime } = docker;
const password = 'a p@ss "w\'ord" $(id) -x';
afterEach(async () => {
  for (const copy of await findCopies(runtime, { copy: docker.id })) await removeCopy(runtime, copy);
});

test.each<[string, Partial<RedisComponent>]>([['redis:8', { user: 'app' }], ['redis:7', {}]])('of %s, as %j', async (image, who) => {
  const store = await testStore();
  const redis = await startRedis(docker, { image, auth: password, component: { password: { env: 'X' } }, args: ['--requirepass', password] });
  await redis.feed(variedData());
  const backup = await engine.backUp(contextOf(docker, new Map(), { password }), redis.component, store.destination, { contentHashes: true, jobs: 1 }) as RedisBackup;
  await runtime.remove(redis.id);

  const ctx = contextOf(docker, new Map(), { run: 'copy', password });
  const component: RedisComponent = { ...redis.component, ...who };
  const server = await engine.copies.server(ctx, component, backup);
  const { id, name } = await createCopyServer(runtime, { ...server, identity: { maker: ctx.owner, service: ctx.service, copy: docker.id }, component: 'redis', point: 'its end', hostPort: null, signal: ctx.signal });
  await failing('ProofFailed', engine.copies.fill(ctx, component, { backup: { ...backup, content: { ...backup.content, functions: '7' } }, source: store.source, moment: null }, name));
  expect(await engine.copies.fill(ctx, component, { backup, source: store.source, moment: null }, name)).toMatchObject({ at: backup.snapshot.at, reached: null, notes: [] });
  await runtime.start(id);
  await engine.copies.waitUntilReady(ctx, component, id, 0);
  const cli = async (args: readonly string[], auth: string): Promise<string> => (await runtime.exec(id, { argv: ['redis-cli', ...(who.user === undefined ? [] : ['--user', who.user]), '--no-auth-warning', ...args], environment: { REDISCLI_AUTH: auth }, timeoutMs: 20_000 })).stdout.trim();
  expect([await cli(['-n', '3', 'GET', 'other'], password), await cli(['INFO', 'replication'], password)]).toEqual(['database', expect.stringContaining('role:master')]);
  expect([await cli(['GET', 'text'], 'wrong'), (await runtime.exec(id, { argv: ['redis-cli', 'GET', 'text'], timeoutMs: 20_000 })).stdout]).toEqual([expect.stringMatching(/WRONGPASS|NOAUTH/), expect.stringContaining('NOAUTH')]);
  const kept = (await runtime.exec(id, { argv: ['grep', '-r', '-c', '-F', password, '/var/lib/holdfast-copy/redis.conf'], timeoutMs: 20_000 })).stdout.trim();
  expect([kept, JSON.stringify(await runtime.inspect(id)).includes(password)]).toEqual(['0', false]);
  // What is written to it outlives a stop.
  await cli(['SET', 'mine', 'of the copy'], password);
  await runtime.restart(id, 20_000);
  await engine.copies.waitUntilReady(ctx, component, id, 0);
  expect(await cli(['GET', 'mine'], password)).toBe('of the copy');
  // Somebody ended it, by force or by asking: the step starts it again. Of a live server that is nobody's to start.
  await runtime.kill(id);
  await runtime.wait(id);
  await failing('HelperLost', engine.copies.waitUntilReady(ctx, component, id, 0));
  await failing('ContainerNotRunning', engine.waitUntilReady(ctx, { ...component, container: name }));
  await runtime.start(id);
  await engine.copies.waitUntilReady(ctx, component, id, 0);
  await runtime.stop(id, 20_000);
  await failing('HelperLost', engine.copies.waitUntilReady(ctx, component, id, 0));
  await runtime.start(id);
  await engine.copies.waitUntilReady(ctx, component, id, 0);
  await runtime.exec(id, { argv: ['sh', '-c', 'echo nonsense >/var/lib/holdfast-copy/dump.rdb'], timeoutMs: 20_000 });
  await runtime.kill(id);
  await runtime.wait(id);
  // And this is what its data does.
  await runtime.start(id);
  await failing('ContainerNotRunning', engine.copies.waitUntilReady(ctx, component, id, 0));
  await store.remove();
});
