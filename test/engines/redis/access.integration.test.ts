/** Passwords, restricted users, a setting that must come back, and what preflight refuses. */
import { readdir } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import { syncDelayNoteKey } from '../../../src/engines/redis/transfer/sync-delay.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { contextOf, engine, restore, startRedis, testStore, type TestRedis, type TestStore } from './redis-fixture.ts';

const docker = useDocker();
const options = { contentHashes: true, jobs: 2 };
const password = 'a p@ss "w\'ord" $(id) -x';
const delay = 'repl-diskless-sync-delay';
let store: TestStore;

beforeEach(async () => {
  store = await testStore();
});
afterEach(() => store.remove());

const failure = (type: FailureType): unknown => expect.objectContaining({ name: 'HoldfastFailure', type });

/** The engine hears from below how a container stands: a moment later than it answers. */
async function unpaused({ id }: TestRedis): Promise<void> {
  await docker.engineCall('POST', `/containers/${id}/unpause`);
  await vi.waitUntil(async () => (await docker.runtime.inspect(id)).state === 'running', { timeout: 20_000, interval: 50 });
}

describe('a server with a password and users', () => {
  let redis: TestRedis;
  const withPassword = { component: { password: { env: 'REDIS_PASSWORD' } }, auth: password };

  beforeAll(async () => {
    redis = await startRedis(docker, { ...withPassword, args: ['--requirepass', password, '--appendonly', 'yes'] });
    await redis.feed('SET a 1\nSELECT 2\nSET b 2');
  });
  // Users that stand in no file are gone with every restart, and a restore is one.
  beforeEach(async () => {
    await redis.cli('ACL', 'SETUSER', 'reader', 'on', '>reader', '+@all', '-psync', '-sync', '-shutdown', '~*', '&*');
    await redis.cli('ACL', 'SETUSER', 'minimal', 'on', '>minimal', '+info', '+config|get', '+time', '+psync', '+sync', '+replconf', '+ping', '~*', '&*');
  });

  test('the right one: backed up, restored, and nowhere to be seen', async () => {
    const ctx = contextOf(docker, new Map(), { password });
    const backup = await engine.backUp(ctx, redis.component, store.destination, options) as RedisBackup;
    await redis.feed('FLUSHALL');
    await restore(ctx, redis, backup, store.source);
    expect(await redis.cli('-n', '2', 'GET', 'b')).toBe('2');
    expect(JSON.stringify(backup)).not.toContain(password);
  });

  test('a wrong one is AuthenticationFailed, although redis-cli exits 0', async () => {
    const ctx = contextOf(docker, new Map(), { password: 'wrong' });
    await expect(engine.inspect(ctx, redis.component, 'backup')).rejects.toEqual(failure('AuthenticationFailed'));
    await expect(engine.backUp(ctx, redis.component, store.destination, options)).rejects.toEqual(failure('AuthenticationFailed'));
  });

  test('none at all is AuthenticationFailed, and so is one where Redis has none', async () => {
    const { component } = redis;
    const { password: _none, ...bare } = component;
    await expect(engine.inspect(contextOf(docker), bare, 'backup')).rejects.toEqual(failure('AuthenticationFailed'));
    const open = await startRedis(docker);
    await expect(engine.inspect(contextOf(docker, new Map(), { password }), { ...open.component, password: { env: 'X' } }, 'backup')).rejects.toEqual(failure('AuthenticationFailed'));
  });

  test('one that has no connection left does not answer yet, whatever redis-cli says of AUTH, and was not told to stop', async () => {
    const ctx = contextOf(docker, new Map(), { password, run: 'crowded' });
    const hold = async (): Promise<void> => {
      await redis.cli('CONFIG', 'SET', 'maxclients', '1');
      await redis.exec('bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/6379; sleep infinity >/dev/null 2>&1 & echo $! >/tmp/holding');
    };
    const letGo = async (): Promise<void> => {
      await redis.exec('sh', '-c', 'kill $(cat /tmp/holding)');
      await redis.waitUntilUp();
      await redis.cli('CONFIG', 'SET', 'maxclients', '1000');
    };
    await hold();
    await expect(engine.inspect(ctx, redis.component, 'backup')).rejects.toEqual(failure('DatabaseUnreachable'));
    await letGo();
    const backup = await engine.backUp(ctx, redis.component, store.destination, options) as RedisBackup;
    const { cutOver } = await engine.prepare(ctx, redis.component, backup, store.source);
    const exec: typeof ctx.runtime.exec = async (id, request) => {
      if (request.argv.includes('SHUTDOWN')) await hold();
      return ctx.runtime.exec(id, request);
    };
    const runtime = new Proxy(ctx.runtime, { get: (target, name) => (name === 'exec' ? exec : (Reflect.get(target, name) as () => unknown).bind(target)) });
    await expect(engine.close({ ...ctx, runtime }, redis.component, cutOver)).rejects.toEqual(failure('DatabaseUnreachable'));
    await letGo();
    await engine.discardPrepared(ctx, redis.component, cutOver);
  });

  test('a user that may not replicate is backed up by BGSAVE, and may not restore', async () => {
    const ctx = contextOf(docker, new Map(), { password: 'reader' });
    const component = { ...redis.component, user: 'reader' };
    await redis.cli('SET', 'unsaved', '1');
    const backup = await engine.backUp(ctx, component, store.destination, options) as RedisBackup;
    expect(backup.content).toEqual(await engine.readContent(contextOf(docker, new Map(), { password }), redis.component, options));
    expect(await engine.prove(ctx, backup, store.source)).toMatchObject({ verdict: 'proven' });
    await expect(engine.inspect(ctx, component, 'restore')).rejects.toEqual(failure('PermissionDenied'));
  });

  test('a user that may not change settings only waits longer; one that may not read them is refused', async () => {
    const component = { ...redis.component, user: 'minimal' };
    const ctx = contextOf(docker, new Map(), { password: 'minimal' });
    expect(await engine.backUp(ctx, component, store.destination, { ...options, contentHashes: false })).toMatchObject({ content: { digest: null }, notCompared: expect.arrayContaining([expect.objectContaining({ object: 'digest of the keyspace' })]) });
    await redis.cli('ACL', 'SETUSER', 'minimal', '-config');
    await expect(engine.inspect(ctx, component, 'backup')).rejects.toEqual(failure('PermissionDenied'));
  });
});

