/** One server's append-only file, from a real Redis through its follower into a real repository, over rewrites, restarts and being off; and seconds of it found again. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LocatedInstant } from '../../../src/activities/moment/locate-instant.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { contextOf, engine, type RedisOptions } from '../../engines/redis/redis-fixture.ts';
import { useDocker } from '../../support/docker.ts';
import { covers, iso, keptAof, key, keysIn, locatedIn, nextSecond, until } from './kept-aof.ts';

const docker = useDocker();
let directory: string;
let repository: Repository;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-aof-'));
  repository = createRepository('nas', createLocalStorage(directory));
  await repository.open();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const kept = (options?: RedisOptions) => keptAof(docker, repository, options);
const located = (at: string): Promise<LocatedInstant> => locatedIn(repository, at);
const keysAt = (second: number, ...names: readonly string[]) => keysIn(repository, second, ...names);

test('everything that is written is there, over a rewrite, a restart and the death of the follower; nothing is stored twice', async () => {
  const { redis, source, context, component, keeper, forget } = await kept();
  const first = keeper();
  // Of a second before the first that it has seen, it knows nothing.
  await until(first, covers(0));
  const seconds: number[] = [];
  const write = async (name: string): Promise<void> => {
    seconds.push(await nextSecond(redis));
    await redis.cli('SET', name, 'x'.repeat(100));
  };
  await write('one');
  await until(first, covers(seconds[0]!));
  await redis.cli('BGREWRITEAOF');
  await write('two');
  await until(first, covers(seconds[1]!));
  const [follower] = await docker.runtime.list({ 'dev.holdfast.kind': 'receiver', 'dev.holdfast.namespace-id': docker.namespaceId });
  await docker.runtime.kill(follower!.id);
  await write('three');
  await redis.restart();
  const second = keeper();
  await until(second, ({ follower: state }) => state === 'running');
  await write('four');
  // What is written when a second has begun may be written in a later one: on a slow machine a command takes as long. In the second after it, it is written in any case.
  const end = await nextSecond(redis);
  await until(second, covers(end - 1));

  const holdings = await repository.aof.holdings(key);
  expect(holdings.bases).toHaveLength(2);
  expect(holdings.blocks.size).toBe(2);
  // What the server has now, and what the archive has of it, byte for byte.
  const [newest] = [...holdings.blocks.keys()].sort().slice(-1);
  const bytes = await buffer(await repository.aof.open(key, holdings.blocks.get(newest!)![0]!));
  expect(bytes.toString('latin1')).toBe((await redis.exec('cat', '/data/appendonlydir/appendonly.aof.2.incr.aof')).concat('\n').replace(/\r?\n$/, '\r\n'));
  const names = ['one', 'two', 'three', 'four'];
  for (const [index, at] of seconds.entries()) expect(await keysAt(at, ...names)).toEqual({ second: at, keys: names.slice(0, index) });
  expect(await keysAt(end, ...names)).toEqual({ second: end, keys: names });
  // A later moment than is known leads to the last one that is.
  const late = await located(iso(end + 600));
  expect('aof' in late && late.aof.second).toBeLessThan(end + 600);

  const before = (await readdir(directory, { recursive: true })).filter((name) => !name.includes('looks'));
  await keeper().round();
  expect((await readdir(directory, { recursive: true })).filter((name) => !name.includes('looks'))).toEqual(before);
  expect((await source.followed(context, component)).bases).toEqual([]);
  await forget();
  await forget();
});

test('what is missing or changed in the archive leads nowhere, and so does what was written while the AOF was off', async () => {
  const { redis, keeper, forget } = await kept({ image: 'redis:7' });
  const keeping = keeper();
  await redis.cli('SET', 'one', '1');
  // Asked for behind it: before the command, it might be the second before that in which it is written.
  const written = await nextSecond(redis) - 1;
  await until(keeping, covers(written));
  await redis.cli('CONFIG', 'SET', 'appendonly', 'no');
  const off = await until(keeping, ({ failure }) => failure !== null);
  expect(off.failure).toMatchObject({ type: 'UnsupportedTopology', cause: expect.stringContaining('appendonly no'), hint: expect.stringContaining('Run CONFIG SET appendonly yes; ') });
  await redis.cli('SET', 'unseen', '1');
  const unseen = await nextSecond(redis);
  await redis.cli('CONFIG', 'SET', 'appendonly', 'yes');
  await until(keeping, ({ failure }) => failure === null);
  await redis.cli('SET', 'two', '1');
  const back = await nextSecond(redis) - 1;
  await until(keeping, covers(back));
  const then = await keysAt(unseen, 'one', 'unseen', 'two');
  expect(then.keys).toEqual(['one']);
  expect(then.second).toBeLessThan(unseen);
  expect(await keysAt(back + 1, 'one', 'unseen', 'two')).toEqual({ second: back + 1, keys: ['one', 'unseen', 'two'] });

  const { bases, blocks } = await repository.aof.holdings(key);
  const newest = [...blocks].sort(([a], [b]) => (a < b ? -1 : 1)).at(-1)![1][0]!;
  await repository.storage.remove(`test-service/aof/redis/${newest.path}`);
  expect(await located(iso(back + 1))).not.toMatchObject({ aof: { second: back } });
  await repository.storage.remove(`test-service/aof/redis/${bases.at(-1)!.path}`);
  const instead = await located(iso(back + 1));
  expect('unfit' in instead || instead.aof.second < back).toBe(true);
  await repository.storage.createExclusive('test-service/aof/redis/foreign', new Uint8Array());
  expect(await located(iso(written + 1))).toMatchObject({ unfit: expect.stringContaining('nothing of that name belongs there') });
  await forget();
});

test('a file that was cut in place, or exchanged, is followed anew; a replica and a server without timestamps are refused by name, with the lines that change it', async () => {
  const { redis, component, keeper, forget } = await kept();
  const keeping = keeper();
  await until(keeping, ({ failure, follower }) => failure === null && follower === 'running');
  // A server that finds half a command at the end cuts its file in place (databases.md R8): what was followed of it before is another file's.
  await redis.cli('SET', 'cut', 'off');
  await until(keeping, async () => (await repository.aof.holdings(key)).blocks.size === 1);
  await redis.exec('truncate', '-s', '-14', '/data/appendonlydir/appendonly.aof.1.incr.aof');
  // The block is there before the record that names it.
  const newestAlone = async (): Promise<boolean> => {
    const { bases, blocks } = await repository.aof.holdings(key);
    const histories = await repository.aof.histories(key, bases);
    return blocks.size === 2 && histories.every(({ increments }) => increments.join() === [...blocks.keys()].sort().at(-1));
  };
  await until(keeping, newestAlone);
  expect((await repository.aof.holdings(key)).bases).toHaveLength(1);

  // An exchanged directory, as a restore leaves it, may have a manifest with the very same names.
  await redis.exec('sh', '-c', 'cd /data && mv appendonlydir former && cp -a former appendonlydir');
  await until(keeping, async () => (await repository.aof.holdings(key)).bases.length === 2);

  await redis.cli('CONFIG', 'SET', 'aof-timestamp-enabled', 'no');
  expect((await keeping.round()).failure).toMatchObject({ type: 'UnsupportedTopology', hint: expect.stringContaining('CONFIG SET aof-timestamp-enabled yes; BGREWRITEAOF') });
  expect((await engine.inspect(contextOf(docker), component, 'backup')).warnings).toEqual([expect.stringContaining('CONFIG SET aof-timestamp-enabled yes')]);
  await redis.cli('CONFIG', 'SET', 'aof-timestamp-enabled', 'yes');
  await redis.cli('REPLICAOF', '127.0.0.1', '1');
  expect((await keeping.round()).failure).toMatchObject({ type: 'UnsupportedTopology', cause: expect.stringContaining('replica') });

  // What is gone is followed no more, and its volume is free.
  await docker.runtime.remove(redis.id);
  expect((await keeping.round()).follower).toBe('waitingForDatabase');
  await docker.runtime.removeVolume(redis.volume);
  await forget();
});
