/** A restore that is interrupted, repeated, refused, taken back and cleaned up, on real servers. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import type { EngineContext } from '../../../src/engines/engine-context.ts';
import { runDirectory } from '../../../src/engines/redis/cut-over/staging.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, engine, restore, sha256, startRedis, testStore, type TestRedis, type TestStore, undo, variedData } from './redis-fixture.ts';

const docker = useDocker();
const options = { contentHashes: true, jobs: 2 };
let store: TestStore;
let notes: Notes;
let run = 0;

beforeEach(async () => {
  store = await testStore();
  notes = new Map();
});
afterEach(() => store.remove());

const ctxOf = (name: string): EngineContext => contextOf(docker, notes, { run: `${name}-${run++}` });
const failure = (type: FailureType): unknown => expect.objectContaining({ name: 'HoldfastFailure', type });
const backUp = async (redis: TestRedis, destination = store.destination): Promise<RedisBackup> => await engine.backUp(ctxOf('backup'), redis.component, destination, options) as RedisBackup;
const holdfastFiles = (redis: TestRedis): Promise<string> => redis.exec('find', '/data', '-path', '*holdfast*');

/** Moves one entry by hand, as a helper that was killed in between would have left it. */
async function moveByHand(redis: TestRedis, moves: readonly (readonly [string, string])[]): Promise<void> {
  const script = moves.map((_, index) => `mkdir -p "$(dirname "$${index * 2 + 2}")"; mv "$${index * 2 + 1}" "$${index * 2 + 2}"`).join('\n');
  const id = await docker.create({ imageId: await docker.image('redis:8'), entrypoint: ['sh', '-euc', script, 'sh'], command: moves.flat().map((path) => `/data/${path}`), mounts: [{ type: 'volume', source: redis.volume, target: '/data' }] });
  await docker.runtime.start(id);
  expect((await docker.runtime.wait(id)).exitCode).toBe(0);
  await docker.runtime.remove(id);
}

describe('from every point', () => {
  test('rolled back: unclosed, closed, half exchanged, exchanged, started by someone; then restored after all', async () => {
    const redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
    await redis.feed('SET which backup\nSET one 1');
    const backup = await backUp(redis);
    await redis.feed('SET which live');
    const ctx = ctxOf('restore');
    const { cutOver } = await engine.prepare(ctx, redis.component, backup, store.source) as { cutOver: RedisCutOver };
    const { stagedDirectory, asideDirectory } = cutOver;
    const back = async (state: string): Promise<void> => {
      await engine.rollBack(ctx, redis.component, cutOver);
      expect(await redis.cli('GET', 'which'), state).toBe('live');
    };

    await back('unclosed');
    await engine.close(ctx, redis.component, cutOver);
    await engine.close(ctx, redis.component, cutOver);
    await back('closed');

    const moves = [['dump.rdb', `${asideDirectory}/dump.rdb`], [`${stagedDirectory}/dump.rdb`, 'dump.rdb'], ['appendonlydir', `${asideDirectory}/appendonlydir`], [`${stagedDirectory}/appendonlydir`, 'appendonlydir']] as const;
    for (const count of [1, 3]) {
      await engine.close(ctx, redis.component, cutOver);
      await moveByHand(redis, moves.slice(0, count));
      await back(`after ${count} moves`);
    }
    await engine.close(ctx, redis.component, cutOver);
    await engine.swap(ctx, redis.component, cutOver);
    await back('exchanged');
    await engine.close(ctx, redis.component, cutOver);
    await engine.swap(ctx, redis.component, cutOver);
    await docker.runtime.start(redis.id);
    await redis.waitUntilUp();
    await back('started by someone');
    // That start touched the staged files, so they are no longer what was compared: made again, then brought in from a half exchange.
    await engine.discardPrepared(ctx, redis.component, cutOver);
    const again = (await engine.prepare(ctx, redis.component, backup, store.source)).cutOver as RedisCutOver;
    await engine.close(ctx, redis.component, again);
    await moveByHand(redis, moves.slice(0, 3));
    await engine.close(ctx, redis.component, again);
    await engine.swap(ctx, redis.component, again);
    await engine.swap(ctx, redis.component, again);
    expect(await engine.compareClosed(ctx, redis.component, again, backup)).toEqual([]);
    await engine.open(ctx, redis.component, again);
    await engine.open(ctx, redis.component, again);
    expect(await redis.cli('GET', 'which')).toBe('backup');
    const second = await undo(ctxOf('undo'), redis, again);
    expect(await redis.cli('GET', 'which')).toBe('live');
    await engine.discardRollback(ctxOf('accept'), redis.component, second);
    await expect(holdfastFiles(redis)).resolves.toBe('');
  });

  test('an undo that is rolled back leaves the rollback copy where it was', { tags: 'long' }, async () => {
    const redis = await startRedis(docker);
    await redis.feed('SET which backup');
    const backup = await backUp(redis);
    await redis.feed('SET which live');
    const first = await restore(ctxOf('restore'), redis, backup, store.source);
    const ctx = ctxOf('undo');
    const { cutOver } = await engine.prepareUndo(ctx, redis.component, first) as { cutOver: RedisCutOver };
    await engine.close(ctx, redis.component, cutOver);
    await engine.swap(ctx, redis.component, cutOver);
    await engine.rollBack(ctx, redis.component, cutOver);
    await engine.discardPrepared(ctx, redis.component, cutOver);
    expect(await redis.cli('GET', 'which')).toBe('backup');
    expect(await redis.exec('ls', `/data/${first.asideDirectory}`)).toBe('dump.rdb');
    await undo(ctxOf('undo'), redis, first);
    expect(await redis.cli('GET', 'which')).toBe('live');
    await expect(engine.prepareUndo(ctxOf('undo'), redis.component, first)).rejects.toEqual(failure('UnknownRollbackCopy'));
  });
});

