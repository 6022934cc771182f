import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRuntime, ExecResult } from '../../src/containers/container-runtime.ts';
import { waitUntil } from '../../src/containers/wait-until.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { SetupFailure } from '../setup-failure.ts';
import { demoPassword } from './demo-containers.ts';
import type { DemoOptions } from './demo-shape.ts';

type Place = Pick<DemoOptions, 'prefix'>;

/** Measured: so many orders, with lines, events and indexes, make a megabyte of database. */
const ordersPerMb = 1_650;
const usersPerMb = 20;
const sessionsPerMb = 100;
const seedMs = 600_000;

/** The same for the same size, so that one seeded data set can be told from another. */
export const canaryToken = (sizeMb: number): string => createHash('sha256').update(`holdfast demo ${sizeMb}`).digest('hex').slice(0, 16);

/** Written by the server itself; the two large halves beside each other. Measured: 6 s for 200 MB with two cores idle, 2 minutes for 1 GB with both busy. */
export async function seedPostgres(runtime: ContainerRuntime, { prefix, sizeMb }: DemoOptions): Promise<void> {
  if (sizeMb < 5) throw new SetupFailure(`a data set of ${sizeMb} MB is too small for the application`, 'give --size at least 5');
  const set = { users: sizeMb * usersPerMb, orders: sizeMb * ordersPerMb, size_mb: sizeMb, token: canaryToken(sizeMb), app_password: demoPassword(prefix) };
  const run = async (...files: string[]): Promise<void> => {
    const variables = Object.entries(set).map(([name, value]) => `\\set ${name} ${value}\n`).join('');
    orFail('seed PostgreSQL', await psql(runtime, { prefix }, variables + files.map(readSeed).join('\n')));
  };
  await run('schema.sql');
  await Promise.all([run('random.sql', 'orders.sql'), run('random.sql', 'order-lines.sql')]);
  await run('finish.sql');
}

export async function seedRedis(runtime: ContainerRuntime, options: DemoOptions): Promise<void> {
  const sessions = Math.min(options.sizeMb * sessionsPerMb, 200_000);
  orFail('seed Redis', await redisCli(runtime, options, ['EVAL', readSeed('redis.lua'), '0', String(sessions), canaryToken(options.sizeMb)]));
  orFail('seed Redis', await redisCli(runtime, options, ['-n', '1', 'HSET', 'settings', 'theme', 'dark', 'language', 'en']));
}

/** Through TCP: the server that initialises a new data directory listens on its socket only. */
export async function waitForDatabases(runtime: ContainerRuntime, options: DemoOptions): Promise<void> {
  const limits = { withinMs: 60_000, everyMs: 200, signal: options.signal };
  const ready = (ask: () => Promise<ExecResult>) => async (): Promise<true | null> => {
    try {
      return (await ask()).exitCode === 0 ? true : null;
    } catch (error) {
      // While a container is starting it may not take commands yet; one that never does runs into the limit.
      if (error instanceof HoldfastFailure) return null;
      throw error;
    }
  };
  const late = (what: string) => () => new HoldfastFailure('DatabaseUnreachable', { operation: 'start', object: `${options.prefix}-${what}`, cause: 'it does not answer within 60 s', hint: `See: docker logs ${options.prefix}-${what}` });
  await Promise.all([
    waitUntil(ready(() => psql(runtime, options, 'SELECT 1')), limits, late('postgres')),
    waitUntil(ready(() => redisCli(runtime, options, ['PING'])), limits, late('redis')),
  ]);
}

/** The size that the data was seeded with, or undefined where it is not (or no longer) whole. */
export async function readSeededSize(runtime: ContainerRuntime, options: Place): Promise<number | undefined> {
  const { exitCode, stdout } = await psql(runtime, options, 'SELECT size_mb FROM service_canary');
  return exitCode === 0 && stdout.trim() !== '' ? Number(stdout.trim()) : undefined;
}

/** Runs SQL as the superuser over TCP; unaligned tuples. */
export function psql(runtime: ContainerRuntime, { prefix }: Place, sql: string): Promise<ExecResult> {
  const argv = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'shop', '-f', '-'];
  return runtime.exec(`${prefix}-postgres`, { argv, stdin: sql, environment: { PGPASSWORD: demoPassword(prefix) }, timeoutMs: seedMs });
}

export function redisCli(runtime: ContainerRuntime, options: Pick<DemoOptions, 'prefix' | 'redisPassword'>, args: readonly string[]): Promise<ExecResult> {
  const environment = options.redisPassword === undefined ? {} : { REDISCLI_AUTH: options.redisPassword };
  return runtime.exec(`${options.prefix}-redis`, { argv: ['redis-cli', '-e', '--no-auth-warning', ...args], environment, timeoutMs: seedMs });
}

const readSeed = (name: string): string => readFileSync(join(import.meta.dirname, 'seed', name), 'utf8');

export function orFail(what: string, { exitCode, stdout, stderr }: ExecResult): void {
  if (exitCode !== 0) throw new SetupFailure(`could not ${what}: ${(stderr || stdout).trim().slice(-500)}`, 'look at the container\'s log');
}
