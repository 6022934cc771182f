/** Redis whose files no server reads: restored over, taken back, undone, without a question to it; and what is no matter of its files. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerSpec } from '../../../src/containers/container-runtime.ts';
import { labelNames } from '../../../src/containers/labels.ts';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import type { RedisComponent } from '../../../src/domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../../src/engines/engine-context.ts';
import { askLikeServer } from '../../../src/engines/redis/server/like-server.ts';
import { cases } from '../../support/cases.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { waitFor } from '../../support/service-fixture.ts';
import { contextOf, engine, startRedis, testStore, type TestRedis, type TestStore, undo } from './redis-fixture.ts';

const docker = useDocker();
let store: TestStore;
let notes: Notes;
let run = 0;

beforeEach(async () => {
  store = await testStore();
  notes = new Map();
});
afterEach(() => store.remove());

const ctxOf = (name: string, password?: string): EngineContext => contextOf(docker, notes, { run: `${name}-${run++}`, ...(password === undefined ? {} : { password }) });
const failure = (type: FailureType, cause = ''): unknown => expect.objectContaining({ name: 'HoldfastFailure', type, fields: expect.objectContaining({ cause: expect.stringContaining(cause) }) });
const prepareWhole = (ctx: EngineContext, redis: TestRedis, backup: RedisBackup): Promise<PreparedComponent> => (engine.prepareWhole as NonNullable<typeof engine.prepareWhole>)(ctx, redis.component, backup, store.source, 'it crashed');
/** Of a container that begins or ends in that moment the engine answers 500: it is asked again, as a step is. */
const policy = (redis: TestRedis, name: string): Promise<void> => waitFor(async () => {
  await docker.runtime.updateRestartPolicy(redis.id, { name, maximumRetryCount: 0 });
  return true;
});
const stateOf = async (redis: TestRedis): Promise<string> => (await docker.runtime.inspect(redis.id)).state;

/** In a container of its own: that of the server may run or not. */
async function inVolume(redis: TestRedis, script: string): Promise<string> {
  const id = await docker.run({ imageId: await docker.image('redis:8'), entrypoint: ['sh', '-euc', script], command: [], mounts: [{ type: 'volume', source: redis.volume, target: '/data' }], logDriver: 'json-file' });
  expect((await docker.runtime.wait(id)).exitCode).toBe(0);
  const said = (await docker.runtime.logs(id, 65_536)).trim();
  await docker.runtime.remove(id);
  return said;
}

const nonsense = 'for file in /data/appendonlydir/*.aof; do echo nonsense >"$file"; done';
const heldBy = (redis: TestRedis, directory: string): Promise<string> => inVolume(redis, `cat ${directory}/appendonlydir/*.incr.aof || :`);
const holdfastFiles = (redis: TestRedis): Promise<string> => inVolume(redis, 'find /data -path "*holdfast*"');