describe('prepared', () => {
  test('twice is once; what changed since is refused; discarded it is gone; a repair removes what no record keeps', async () => {
    const redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
    await redis.feed(variedData());
    const backup = await backUp(redis);
    const ctx = ctxOf('restore');
    const before = await engine.readContent(ctxOf('look'), redis.component, options);
    const first = await engine.prepare(ctx, redis.component, backup, store.source);
    const second = await engine.prepare(ctx, redis.component, backup, store.source);
    const { stagedFiles: _a, ...one } = first.cutOver as RedisCutOver;
    const { stagedFiles, ...two } = second.cutOver as RedisCutOver;
    expect(two).toEqual(one);
    expect(stagedFiles.find((file) => file.path === 'dump.rdb')).toEqual({ path: 'dump.rdb', ...backup.artifacts[0]?.plaintext });
    expect(second).toMatchObject({ compared: { differences: [] }, loss: { transactions: null }, createdRoles: [] });
    expect(second.notCompared.map((item) => item.object)).toContain('keys with a time to live');
    expect(await engine.readContent(ctxOf('look'), redis.component, options)).toEqual(before);
    await redis.cli('BGREWRITEAOF');
    await redis.restart();

    await redis.exec('sh', '-c', `printf x >>/data/${(two as RedisCutOver).stagedDirectory}/dump.rdb`);
    await engine.close(ctx, redis.component, second.cutOver);
    await expect(engine.swap(ctx, redis.component, second.cutOver)).rejects.toEqual(failure('ArtifactDamaged'));
    await engine.rollBack(ctx, redis.component, second.cutOver);
    expect(await engine.readContent(ctxOf('look'), redis.component, options)).toEqual(before);
    await engine.discardPrepared(ctxOf('another run'), redis.component, second.cutOver);
    expect(await holdfastFiles(redis)).toContain('new/dump.rdb');
    await engine.discardPrepared(ctx, redis.component, second.cutOver);
    await engine.discardPrepared(ctx, redis.component, second.cutOver);
    expect(await holdfastFiles(redis)).toBe('');

    const dead = ctxOf('dead');
    const { cutOver } = await engine.prepare(dead, redis.component, backup, store.source);
    const ended = { owner: dead.owner, notes: Object.fromEntries(notes.get(dead.owner.runId) ?? []), kept: [cutOver] };
    expect(await engine.repairLeftovers(ctxOf('repair'), redis.component, ended)).toEqual([]);
    expect(await holdfastFiles(redis)).toContain('new/dump.rdb');
    expect(await engine.repairLeftovers(ctxOf('repair'), redis.component, { ...ended, kept: [] })).toHaveLength(1);
    expect(await engine.repairLeftovers(ctxOf('repair'), redis.component, { ...ended, kept: [] })).toEqual([]);
    expect(await holdfastFiles(redis)).toBe('');
  });

  test('refused: too little memory, too few databases, a damaged file, another content, a newer version', async () => {
    const redis = await startRedis(docker);
    await redis.feed('SET a 1\nSELECT 15\nSET b 1');
    const backup = await backUp(redis);
    const bytes = await readFile(store.file);
    const prepare = (target: TestRedis, changed: RedisBackup = backup, source = store.source): Promise<unknown> => engine.prepare(ctxOf('restore'), target.component, changed, source);

    // Less than even a Redis with two keys takes: what was loaded is measured, whatever the backup says.
    await redis.cli('CONFIG', 'SET', 'maxmemory', '500000');
    await expect(prepare(redis)).rejects.toEqual(failure('NotEnoughSpace'));
    await expect(prepare(redis, { ...backup, usedMemoryBytes: 0 })).rejects.toEqual(failure('NotEnoughSpace'));
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    await expect(prepare(redis, { ...backup, usedMemoryBytes: 10 ** 13 })).rejects.toEqual(failure('NotEnoughSpace'));
    const small = await startRedis(docker, { args: ['--databases', '10'] });
    await expect(prepare(small)).rejects.toEqual(failure('VersionMismatch'));

    const other = { ...backup, content: { ...backup.content, digest: '0'.repeat(40) } };
    await expect(prepare(redis, other)).rejects.toEqual(failure('ProofFailed'));
    expect(await engine.prove(ctxOf('prove'), other, store.source)).toMatchObject({ verdict: 'failed', differences: [{ property: 'digest' }] });

    // Another image than the backup's own bears the name now: its digest may be made otherwise, its counts may not.
    const elsewhere = { ...backup.server, imageId: `sha256:${'0'.repeat(64)}`, image: 'redis:8' };
    expect(await engine.prove(ctxOf('prove'), { ...other, server: elsewhere }, store.source)).toMatchObject({ verdict: 'couldNotVerify', differences: [{ property: 'digest' }] });
    const fewer = { ...other, content: { ...other.content, databases: other.content.databases.map((each) => ({ ...each, keys: '2' })) } };
    expect(await engine.prove(ctxOf('prove'), { ...fewer, server: elsewhere }, store.source)).toMatchObject({ verdict: 'failed' });

    const old = await startRedis(docker, { image: 'redis:7' });
    await expect(prepare(old)).rejects.toEqual(failure('VersionMismatch'));
    const image = await docker.image('redis:7');
    const unreadable = { ...backup, server: { ...backup.server, imageId: image } };
    expect(await engine.prove(ctxOf('prove'), unreadable, store.source)).toMatchObject({ verdict: 'couldNotVerify' });
    expect(await engine.prove(ctxOf('prove'), { ...backup, server: { ...backup.server, imageId: `sha256:${'0'.repeat(64)}`, image: 'no-such-image:1' } }, store.source)).toMatchObject({ verdict: 'couldNotVerify' });

    const damaged = Buffer.from(bytes);
    damaged[20] = (damaged[20] as number) ^ 1;
    for (const content of [damaged, bytes.subarray(0, -1), Buffer.alloc(0)]) {
      await writeFile(store.file, content);
      await expect(engine.verify(ctxOf('verify'), backup, store.source)).rejects.toEqual(failure('ArtifactDamaged'));
      expect(await engine.prove(ctxOf('prove'), backup, store.source)).toMatchObject({ verdict: 'failed' });
      await expect(prepare(redis)).rejects.toEqual(failure('ArtifactDamaged'));
    }
    // The hash of a damaged file in the manifest itself: the stock tool still finds it.
    await writeFile(store.file, damaged);
    const forged = { ...backup, artifacts: backup.artifacts.map((artifact) => ({ ...artifact, plaintext: { sizeBytes: damaged.length, sha256: sha256(damaged) }, stored: { sizeBytes: damaged.length, sha256: sha256(damaged) } })) };
    await expect(engine.verify(ctxOf('verify'), forged, store.source)).rejects.toEqual(failure('ArtifactDamaged'));
    expect(await redis.cli('GET', 'a')).toBe('1');
    // What the attempts that failed after copying left goes with the clean-up that ends every run.
    for (const [runId, kept] of notes) {
      if (runId.startsWith('restore')) await engine.repairLeftovers(ctxOf('repair'), redis.component, { owner: docker.owner(runId), notes: Object.fromEntries(kept), kept: [] });
    }
    expect(await holdfastFiles(redis)).toBe('');
  });
});

