/**
 * What keeps a follower from following: its volume is full, a file that it follows is removed. Said in the status, nothing that Redis notices, and it goes on without a hole.
 * @module-tag long
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { receiverLabels, receiverName } from '../../../src/containers/labels.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { useDocker } from '../../support/docker.ts';
import { covers, keptAof, key, keysIn, nextSecond, until } from './kept-aof.ts';

const docker = useDocker();
let directory: string;
let repository: Repository;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-aof-'));
  repository = createRepository('nas', createLocalStorage(directory));
  await repository.open();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const follower = { namespaceId: docker.namespaceId, service: key.service, component: key.component };

test('a full volume is said, what a rewrite removes meanwhile is held, and it goes on once there is room', async () => {
  await docker.engineCall('POST', '/volumes/create', { Name: receiverName(follower), Labels: receiverLabels(follower), DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=24m' } });
  // Its content goes when nothing mounts it.
  const holder = await docker.run({ imageId: await docker.image('redis:8'), entrypoint: ['sleep'], command: ['600'], mounts: [{ type: 'volume', source: receiverName(follower), target: '/wal' }] });
  const shell = (command: string) => docker.runtime.exec(holder, { argv: ['sh', '-c', command], timeoutMs: 60_000 });
  const { redis, keeper, forget } = await keptAof(docker, repository);
  const keeping = keeper();
  const first = await nextSecond(redis);
  await redis.cli('SET', 'before', 'x'.repeat(100));
  await until(keeping, covers(first));

  await shell('cat /dev/zero >/wal/filling');
  const during = await nextSecond(redis);
  await redis.cli('SET', 'during', 'x'.repeat(20_000));
  const { failure } = await until(keeping, (status) => status.failure !== null);
  expect(failure).toMatchObject({ type: 'DiskFull', hint: expect.stringContaining('Make room') });
  await redis.cli('BGREWRITEAOF');
  const rewritten = await nextSecond(redis);
  await redis.cli('SET', 'rewritten', 'x'.repeat(20_000));
  expect((await keeping.round()).failure).toMatchObject({ type: 'DiskFull' });
  expect([await redis.cli('PING'), await redis.cli('INFO', 'persistence')]).toEqual(['PONG', expect.stringContaining('aof_last_write_status:ok')]);

  await shell('rm /wal/filling');
  await until(keeping, (status) => status.failure === null);
  await redis.cli('SET', 'after', 'x');
  // Asked for behind it: before the command, it might be the second before that in which it is written.
  const after = await nextSecond(redis) - 1;
  await until(keeping, covers(after));
  const names = ['before', 'during', 'rewritten', 'after'];
  expect(await keysIn(repository, after + 1, ...names)).toEqual({ second: after + 1, keys: names });
  // Written into the file that the rewrite took away.
  expect((await keysIn(repository, rewritten, ...names)).keys).toEqual(['before', 'during']);
  expect((await keysIn(repository, during, ...names)).keys).toEqual(['before']);
  await docker.runtime.remove(holder);
  await forget();
});

test('a file of the AOF that is removed is said, with what helps; from the rewrite on it is followed again', async () => {
  const { redis, keeper, forget } = await keptAof(docker, repository, { image: 'redis:7' });
  const keeping = keeper();
  const first = await nextSecond(redis);
  await redis.cli('SET', 'before', 'x');
  await until(keeping, covers(first));
  await redis.exec('rm', '/data/appendonlydir/appendonly.aof.1.incr.aof');
  const { failure } = await until(keeping, (status) => status.failure !== null);
  expect(failure).toMatchObject({ type: 'PathNotFound', cause: expect.stringContaining('appendonly.aof.1.incr.aof'), hint: expect.stringContaining('BGREWRITEAOF') });
  await redis.cli('SET', 'meanwhile', 'x');
  expect(await redis.cli('INFO', 'persistence')).toContain('aof_last_write_status:ok');
  await redis.cli('BGREWRITEAOF');
  await until(keeping, (status) => status.failure === null);
  await redis.cli('SET', 'after', 'x');
  const after = await nextSecond(redis) - 1;
  await until(keeping, covers(after));
  expect(await keysIn(repository, after + 1, 'before', 'meanwhile', 'after')).toEqual({ second: after + 1, keys: ['before', 'meanwhile', 'after'] });

  await redis.exec('mv', '/data/appendonlydir', '/data/away');
  expect((await until(keeping, (status) => status.failure !== null)).failure).toMatchObject({ type: 'PathNotFound', cause: expect.stringContaining('manifest') });
  await redis.exec('mv', '/data/away', '/data/appendonlydir');
  await until(keeping, (status) => status.failure === null);
  await forget();
});
