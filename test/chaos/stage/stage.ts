/**
 * A service to be harmed: two databases with two sides. `saved` is what its backups hold, `live` what has happened since; every store can
 * be told to show which of the two it is on, so that a mixture is seen. An application beside them is restarted and asked for its health.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWorker } from '../../../src/worker/main.ts';
import { workflowSource } from '../../../src/worker/create-worker.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../../support/test-environment.ts';
import { openApplication, type Application } from './application.ts';
import { runToEnd } from './drive.ts';
import { keepServer, type KeptServer } from './kept-server.ts';
import { loseTableInLog } from './lost-table.ts';
import type { Instrumented } from '../fault/instrument.ts';
import type { Wrap } from '../fault/twist.ts';

export type Side = 'saved' | 'live';
/** What a store may be on: `merged` is PostgreSQL on the live side with one table's rows of the saved one. */
export type Sight = Side | 'merged';

export interface Stage {
  readonly service: ServiceFixture;
  /** The committed backups of the `saved` side: a dump, and a copy of the whole server. */
  readonly backupId: string;
  readonly baseId: string;
  /** What each store answers on each side. */
  readonly fingerprints: Readonly<Record<Sight, Fingerprint>>;
  /**
   * Back to the live side, before anything that is about dumps, about whole servers, or about a kept log: with these two backups, no rollback copy and no trace of any
   * run. With a log there is one base backup more, and the log behind it, in which a table is lost.
   */
  reset(what?: 'dump' | 'base' | 'log'): Promise<void>;
  /** `reset`, then a restore: the saved side is live, the live side a rollback copy. */
  resetToRestored(what: 'dump' | 'base'): Promise<void>;
  /** A healthy worker in this process; answers how to stop it. */
  startWorker(instrumented?: Instrumented, twist?: Wrap): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

export interface Fingerprint {
  readonly postgres: string;
  readonly redis: string;
}

const savedSql = `
  CREATE TABLE state (word text); INSERT INTO state VALUES ('saved');
  CREATE TABLE items (id int PRIMARY KEY, body text, price numeric(10,2));
  INSERT INTO items SELECT n, 'item ' || n, n * 1.10 FROM generate_series(1, 300) n;
  SELECT lo_from_bytea(0, 'large'::bytea);
  CREATE ROLE chaos_reader NOLOGIN; GRANT SELECT ON items TO chaos_reader;`;

/** From whichever side; the role is gone, so that a restore has to make it and a roll-back to remove it. */
const liveSql = `
  UPDATE state SET word = 'live'; DELETE FROM items WHERE id > 100; CREATE TABLE IF NOT EXISTS only_live (n int);
  DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chaos_reader') THEN DROP OWNED BY chaos_reader; DROP ROLE chaos_reader; END IF; END $$;`;

/** One line; the same on any copy of the same data. */
const fingerprintSql = `SELECT (SELECT string_agg(word, ',') FROM state) || ' ' || (SELECT count(*) || '/' || coalesce(sum(hashtext(items::text)), 0) FROM items)
  || ' ' || (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) || ' ' || (SELECT count(*) FROM pg_largeobject_metadata)`;

/** What the live side looks like with the rows of `items` back in it, without having them. */
const mergedSql = `BEGIN; INSERT INTO items SELECT n, 'item ' || n, n * 1.10 FROM generate_series(101, 300) n; ${fingerprintSql}; ROLLBACK;`;

const redisKeys = 40;

export async function startStage(): Promise<Stage> {
  const application = await openApplication();
  const service = await startServiceFixture({ definition: application.definition }).catch(async (error: unknown) => {
    await application.close();
    throw error;
  });
  const snapshot = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'));
  const stop = async (): Promise<void> => {
    await application.close();
    // A copy is made to outlive its run, and would outlive the stage; any other thing that is left is to be seen.
    await removeLabelled(service, { 'dev.holdfast.kind': 'copy' });
    await service.stop();
    for (const path of [snapshot, `${snapshot}-log`]) await rm(path, { recursive: true, force: true });
  };
  try {
    return await setStage(service, application, snapshot, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function setStage(service: ServiceFixture, application: Application, snapshot: string, stop: () => Promise<void>): Promise<Stage> {
  await service.sql(savedSql);
  for (let n = 0; n < redisKeys; n += 1) await service.redisCli('SET', `session:${n}`, `value ${n}`);
  await service.redisCli('SET', 'state', 'saved');
  await service.redisCli('SAVE');
  const saved = await readFingerprint(service);
  await application.start(service);
  const startWorker = (instrumented?: Instrumented, twist?: Wrap): Promise<() => Promise<void>> => startHealthyWorker(service, instrumented, twist);
  const [backupId, baseId] = await withWorker(startWorker, async () => {
    const taken = async (kind: 'dump' | 'base'): Promise<string> => (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind })).backupId;
    return [await taken('dump'), await taken('base')] as const;
  });
  await cp(service.repositoryPath, snapshot, { recursive: true });
  await toLive(service);
  const live = await readFingerprint(service);
  const fingerprints = { saved, live, merged: { ...live, postgres: await service.sql(mergedSql) } };
  let server: KeptServer | null = null;
  let hasLog = false;
  const logged = `${snapshot}-log`;
  const reset = async (what: 'dump' | 'base' | 'log' = 'dump'): Promise<void> => {
    await resetStage(service, what === 'log' && hasLog ? logged : snapshot, server);
    // Until the first that exchanges it, it is its own.
    if (what === 'base') server ??= await keepServer(service);
    if (what === 'log' && !hasLog) {
      await loseTableInLog(service);
      await cp(service.repositoryPath, logged, { recursive: true });
      hasLog = true;
    }
    await application.renew();
  };
  return {
    service, backupId, baseId, fingerprints, startWorker, reset,
    resetToRestored: async (what) => {
      await reset(what);
      await withWorker(startWorker, async () => {
        const outcome = await runToEnd(service, await service.start('restoreBackup', { service: service.name, backup: what === 'dump' ? backupId : baseId }), 120_000);
        if (outcome.status !== 'COMPLETED') throw new Error(`the restore that sets the stage ended ${outcome.status} ${outcome.failure ?? ''}`);
      });
    },
    stop,
  };
}

export const readFingerprint = async (service: ServiceFixture): Promise<Fingerprint> => ({
  postgres: await service.sql(fingerprintSql),
  redis: [await service.redisCli('GET', 'state'), await service.redisCli('DBSIZE'), await service.redisCli('EXISTS', 'only-live')].join(' '),
});

async function toLive(service: ServiceFixture): Promise<void> {
  await service.sql(liveSql);
  await service.redisCli('DEL', ...Array.from({ length: 10 }, (_, n) => `session:${n}`));
  await service.redisCli('SET', 'state', 'live');
  await service.redisCli('SET', 'only-live', 'yes');
}

async function removeLabelled({ runtime, name: service }: ServiceFixture, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const label = { 'dev.holdfast.service': service, ...more };
  for (const { id } of await runtime.list(label)) await runtime.remove(id);
  for (const { name } of await runtime.listVolumes(label)) await runtime.removeVolume(name);
  for (const { id } of await runtime.listNetworks(label)) await runtime.removeNetwork(id);
}

/** By hand, without the product: what a case left must not be hidden by the code that left it. */
async function resetStage(service: ServiceFixture, snapshot: string, server: KeptServer | null): Promise<void> {
  const { runtime } = service;
  await removeLabelled(service);
  for (const id of [service.postgres, service.redis]) {
    await runtime.start(id);
    await runtime.updateRestartPolicy(id, { name: 'always', maximumRetryCount: 0 });
  }
  if (server !== null && !(await server.isThere())) await server.putBack();
  await waitFor(async () => (await service.sql('SELECT 1', 'postgres')) === '1' && (await service.redisCli('PING')) === 'PONG');
  const others = await service.sql(`SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'shop')`, 'postgres');
  for (const name of others.split('\n').filter((line) => line !== '')) await service.sql(`ALTER DATABASE "${name}" IS_TEMPLATE false;\nDROP DATABASE "${name}" WITH (FORCE);`, 'postgres');
  const kept = await service.sql('SELECT nspname FROM pg_namespace WHERE nspname LIKE \'holdfast%\'');
  for (const name of kept.split('\n').filter((line) => line !== '')) await service.sql(`DROP SCHEMA "${name}" CASCADE`);
  await runtime.exec(service.redis, { argv: ['rm', '-rf', '/data/.holdfast'], timeoutMs: 10_000 });
  await toLive(service);
  await rm(service.repositoryPath, { recursive: true, force: true });
  await cp(snapshot, service.repositoryPath, { recursive: true });
}

/** A worker in this process, instrumented or not; answers how to stop it. */
export async function startHealthyWorker(service: ServiceFixture, instrumented?: Instrumented, twist?: Wrap): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const ready = Promise.withResolvers<void>();
  const running = runWorker({
    config: service.config,
    temporal: { address: temporalAddress() },
    environment: { ...process.env, HOLDFAST_TIMING: 'test', DOCKER_HOST: dockerHost() },
    signal: abort.signal,
    onReady: () => ready.resolve(),
    wrap: (dependencies) => (instrumented?.wrap ?? asTheyAre)(twist?.(dependencies) ?? dependencies),
    hooks: { ...instrumented?.hooks, ...await bundled() },
  });
  running.catch((error: unknown) => ready.reject(error));
  await ready.promise;
  return async () => {
    abort.abort();
    await running;
  };
}

const asTheyAre: Wrap = (dependencies) => dependencies;

/** The workflows, bundled once per process. */
export async function bundled(): Promise<{ readonly workflowBundle: NonNullable<Awaited<ReturnType<typeof workflowSource>>['workflowBundle']> }> {
  const { workflowBundle } = await workflowSource();
  if (workflowBundle === undefined) throw new Error('there is no workflow bundle');
  return { workflowBundle };
}

export async function withWorker<T>(start: () => Promise<() => Promise<void>>, work: () => Promise<T>): Promise<T> {
  const stop = await start();
  try {
    return await work();
  } finally {
    await stop();
  }
}
