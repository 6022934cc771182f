/**
 * Healthy databases, drilled: a round backs up four databases and a Redis full of others, all made by chance, and drills
 * that backup. Only where the whole drill is proven does any of it count.
 */
import { rm } from 'node:fs/promises';
import { noDrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { startServiceFixture, type ServiceFixture } from '../../support/service-fixture.ts';
import { componentsOf } from '../ground.ts';
import { withLane, type Drilled } from '../lane.ts';
import { comparedIn, nothingCompared, notTried, type Compared, type ZooResult } from '../result.ts';
import { newDirectory, type StoredBackup } from '../stored-backup.ts';
import { createTurns } from '../turns.ts';
import { randomDatabase } from './database.ts';
import { fillDatabase, libraryOf, settings } from './keys.ts';
import { randomFrom, type Random } from './random.ts';

export interface HealthyRound {
  readonly name: string;
  run(): Promise<ZooResult>;
}

export interface HealthyRounds {
  readonly rounds: readonly HealthyRound[];
  stop(): Promise<void>;
}

const versions = [[15, 'redis:7'], [16, 'redis:8'], [17, 'redis:7'], [18, 'redis:8']] as const;
/** Once on each server: the databases name them. */
export const rolesSql = 'CREATE ROLE zoo_owner NOLOGIN; CREATE ROLE "Zoo reader" LOGIN VALID UNTIL \'2030-01-01\' CONNECTION LIMIT 3; GRANT zoo_owner TO "Zoo reader";';
const databasesARound = 4;
const keyspacesARound = 10;

/** Rounds on servers that are started when the first of them needs one; one after the other on each. */
export function healthyRounds(each: number): HealthyRounds {
  const houses = versions.map(([major, redisImage]) => ({ major, ...createHouse(major, redisImage) }));
  const rounds = Array.from({ length: each }, (_, round) => houses.map(({ major, turn, open }) => ({
    name: `healthy/${major}/${round + 1}`, run: () => turn(async () => runRound(await open(), `healthy/${major}/${round + 1}`, { major, seed: major * 1_000 + round })),
  }))).flat();
  return { rounds, stop: async () => void await Promise.all(houses.map(({ close }) => close())) };
}

function createHouse(major: number, redisImage: string) {
  let opened: Promise<ServiceFixture> | undefined;
  const open = async (): Promise<ServiceFixture> => {
    const service = await startServiceFixture({ postgresImage: `postgres:${major}`, redisImage });
    await service.sql(rolesSql, 'postgres');
    return service;
  };
  return { turn: createTurns(), open: () => (opened ??= open()), close: async () => (await opened)?.stop() };
}

/** @param databases how many of PostgreSQL */
export async function runRound(service: ServiceFixture, name: string, { major, seed, databases: count = databasesARound }: { readonly major: number; readonly seed: number; readonly databases?: number }): Promise<ZooResult> {
  const beganAt = Date.now();
  const [random, root] = [randomFrom(seed), await newDirectory()];
  const databases = Array.from({ length: count }, (_, at) => `zoo_${seed}_${at}`);
  const attempt = async (): Promise<Pick<ZooResult, 'wrong' | 'answer' | 'compared'>> => {
    const { idle } = await fill(service, random, major, databases);
    const { drilled, backup } = await drillOf(service, root, databases, idle);
    return judged(drilled, await comparedIn(backup));
  };
  try {
    return { name, ...await attempt().catch(notTried), seconds: (Date.now() - beganAt) / 1000 };
  } finally {
    for (const database of databases) await service.sql(`DROP DATABASE IF EXISTS ${database} WITH (FORCE);`, 'postgres');
    await rm(root, { recursive: true, force: true });
  }
}

/** Answers what ends when the clients that were left idle in it are gone. */
async function fill(service: ServiceFixture, random: Random, major: number, databases: readonly string[]): Promise<{ readonly idle: Promise<unknown> }> {
  const available = new Set((await service.sql('SELECT name FROM pg_available_extensions UNION ALL SELECT \'icu\' FROM pg_collation WHERE collname = \'und-x-icu\';', 'postgres')).split('\n'));
  for (const database of databases) {
    const { options, sql } = randomDatabase(random, major, available);
    await service.sql(`CREATE DATABASE ${database} ${options};`, 'postgres');
    await service.sql(sql.replaceAll('$DATABASE', database), database);
  }
  for (const command of [['FLUSHALL'], ['FUNCTION', 'FLUSH'], ...settings(random), libraryOf(random.below(9))]) await service.redisCli(...command);
  for (let keyspace = 0; keyspace < keyspacesARound; keyspace += 1) await service.redisCli(...fillDatabase(random, keyspace));
  const idle = Promise.all([
    service.sql('BEGIN; SELECT count(*) FROM pg_class; SELECT pg_sleep(6); COMMIT;', databases[0]),
    service.runtime.exec(service.redis, { argv: ['redis-cli', 'BLPOP', 'nothing', '6'], timeoutMs: 60_000 }),
  ]);
  // Awaited after the backup; until then nobody does.
  idle.catch(() => undefined);
  return { idle };
}

async function drillOf(service: ServiceFixture, root: string, databases: readonly string[], idle: Promise<unknown>): Promise<{ readonly drilled: Drilled; readonly backup: StoredBackup }> {
  const [postgres, redis] = componentsOf(service);
  const components: ServiceDefinition['components'] = [...databases.map((database, at) => ({ ...postgres, name: `pg-${at + 1}`, database })), redis];
  return withLane(service, { root, definition: { components, drill: noDrillSettings } }, async (lane) => {
    const backup = await lane.takeBackup();
    await idle;
    // What is live goes on without it.
    await service.sql('VACUUM (FREEZE, ANALYZE);', databases[1]);
    await service.sql('CREATE TABLE since_then AS SELECT 1 AS n;', databases[2]).catch(() => undefined);
    await service.redisCli('FLUSHALL');
    return { drilled: await lane.drill(), backup };
  });
}

function judged({ failure, report }: Drilled, compared: Compared): Pick<ZooResult, 'wrong' | 'answer' | 'compared'> {
  const alarms = report?.checks.filter(({ verdict }) => verdict !== 'proven').map(({ name, class: its, sentence }) => `${name} ${its}: ${sentence}`) ?? [];
  const wrong = [...alarms, ...failure === null || alarms.length > 0 ? [] : [`${failure.type}: ${failure.message}`], ...report === null || report.cleanUp.outcome === 'clean' ? [] : ['it was not cleaned up']];
  if (wrong.length > 0) return { wrong, answer: '', compared: nothingCompared };
  const { databases, tables, keyspaces, keys } = compared;
  return { wrong, compared, answer: `proven: ${databases} databases with ${tables} tables, ${keyspaces} of Redis with ${keys} keys` };
}
