/** A real Redis on a volume of its own, an engine context with notes in memory, and a directory that stands for a repository. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { MountSpec } from '../../../src/containers/container-runtime.ts';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../src/domain/failures.ts';
import type { RedisCutOver } from '../../../src/domain/rollback.ts';
import type { RedisComponent } from '../../../src/domain/service.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext } from '../../../src/engines/engine-context.ts';
import { createRedisEngine } from '../../../src/engines/redis/redis-engine.ts';
import { checkByReading } from '../../support/check-by-reading.ts';
import type { DockerScope } from '../../support/docker.ts';
import { contextsWithin } from '../../support/engine-context.ts';

export const engine = createRedisEngine();

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const contextOf = contextsWithin(150_000);

export interface TestRedis {
  readonly id: string;
  readonly volume: string;
  readonly component: RedisComponent;
  cli(...args: string[]): Promise<string>;
  /** Commands, one a line, with redis-cli's own quoting. */
  feed(text: string): Promise<void>;
  /** A single short command in the container. */
  exec(...argv: string[]): Promise<string>;
  restart(): Promise<void>;
  waitUntilUp(): Promise<void>;
}

export interface RedisOptions {
  readonly image?: string;
  readonly args?: readonly string[];
  readonly memoryBytes?: number;
  readonly mounts?: readonly MountSpec[];
  readonly component?: Partial<RedisComponent>;
  readonly auth?: string;
}

export async function startRedis(docker: DockerScope, options: RedisOptions = {}): Promise<TestRedis> {
  const redis = await createRedis(docker, { name: docker.name('redis'), volume: await docker.volume() }, options);
  await docker.runtime.start(redis.id);
  await redis.waitUntilUp();
  return redis;
}

/** Created and not started, also in the place of one that was removed. */
export async function createRedis(docker: DockerScope, place: { readonly name: string; readonly volume: string }, options: RedisOptions = {}): Promise<TestRedis> {
  const { name, volume } = place;
  const { id } = await docker.runtime.create({
    name, imageId: await docker.image(options.image ?? 'redis:8'), command: ['redis-server', ...(options.args ?? [])], labels: docker.labels,
    network: 'none', mounts: [{ type: volume.startsWith('/') ? 'bind' : 'volume', source: volume, target: '/data' }, ...(options.mounts ?? [])], logDriver: 'json-file',
    ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
  });
  const environment = options.auth === undefined ? {} : { REDISCLI_AUTH: options.auth };
  const exec = async (argv: readonly string[], stdin?: string): Promise<string> => {
    const result = await docker.runtime.exec(id, { argv, environment, timeoutMs: 20_000, ...(stdin === undefined ? {} : { stdin }) });
    if (result.exitCode !== 0) throw new Error(`${argv.join(' ')}: ${result.exitCode} ${result.stdout} ${result.stderr}`);
    return result.stdout.trimEnd();
  };
  const redis: TestRedis = {
    id, volume,
    component: { engine: 'redis', name: 'redis', container: name, ...options.component },
    cli: (...args) => exec(['redis-cli', '-e', ...args]),
    feed: async (text) => {
      const answer = await exec(['redis-cli'], text);
      const error = answer.split('\n').find((line) => /^(ERR|WRONGTYPE|\(error\))/.test(line));
      if (error !== undefined) throw new Error(error);
    },
    exec: (...argv) => exec(argv),
    restart: async () => {
      await docker.runtime.stop(id, 20_000);
      await docker.runtime.start(id);
      await redis.waitUntilUp();
    },
    waitUntilUp: () => engine.waitUntilReady(contextOf(docker, new Map(), { password: options.auth ?? '' }), redis.component),
  };
  return redis;
}