test('streams instead of shared directories, a directory that is not shared, and a restore of Redis 7 into Redis 8', { tags: 'long' }, async () => {
  const redis = await startRedis(docker, { image: 'redis:7' });
  await redis.feed(variedData());
  const backup = await backUp(redis, store.streamedDestination);
  expect(await engine.prove(ctxOf('prove'), backup, store.streamedSource)).toMatchObject({ verdict: 'proven' });
  expect(await engine.prove(ctxOf('prove'), backup, { ...store.source, hostPath: async () => '/no/such/path on the engine' })).toMatchObject({ verdict: 'proven' });
  const elsewhere = await testStore();
  expect(await backUp(redis, { ...store.destination, hostDirectory: elsewhere.directory, adopt: async () => { throw new Error('adopted'); } }).catch((error: unknown) => String(error))).toContain('adopted');
  await elsewhere.remove();

  const newer = await startRedis(docker, { args: ['--appendonly', 'yes'] });
  const { notes: told } = await engine.prepare(ctxOf('restore'), newer.component, backup, store.streamedSource);
  expect(told.join()).toContain('7.0.15');
  await restore(ctxOf('restore'), newer, backup, store.streamedSource);
  expect(await newer.cli('GET', 'text')).toBe('hello');
});

test('names that a shell would love', async () => {
  const names = ['--dbfilename', '-x $(touch pwned); "q" \'r\' é.rdb', '--appenddirname', 'ap pend;dir $HOME', '--appendfilename', 'a o\'f".aof'];
  const redis = await startRedis(docker, { args: ['--appendonly', 'yes', ...names] });
  await redis.feed('SET which backup');
  const backup = await backUp(redis);
  await redis.feed('SET which live');
  const first = await restore(ctxOf('restore'), redis, backup, store.source);
  expect(await redis.cli('GET', 'which')).toBe('backup');
  const second = await undo(ctxOf('undo'), redis, first);
  expect(await redis.cli('GET', 'which')).toBe('live');
  await engine.discardRollback(ctxOf('accept'), redis.component, second);
  expect((await redis.exec('ls', '-A', '/data')).split('\n').sort()).toEqual([names[1], names[3]].sort());
});