describe('the sync delay', () => {
  let redis: TestRedis;
  const setting = (): Promise<string> => redis.cli('--raw', 'CONFIG', 'GET', delay).then((text) => text.split('\n')[1] ?? '');

  beforeAll(async () => {
    redis = await startRedis(docker);
    await redis.feed('SET a 1');
  });
  beforeEach(() => redis.cli('CONFIG', 'SET', delay, '7'));

  test('is put back after success, and only the file stays in the repository', async () => {
    await engine.backUp(contextOf(docker), redis.component, store.destination, options);
    expect(await readdir(store.directory)).toEqual(['dump.rdb']);
    expect(await setting()).toBe('7');
  });

  test('is put back after a failure and after a cancellation', async () => {
    const failing = { ...store.destination, adopt: async () => ({ sizeBytes: 1, sha256: 'x' }) };
    await expect(engine.backUp(contextOf(docker), redis.component, failing, options)).rejects.toEqual(failure('RdbTransferFailed'));
    expect(await setting()).toBe('7');
    const stop = new AbortController();
    const ctx = contextOf(docker, new Map(), { signal: stop.signal });
    const cancelled = { ...ctx, runtime: withStart(ctx.runtime, () => stop.abort(new Error('cancelled'))) };
    await expect(engine.backUp(cancelled, redis.component, store.destination, options)).rejects.toThrow('cancelled');
    expect(await setting()).toBe('7');
  });

  test('is put back by the repair of a run that died, which then finds nothing more to do', async () => {
    const notes: Notes = new Map();
    const ctx = contextOf(docker, notes, { run: 'dead' });
    await ctx.recordOnce(syncDelayNoteKey('redis', redis.id), { containerId: redis.id, value: '7' });
    await redis.cli('CONFIG', 'SET', delay, '0');
    const run = { owner: ctx.owner, notes: Object.fromEntries(notes.get('dead') ?? []), kept: [] };
    expect(await engine.repairLeftovers(contextOf(docker, notes, { run: 'repair' }), redis.component, run)).toEqual([expect.stringContaining('put back to 7')]);
    expect(await setting()).toBe('7');
    expect(await engine.repairLeftovers(contextOf(docker, notes, { run: 'repair' }), redis.component, run)).toEqual([]);
  });

  test('a paused container keeps the note until it can be told', async () => {
    const notes: Notes = new Map();
    const ctx = contextOf(docker, notes, { run: 'dead' });
    await ctx.recordOnce(syncDelayNoteKey('redis', redis.id), { containerId: redis.id, value: '7' });
    await redis.cli('CONFIG', 'SET', delay, '0');
    const run = { owner: ctx.owner, notes: Object.fromEntries(notes.get('dead') ?? []), kept: [] };
    await docker.engineCall('POST', `/containers/${redis.id}/pause`);
    await expect(engine.repairLeftovers(ctx, redis.component, run)).rejects.toEqual(failure('LeftoversRemain'));
    await unpaused(redis);
    expect(await engine.repairLeftovers(ctx, redis.component, run)).toHaveLength(1);
    expect(await setting()).toBe('7');
  });

  test('a container that was made again keeps its own, whatever the one before it had', async () => {
    const notes: Notes = new Map();
    const before = 'a'.repeat(64);
    await contextOf(docker, notes).recordOnce(syncDelayNoteKey('redis', before), { containerId: before, value: '9' });
    await engine.backUp(contextOf(docker, notes), redis.component, store.destination, { ...options, contentHashes: false });
    expect(await setting()).toBe('7');
    const run = { owner: docker.owner(), notes: Object.fromEntries(notes.get('run-1') ?? []), kept: [] };
    expect(await engine.repairLeftovers(contextOf(docker, notes), redis.component, run)).toEqual([]);
    expect(await setting()).toBe('7');
  });

  test('a second attempt records the original, not the 0 of the first', async () => {
    const notes: Notes = new Map();
    await contextOf(docker, notes).recordOnce(syncDelayNoteKey('redis', redis.id), { containerId: redis.id, value: '7' });
    await redis.cli('CONFIG', 'SET', delay, '0');
    await engine.backUp(contextOf(docker, notes), redis.component, store.destination, { ...options, contentHashes: false });
    expect(await setting()).toBe('7');
  });
});