/** One key or more of every type, several databases, functions, times to live. */
export const variedData = (future = 1000): string => [
  'SET text hello', 'SET number 12345', 'SET counter -7', 'SETBIT bits 9000 1', 'PFADD visitors a b c',
  'RPUSH list a b c 1 2 3', `RPUSH longlist ${Array.from({ length: 200 }, (_, i) => `item-${i}-${'x'.repeat(60)}`).join(' ')}`,
  'HSET hash f v g w', `HSET bighash ${Array.from({ length: 600 }, (_, i) => `f${i} ${'v'.repeat(20)}${i}`).join(' ')}`,
  'SADD ints 1 2 3', 'SADD words a b c', `SADD bigset ${Array.from({ length: 600 }, (_, i) => `member-${i}`).join(' ')}`,
  'ZADD ranks 1 a 2.5 b -3 c', `ZADD bigranks ${Array.from({ length: 600 }, (_, i) => `${i}.5 member-${i}`).join(' ')}`,
  'GEOADD places 13.361389 38.115556 Palermo',
  'XADD stream 1-1 f v', 'XADD stream 2-1 f w', 'XGROUP CREATE stream readers 0', 'XREADGROUP GROUP readers one COUNT 1 STREAMS stream >', 'XGROUP CREATECONSUMER stream readers two', 'XDEL stream 2-1',
  `SET later here EX ${future}`,
  'SELECT 3', 'SET other database', `HSET session user 1`, `EXPIRE session ${future}`,
  'SELECT 9', 'SET ninth 1',
  `FUNCTION LOAD "#!lua name=lib\\nredis.register_function('answer', function() return 42 end)"`,
].join('\n');

export interface TestStore {
  readonly directory: string;
  readonly destination: ArtifactDestination;
  readonly source: ArtifactSource;
  /** Through streams only, as an object store. */
  readonly streamedDestination: ArtifactDestination;
  readonly streamedSource: ArtifactSource;
  readonly file: string;
  remove(): Promise<void>;
}

export async function testStore(): Promise<TestStore> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast redis '));
  const directory = join(root, 'a1');
  await mkdir(directory);
  const file = join(directory, 'dump.rdb');
  const sumOf = async (name: string): Promise<{ sizeBytes: number; sha256: string }> => {
    const bytes = await readFile(join(directory, name));
    return { sizeBytes: bytes.length, sha256: sha256(bytes) };
  };
  const destination: ArtifactDestination = {
    hostDirectory: directory,
    put: async (name, source) => {
      await writeFile(join(directory, name), await buffer(source));
      return sumOf(name);
    },
    adopt: sumOf,
    pathOf: (name) => `redis/a1/${name}`,
  };
  const open: ArtifactSource['open'] = async (artifact) => {
    const { sizeBytes, sha256: found } = await sumOf('dump.rdb');
    if (sizeBytes === artifact.stored.sizeBytes && found === artifact.stored.sha256) return createReadStream(file);
    return Readable.from((async function* damaged() {
      yield await readFile(file);
      throw new HoldfastFailure('ArtifactDamaged', { operation: 'read the backup', object: artifact.path, cause: 'it differs from the manifest', hint: 'Use another backup.' });
    })(), { objectMode: false });
  };
  return {
    directory, destination, file,
    source: { hostPath: async () => file, open, check: checkByReading(open) },
    streamedDestination: { ...destination, hostDirectory: null },
    streamedSource: { hostPath: async () => null, open, check: checkByReading(open) },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** The steps of a restore, without workflow: prepared, closed, exchanged, compared, opened. */
export async function restore(ctx: EngineContext, redis: TestRedis, backup: RedisBackup, source: ArtifactSource): Promise<RedisCutOver> {
  const { cutOver } = await engine.prepare(ctx, redis.component, backup, source);
  await cutOverTo(ctx, redis, cutOver as RedisCutOver, backup);
  return cutOver as RedisCutOver;
}

export async function undo(ctx: EngineContext, redis: TestRedis, previous: RedisCutOver): Promise<RedisCutOver> {
  const { cutOver } = await engine.prepareUndo(ctx, redis.component, previous);
  await cutOverTo(ctx, redis, cutOver as RedisCutOver, null);
  return cutOver as RedisCutOver;
}

async function cutOverTo(ctx: EngineContext, redis: TestRedis, cutOver: RedisCutOver, backup: RedisBackup | null): Promise<void> {
  await engine.close(ctx, redis.component, cutOver);
  await engine.swap(ctx, redis.component, cutOver);
  const differences = await engine.compareClosed(ctx, redis.component, cutOver, backup);
  if (differences.length > 0) throw new Error(JSON.stringify(differences));
  await engine.open(ctx, redis.component, cutOver);
}