test('closing refuses a restart policy that would start it again, and an exchange under a running server', async () => {
  const redis = await startRedis(docker);
  await redis.feed('SET a 1');
  const backup = await backUp(redis);
  const ctx = ctxOf('restore');
  const { cutOver } = await engine.prepare(ctx, redis.component, backup, store.source);
  await expect(engine.swap(ctx, redis.component, cutOver)).rejects.toEqual(failure('CutOverFailed'));
  await expect(engine.compareClosed(ctx, redis.component, cutOver, backup)).rejects.toEqual(failure('CouldNotVerify'));
  await docker.runtime.updateRestartPolicy(redis.id, { name: 'always', maximumRetryCount: 0 });
  await expect(engine.close(ctx, redis.component, cutOver)).rejects.toEqual(failure('CutOverFailed'));
  await docker.runtime.updateRestartPolicy(redis.id, { name: 'no', maximumRetryCount: 0 });
  await expect(engine.close(ctx, redis.component, { ...cutOver, containerId: 'f'.repeat(64) } as RedisCutOver)).rejects.toEqual(failure('ContainerRecreated'));
  await expect(engine.discardRollback(ctx, redis.component, { ...cutOver, asideDirectory: '.' } as RedisCutOver)).rejects.toEqual(failure('AmbiguousState'));
  expect(await redis.cli('GET', 'a')).toBe('1');
});

