/** Disks that are full or too small, and memory: what is said, and what is allowed. Small file systems are mounted for it (CAP_SYS_ADMIN). */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerRuntime, ContainerSpec } from '../../../src/containers/container-runtime.ts';
import { runHelper } from '../../../src/containers/helper-container.ts';
import { labelNames } from '../../../src/containers/labels.ts';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import { runDirectory } from '../../../src/engines/redis/cut-over/staging.ts';
import { exitCodes, helperScripts } from '../../../src/engines/redis/helper/helper-scripts.ts';
import { replicaConfiguration } from '../../../src/engines/redis/helper/redis-config.ts';
import { memoryLimitBytes } from '../../../src/engines/redis/helper/redis-helper.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, createRedis, engine, startRedis, testStore, type TestRedis, type TestStore } from './redis-fixture.ts';

const docker = useDocker();
const run = promisify(execFile);
const options = { contentHashes: false, jobs: 1 };
const mebibyte = 1024 ** 2;
let store: TestStore;

beforeEach(async () => { store = await testStore(); });
afterEach(() => store.remove());

async function withMount(sizeBytes: number, work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-room-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0777`, 'tmpfs', directory]);
    try {
      await work(directory);
    } finally {
      await docker.removeAll();
      await run('umount', [directory]);
    }
  } finally {
    await rmdir(directory);
  }
}

const backUp = async (redis: TestRedis): Promise<RedisBackup> => await engine.backUp(contextOf(docker), redis.component, store.destination, options) as RedisBackup;

describe('a full repository', () => {
  test('is DiskFull, by replication and by BGSAVE, and so is one with no room for a single byte', async () => {
    const redis = await startRedis(docker, { args: ['--rdbcompression', 'no'] });
    await redis.cli('EVAL', 'for i = 1, 60 do redis.call("SET", "key" .. i, string.rep("x", 100000)) end', '0');
    await redis.cli('ACL', 'SETUSER', 'reader', 'on', '>secret', '+@all', '-psync', '-sync', '~*', '&*');
    const reader = { ...redis.component, user: 'reader', password: { env: 'X' } };
    await withMount(3 * mebibyte, async (directory) => {
      const destination = { ...store.destination, hostDirectory: directory };
      const ctx = contextOf(docker, new Map(), { password: 'secret' });
      await failing('DiskFull', engine.backUp(contextOf(docker), redis.component, destination, options));
      await failing('DiskFull', engine.backUp(ctx, reader, destination, options));
      for (const name of await readdir(directory)) await rm(join(directory, name));
      await writeFile(join(directory, 'ballast'), Buffer.alloc(3 * mebibyte)).catch(() => undefined);
      await failing('DiskFull', engine.backUp(contextOf(docker), redis.component, destination, options));
    });
  });
});

describe('making ready beside the live data', () => {
  test('is refused where the room is taken, unless by an earlier attempt of the same run', async () => {
    await withMount(40 * mebibyte, async (data) => {
      const redis = await createRedis(docker, { name: docker.name('redis'), volume: data });
      await docker.runtime.start(redis.id);
      await redis.waitUntilUp();
      await redis.cli('SET', 'a', '1');
      const backup = await backUp(redis);
      const ctx = contextOf(docker);
      const taken = join(data, 'ballast');
      await writeFile(taken, Buffer.alloc(30 * mebibyte));
      await failing('NotEnoughSpace', engine.prepare(ctx, redis.component, backup, store.source));
      await rm(taken);
      const left = join(data, runDirectory(ctx.owner, 'redis'), 'new', 'half');
      await mkdir(dirname(left), { recursive: true });
      await writeFile(left, Buffer.alloc(30 * mebibyte));
      expect(await engine.prepare(ctx, redis.component, backup, store.source)).toMatchObject({ compared: { differences: [] } });
    });
  });

  test('asks for the memory that the data takes here, not for what its old server used', async () => {
    const redis = await startRedis(docker, { args: ['--maxmemory', '50mb'] });
    await redis.cli('SET', 'a', '1');
    const backup = { ...await backUp(redis), usedMemoryBytes: 100 * mebibyte };
    expect(await engine.prepare(contextOf(docker), redis.component, backup, store.source)).toMatchObject({ compared: { differences: [] } });
  });

  test('gives the files to whom the server\'s own belong, whoever put the RDB there', async () => {
    const redis = await startRedis(docker, { args: ['--appendonly', 'yes'] });
    await redis.cli('SET', 'a', '1');
    await redis.cli('SAVE');
    const backup = await backUp(redis);
    await redis.exec('chown', '4711:4711', '/data/appendonlydir');
    await redis.exec('chown', '4712:4712', '/data/dump.rdb');
    const { stagedDirectory } = (await engine.prepare(contextOf(docker), redis.component, backup, store.source)).cutOver as RedisCutOver;
    const owners = await redis.exec('stat', '-c', '%u', `/data/${stagedDirectory}/dump.rdb`, `/data/${stagedDirectory}/appendonlydir`, `/data/${stagedDirectory}/appendonlydir/appendonly.aof.manifest`);
    expect(owners.split('\n')).toEqual(['4712', '4711', '4711']);
  });

  test('ends when its server ends while it writes the AOF', async () => {
    const redis = await startRedis(docker);
    await redis.cli('SET', 'a', '1');
    const backup = await backUp(redis);
    const settings = { directory: '/live/.holdfast/0123456789abcdef/new', dbFilename: 'dump.rdb', highestDatabase: 0, appendDirname: 'appendonlydir', appendFilename: 'appendonly.aof', modules: [] };
    const { sizeBytes, sha256 } = backup.artifacts[0]?.plaintext ?? { sizeBytes: 0, sha256: '' };
    // A redis-cli that ends the server where the AOF would be switched on.
    const ending = `mkdir /holdfast/bin
real=$(command -v redis-cli)
printf '#!/bin/sh\\ncase "$*" in *appendonly*) set -- -s /holdfast/redis.sock SHUTDOWN NOSAVE ;; esac\\nexec %s "$@"\\n' "$real" >/holdfast/bin/redis-cli
chmod +x /holdfast/bin/redis-cli
PATH=/holdfast/bin:$PATH`;
    const result = await runHelper(docker.runtime, {
      identity: docker.identity('prepare'), imageId: backup.server.imageId, network: 'none', signal: AbortSignal.timeout(60_000), aliveIntervalMs: 1_000,
      script: `${ending}\n${helperScripts.prepare}`,
      args: ['/live', '.holdfast/0123456789abcdef', 'dump.rdb', 'appendonlydir', '/rdb', String(sizeBytes), sha256, '0', '0', 'no'],
      stdin: `${replicaConfiguration({ ...settings, appendOnly: false })}---\n${replicaConfiguration({ ...settings, appendOnly: true })}`,
      mounts: [{ type: 'volume', source: await docker.volume(), target: '/live' }, { type: 'bind', source: store.file, target: '/rdb', readOnly: true }],
    });
    expect(result).toMatchObject({ exitCode: exitCodes.didNotStart, messages: expect.stringContaining('the server ended while it wrote the AOF') });
  });
});

test('what checks a file may hold as much as the data takes', async () => {
  const redis = await startRedis(docker);
  await redis.cli('SET', 'a', '1');
  const backup = { ...await backUp(redis), usedMemoryBytes: 8 * 1024 ** 3 };
  const created = new Map<string, ContainerSpec>();
  const ctx = { ...contextOf(docker), runtime: withCreate(docker.runtime, (spec) => created.set(spec.labels[labelNames.step] ?? '', spec)) };
  await engine.verify(ctx, backup, store.source);
  expect(created.get('verify')?.memoryBytes).toBe(memoryLimitBytes(backup.usedMemoryBytes));
  const { cutOver } = await engine.prepare(contextOf(docker), redis.component, { ...backup, usedMemoryBytes: 0 }, store.source);
  await engine.close(ctx, redis.component, cutOver);
  const note = await ctx.readNote('redis-shutdown-redis') as { usedMemoryBytes: number };
  expect(note.usedMemoryBytes).toBeGreaterThan(0);
  expect(created.get('close')?.memoryBytes).toBe(memoryLimitBytes(note.usedMemoryBytes));
  // Stopped by somebody else: nobody knows how large it was.
  const stranger = { ...contextOf(docker, new Map(), { run: 'stranger' }), runtime: ctx.runtime };
  await engine.close(stranger, redis.component, cutOver);
  expect(created.get('close')?.memoryBytes).toBeGreaterThan(1024 ** 3);
});

/** The same runtime, which shows what it is asked to create. */
function withCreate(runtime: ContainerRuntime, seen: (spec: ContainerSpec) => void): ContainerRuntime {
  return new Proxy(runtime, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      return property !== 'create' ? method : (spec: ContainerSpec) => {
        seen(spec);
        return method(spec);
      };
    },
  });
}