describe('preflight', () => {
  test('what is no Redis, is stopped, or is not there', async () => {
    const name = docker.name('other');
    const id = await docker.run({ name, imageId: await docker.image('postgres:17'), command: ['sleep', '60'], entrypoint: [] });
    const component = { engine: 'redis', name: 'redis', container: name } as const;
    await expect(engine.inspect(contextOf(docker), component, 'backup')).rejects.toEqual(failure('WrongContainer'));
    await docker.runtime.kill(id);
    await docker.runtime.wait(id);
    await expect(engine.inspect(contextOf(docker), component, 'backup')).rejects.toEqual(failure('ContainerNotRunning'));
    expect(await engine.inspect(contextOf(docker), component, 'restore')).toMatchObject({ running: false });
    await docker.runtime.remove(id);
    await expect(engine.inspect(contextOf(docker), component, 'backup')).rejects.toEqual(failure('ContainerNotFound'));
  });

  test('a replica, a master with replicas, a renamed SHUTDOWN, data on no volume', async () => {
    const redis = await startRedis(docker, { args: ['--rename-command', 'SHUTDOWN', ''] });
    await expect(engine.inspect(contextOf(docker), redis.component, 'restore')).rejects.toEqual(failure('PermissionDenied'));
    await redis.cli('REPLICAOF', '127.0.0.1', '1');
    await expect(engine.inspect(contextOf(docker), redis.component, 'backup')).rejects.toEqual(failure('UnsupportedTopology'));
    await redis.cli('REPLICAOF', 'NO', 'ONE');
    const elsewhere = await startRedis(docker, { args: ['--dir', '/tmp'] });
    await expect(engine.inspect(contextOf(docker), elsewhere.component, 'restore')).rejects.toEqual(failure('UnsupportedTopology'));
    expect((await engine.inspect(contextOf(docker), elsewhere.component, 'backup')).warnings).toEqual([expect.stringContaining('on no volume')]);
  });

  test('a container that goes when it stops: the restore would stop it, and the engine take its data away', async () => {
    const name = docker.name('fleeting');
    const volume = await docker.volume();
    const { Id: id } = JSON.parse(await docker.engineCall('POST', `/containers/create?name=${name}`, {
      Image: await docker.image('redis:8'), Cmd: ['redis-server'], Labels: docker.labels, HostConfig: { AutoRemove: true, NetworkMode: 'none', Mounts: [{ Type: 'volume', Source: volume, Target: '/data' }] },
    })) as { Id: string };
    await docker.runtime.start(id);
    const component = { engine: 'redis', name: 'redis', container: name } as const;
    await engine.waitUntilReady(contextOf(docker), component);
    await expect(engine.inspect(contextOf(docker), component, 'restore')).rejects.toEqual(failure('UnsupportedTopology'));
    const backup = await engine.backUp(contextOf(docker), component, store.destination, options);
    await expect(engine.prepare(contextOf(docker), component, backup, store.source)).rejects.toEqual(failure('UnsupportedTopology'));
    await docker.runtime.remove(id);
  });

  test('a paused container, with the command that helps', async () => {
    const redis = await startRedis(docker);
    await docker.engineCall('POST', `/containers/${redis.id}/pause`);
    for (const purpose of ['backup', 'restore'] as const) await expect(engine.inspect(contextOf(docker), redis.component, purpose)).rejects.toMatchObject({ type: 'ContainerNotRunning', fields: { hint: expect.stringContaining(`docker unpause ${redis.component.container}`) } });
    await unpaused(redis);
  });

  test('a mount on what a restore exchanges: nothing can be moved across it', async () => {
    const redis = await startRedis(docker, { mounts: [{ type: 'volume', source: await docker.volume(), target: '/data/appendonlydir' }] });
    await expect(engine.inspect(contextOf(docker), redis.component, 'restore')).rejects.toEqual(failure('UnsupportedTopology'));
    expect(await engine.inspect(contextOf(docker), redis.component, 'backup')).toMatchObject({ running: true });
  });

  test('a replica that hangs on it: a restore would take it along; a backup says so and goes on', async () => {
    const redis = await startRedis(docker);
    const replica = await docker.run({ imageId: await docker.image('redis:8'), command: ['redis-server', '--port', '6380', '--replicaof', '127.0.0.1', '6379'], network: `container:${redis.id}` });
    await vi.waitUntil(async () => (await redis.cli('INFO', 'replication')).includes('connected_slaves:1'), { timeout: 20_000, interval: 100 });
    await expect(engine.inspect(contextOf(docker), redis.component, 'restore')).rejects.toEqual(failure('UnsupportedTopology'));
    expect((await engine.inspect(contextOf(docker), redis.component, 'backup')).warnings).toEqual([expect.stringContaining('1 replicas hang on')]);
    await docker.runtime.remove(replica);
  });

  test('an AOF that was switched off while it ran: the restart would switch it on and start empty', async () => {
    const redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
    await redis.cli('CONFIG', 'SET', 'appendonly', 'no');
    await expect(engine.inspect(contextOf(docker), redis.component, 'restore')).rejects.toEqual(failure('UnsupportedTopology'));
    await redis.cli('CONFIG', 'SET', 'appendonly', 'yes');
    expect(await engine.inspect(contextOf(docker), redis.component, 'restore')).toMatchObject({ running: true, empty: true });
  });
});

/** The same runtime, which calls back once the first container was started. */
function withStart<R extends { start(id: string, stdin?: string | Uint8Array): Promise<void> }>(runtime: R, started: () => void): R {
  return new Proxy(runtime, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (property !== 'start') return method;
      return async (...args: unknown[]) => {
        await method(...args);
        started();
      };
    },
  });
}