cases(['redis:8'], ['valkey/valkey:8'])('%s: each step twice, taken back from each, undone though nobody read what comes back, that undone in its turn, and let go', async (image) => {
  const redis = await startRedis(docker, { image, args: ['--appendonly', 'yes', '--databases', '20'] });
  await redis.feed('SET which backup\nSELECT 17\nSET high 1');
  const backup = await engine.backUp(ctxOf('backup'), redis.component, store.destination, { contentHashes: true, jobs: 2 }) as RedisBackup;
  await redis.cli('SET', 'which', 'live');
  await inVolume(redis, nonsense);
  await policy(redis, 'always');
  await docker.runtime.kill(redis.id);
  await docker.runtime.start(redis.id);
  await waitFor(async () => (await stateOf(redis)) === 'restarting');

  const ctx = ctxOf('restore');
  expect(await engine.inspect(ctx, redis.component, 'replace')).toMatchObject({ pinned: { containerId: redis.id, volume: redis.volume, identity: null }, empty: false, warnings: [expect.stringContaining('does not answer')] });
  const [first, prepared] = [await prepareWhole(ctx, redis, backup), await prepareWhole(ctx, redis, backup)];
  const cutOver = prepared.cutOver as RedisCutOver;
  expect(first.cutOver).toMatchObject({ unusable: true, appendOnly: true, containerId: redis.id, volume: redis.volume, directory: '/data', subdirectory: '' });
  expect([prepared.loss.notes.join(), prepared.notes.join()]).toEqual([expect.stringContaining('is not known'), expect.stringContaining('(it crashed)')]);
  expect(await docker.runtime.list({ [labelNames.runId]: ctx.owner.runId })).toEqual([]);
  expect(await docker.runtime.listVolumes({ [labelNames.runId]: ctx.owner.runId })).toEqual([]);
  await engine.requireReady(ctx, redis.component, cutOver);
  await expect(engine.close(ctx, redis.component, cutOver)).rejects.toEqual(failure('CutOverFailed', 'restart policy'));

  await policy(redis, 'no');
  const closeTwice = async (): Promise<void> => {
    for (let time = 0; time < 2; time += 1) await engine.close(ctx, redis.component, cutOver);
    expect(await stateOf(redis)).toBe('exited');
  };
  const swapTwice = async (): Promise<void> => {
    for (let time = 0; time < 2; time += 1) await engine.swap(ctx, redis.component, cutOver);
  };
  for (const far of [async () => undefined, closeTwice, async () => { await closeTwice(); await swapTwice(); }]) {
    await far();
    for (let time = 0; time < 2; time += 1) await engine.rollBack(ctx, redis.component, cutOver);
    expect(await heldBy(redis, '/data')).toBe('nonsense');
  }
  await closeTwice();
  await swapTwice();
  expect(await engine.compareClosed(ctx, redis.component, cutOver, backup)).toEqual([]);
  for (let time = 0; time < 2; time += 1) await engine.open(ctx, redis.component, cutOver);
  expect([await redis.cli('GET', 'which'), await redis.cli('-n', '17', 'GET', 'high')]).toEqual(['backup', '1']);
  // Mended by hand, say: what the plan says of it does not hold any more.
  await expect(engine.requireReady(ctx, redis.component, cutOver)).rejects.toEqual(failure('PlanChanged', 'answers there by now'));

  await redis.cli('SET', 'which', 'restored');
  const back = ctxOf('undo');
  const [, bringing] = [await engine.prepareUndo(back, redis.component, cutOver), await engine.prepareUndo(back, redis.component, cutOver)];
  const broken = bringing.cutOver as RedisCutOver;
  expect([broken.unread, broken.unusable, bringing.notes.join()]).toEqual([true, undefined, expect.stringContaining('set aside unread')]);
  await engine.requireReady(back, redis.component, broken);
  await engine.close(back, redis.component, broken);
  for (let time = 0; time < 2; time += 1) await engine.swap(back, redis.component, broken);
  expect(await engine.compareClosed(back, redis.component, broken, null)).toEqual([]);
  await expect(engine.open(back, redis.component, broken)).rejects.toEqual(failure('ContainerNotRunning'));
  expect(await heldBy(redis, '/data')).toBe('nonsense');

  const again = ctxOf('undo');
  const { cutOver: ready, notes: told } = await engine.prepareUndo(again, redis.component, broken, 'it crashed');
  const good = ready as RedisCutOver;
  expect([good, told.join()]).toEqual([expect.objectContaining({ unusable: true }), expect.stringContaining('unread')]);
  expect(good).not.toHaveProperty('unread');
  await engine.close(again, redis.component, good);
  await engine.swap(again, redis.component, good);
  expect(await engine.compareClosed(again, redis.component, good, null)).toEqual([]);
  await engine.open(again, redis.component, good);
  expect(await redis.cli('GET', 'which')).toBe('restored');

  // Mended by hand where it was set aside, it is as good as any.
  await redis.cli('BGREWRITEAOF');
  await waitFor(async () => /aof_rewrite_in_progress:0\r?\n/.test(await redis.cli('INFO', 'persistence')));
  await inVolume(redis, `rm /data/${good.asideDirectory}/appendonlydir/*; cp -p /data/appendonlydir/* /data/${good.asideDirectory}/appendonlydir/`);
  const mended = await undo(ctxOf('undo'), redis, good);
  expect([mended.unread, await redis.cli('GET', 'which')]).toEqual([true, 'restored']);
  for (let time = 0; time < 2; time += 1) await engine.discardRollback(ctxOf('accept'), redis.component, mended);
  expect(await holdfastFiles(redis)).toBe('');
});