test('what a server that somebody else stopped left is read through before it becomes the way back', async () => {
  const redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
  await redis.cli('SET', 'a', '1');
  const backup = await backUp(redis);
  const ctx = ctxOf('restore');
  const { cutOver } = await engine.prepare(ctx, redis.component, backup, store.source);
  await redis.feed('SET which live\nSET b 2');
  await docker.runtime.stop(redis.id, 20_000);
  const inVolume = async (script: string): Promise<void> => {
    const id = await docker.run({ imageId: await docker.image('redis:8'), entrypoint: ['sh', '-euc', script], command: [], mounts: [{ type: 'volume', source: redis.volume, target: '/data' }] });
    expect((await docker.runtime.wait(id)).exitCode).toBe(0);
    await docker.runtime.remove(id);
  };
  const aof = '/data/appendonlydir/appendonly.aof';
  // Redis would start on the first of these and cut it, on the second empty.
  for (const [damage, repair] of [[`truncate -s -3 ${aof}.1.incr.aof`, 'true'], [`mv ${aof}.manifest /data/kept`, `mv /data/kept ${aof}.manifest`]] as const) {
    await inVolume(`cp ${aof}.1.incr.aof /data/whole; ${damage}`);
    await expect(engine.close(ctx, redis.component, cutOver)).rejects.toEqual(failure('CutOverFailed'));
    await inVolume(`${repair}; mv /data/whole ${aof}.1.incr.aof`);
  }
  await engine.close(ctx, redis.component, cutOver);
  await engine.rollBack(ctx, redis.component, cutOver);
  expect(await redis.cli('GET', 'which')).toBe('live');
});

test('a volume that is gone is not made again: nothing to remove, and no exchange', async () => {
  const volume = docker.name('gone');
  const ctx = ctxOf('restore');
  const [stagedDirectory, asideDirectory] = ['new', 'old'].map((end) => `${runDirectory(ctx.owner, 'redis')}/${end}`) as [string, string];
  const cutOver: RedisCutOver = {
    engine: 'redis', component: 'redis', container: docker.name('gone'), containerId: 'f'.repeat(64), volume, imageId: await docker.image('redis:8'), directory: '/data', subdirectory: '',
    dbFilename: 'dump.rdb', appendOnly: false, appendDirname: 'appendonlydir', appendFilename: 'appendonly.aof', stagedDirectory, asideDirectory, stagedFiles: [], stagedKeys: 0,
  };
  const component = { engine: 'redis', name: 'redis', container: cutOver.container } as const;
  const note = { volume, imageId: cutOver.imageId, subdirectory: '' };
  await engine.discardPrepared(ctx, component, cutOver);
  await engine.discardRollback(ctx, component, cutOver);
  expect(await engine.repairLeftovers(ctx, component, { owner: ctx.owner, notes: { 'redis-staged-redis': note }, kept: [] })).toEqual([]);
  await expect(engine.rollBack(ctx, component, cutOver)).rejects.toEqual(failure('AmbiguousState'));
  expect(await docker.runtime.findVolume(volume)).toBeNull();
});

test('without the image of then the container\'s does what is left to do: moved back, a dead run\'s files removed, let go; without either that is said', async () => {
  const imageId = `sha256:${'0'.repeat(64)}`;
  const redis = await startRedis(docker);
  await redis.feed('SET which backup');
  const backup = await backUp(redis);
  await redis.feed('SET which live');
  const dead = ctxOf('dead');
  await engine.prepare(dead, redis.component, backup, store.source);
  const note = notes.get(dead.owner.runId)?.get('redis-staged-redis') as object;
  expect(await engine.repairLeftovers(ctxOf('repair'), redis.component, { owner: dead.owner, notes: { 'redis-staged-redis': { ...note, imageId } }, kept: [] })).toHaveLength(1);
  const back = ctxOf('back');
  const { cutOver } = await engine.prepare(back, redis.component, backup, store.source);
  await engine.close(back, redis.component, cutOver);
  await engine.swap(back, redis.component, cutOver);
  await engine.rollBack(back, redis.component, { ...cutOver as RedisCutOver, imageId });
  expect(await redis.cli('GET', 'which')).toBe('live');
  await engine.discardPrepared(back, redis.component, { ...cutOver as RedisCutOver, imageId });
  const own = { ...await restore(ctxOf('restore'), redis, backup, store.source), imageId };
  const { fields } = await failing('ImageMissing', engine.discardRollback(ctxOf('accept'), redis.component, { ...own, container: docker.name('nobody') }));
  expect([fields.cause, fields.hint]).toEqual([expect.stringContaining(imageId), expect.stringContaining('again, of an image of the same version')]);
  await engine.discardRollback(ctxOf('accept'), redis.component, own);
  expect(await holdfastFiles(redis)).toBe('');
});