const never = async (spec: Partial<ContainerSpec> & Pick<ContainerSpec, 'command'>): Promise<RedisComponent> => {
  const container = docker.name('redis');
  const id = await docker.create({ name: container, imageId: await docker.image('redis:8'), logDriver: 'json-file', ...spec });
  for (const { type, source } of spec.mounts ?? []) if (type === 'volume') await inVolume({ volume: source } as TestRedis, 'mkdir -p /data/sub/a /data/etc; printf "appendonly yes\\ndir /data/sub/a\\nmaxmemory 7mb\\n" >/data/etc/redis.conf; echo nonsense >/data/sub/a/dump.rdb');
  expect((await docker.runtime.inspect(id)).state).toBe('created');
  return { engine: 'redis', name: 'redis', container };
};

test('what a server would say that cannot start: by its command, its environment and the file that lies with its data, whoever it runs as', async () => {
  const volume = await docker.volume();
  const component = await never({
    entrypoint: ['sh', '-c'], command: ['exec setpriv --reuid=redis --regid=redis --clear-groups redis-server /data/etc/redis.conf --requirepass "$PASS"'], environment: { PASS: 'canary-5' }, mounts: [{ type: 'volume', source: volume, target: '/data' }],
  });
  const ctx = ctxOf('like', 'canary-5');
  const asking = { ...component, password: { env: 'X' } };
  const server = await askLikeServer(ctx, asking);
  expect(server).toMatchObject({ directory: '/data/sub/a', mount: { source: volume, subdirectory: 'sub/a' }, keyspace: [], container: { name: component.container, state: 'created' } });
  expect([server.settings.get('appendonly'), server.settings.get('maxmemory'), server.info.get('role')]).toEqual(['yes', String(7 * 1024 ** 2), 'master']);
  expect(await docker.runtime.list({ [labelNames.runId]: ctx.owner.runId })).toEqual([]);
  await expect(askLikeServer(ctxOf('like', 'another'), asking)).rejects.toEqual(failure('AuthenticationFailed'));
});

test('one that writes to another volume besides its data writes nothing there', async () => {
  const log = await docker.volume();
  const component = await never({
    command: ['redis-server', '--logfile', '/var/log/redis/redis.log', '--maxmemory', '9mb'],
    mounts: [{ type: 'volume', source: await docker.volume(), target: '/data' }, { type: 'volume', source: log, target: '/var/log/redis' }],
  });
  expect((await askLikeServer(ctxOf('like'), component)).settings.get('maxmemory')).toBe(String(9 * 1024 ** 2));
  expect(await inVolume({ volume: log } as TestRedis, 'find /data -name "*.log"')).toBe('');
});

test('one that somebody else ends is asked again', async () => {
  const component = await never({ command: ['redis-server'], mounts: [{ type: 'volume', source: await docker.volume(), target: '/data' }, { type: 'volume', source: await docker.volume(), target: '/log' }] });
  const ctx = ctxOf('like');
  const starting = async (id: string): Promise<void> => {
    await docker.runtime.start(id);
    await docker.runtime.kill(id);
  };
  const killing = new Proxy(ctx.runtime, { get: (target, name) => (name === 'start' ? starting : (Reflect.get(target, name) as () => unknown).bind(target)) });
  await expect(askLikeServer({ ...ctx, runtime: killing }, component)).rejects.toEqual(failure('HelperLost'));
  expect((await askLikeServer(ctx, component)).directory).toBe('/data');
});

test('refused: what does not start without its data either, data on no volume, a replica', async () => {
  const mounts = async (): Promise<ContainerSpec['mounts']> => [{ type: 'volume', source: await docker.volume(), target: '/data' }];
  const wrong = await never({ command: ['redis-server', '--no-such-setting', 'yes'], mounts: await mounts() as NonNullable<ContainerSpec['mounts']> });
  const ctx = ctxOf('like');
  await expect(askLikeServer(ctx, wrong)).rejects.toEqual(failure('ContainerNotRunning', 'does not start without its data either'));
  expect(await docker.runtime.list({ [labelNames.runId]: ctx.owner.runId })).toEqual([]);
  const backup = { engine: 'redis' } as RedisBackup;
  const replica = await never({ command: ['redis-server', '--replicaof', '127.0.0.1', '1'], mounts: await mounts() as NonNullable<ContainerSpec['mounts']> });
  await expect(prepareWhole(ctxOf('restore'), { component: replica } as TestRedis, backup)).rejects.toEqual(failure('UnsupportedTopology', 'replica'));
  const homeless = await never({ command: ['redis-server', '--dir', '/tmp'] });
  await expect(engine.inspect(ctxOf('look'), homeless, 'replace')).rejects.toEqual(failure('UnsupportedTopology', 'on no volume'));
});
