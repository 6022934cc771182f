/** One component's log, from a real server through its receiver into a real repository: nothing missing, nothing twice, and the truth about what would be lost. */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findScratchOf, removeScratch } from '../../../src/containers/scratch.ts';
import type { PostgresBase } from '../../../src/domain/backup-manifest.ts';
import { coverageFrom } from '../../../src/domain/wal/coverage.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';
import { parseLsn } from '../../../src/domain/wal/lsn.ts';
import { parsePoint } from '../../../src/domain/point.ts';
import { segmentName } from '../../../src/domain/wal/segment.ts';
import { timelinePath } from '../../../src/domain/wal/timeline.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import type { WalKey } from '../../../src/repository/wal-archive.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { createLogKeeper, type LogKeeper } from '../../../src/worker/wal/log-keeper.ts';
import { receiving } from '../../engines/postgres/wal/wal-fixture.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres } from '../../engines/postgres/postgres-fixture.ts';
import { locateMoment } from '../../../src/activities/moment/locate-moment.ts';
import { readLogEnd } from '../../../src/engines/postgres/recovery/read-log-end.ts';
import { run, sampleManifest } from '../../repository/sample-manifest.ts';
import { awaitTarget, startRecovery, type Recovery } from '../../../src/engines/postgres/recovery/start-recovery.ts';
import { useDocker } from '../../support/docker.ts';

const docker = useDocker();
let directory: string;
let repository: Repository;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-log-'));
  repository = createRepository('nas', createLocalStorage(directory));
  await repository.open();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A server with a receiver and a keeper; rounds are made by hand. */
async function kept(given: Parameters<typeof startPostgres>[1] = {}) {
  const postgres = await startPostgres(docker, given);
  const received = receiving(docker, postgres);
  const keeping = { source: received.source, context: received.ctx, component: received.component, archives: [{ name: 'nas', archive: repository.wal }], nowMs: () => Date.now() };
  const keeper = (): LogKeeper => createLogKeeper(keeping);
  return { postgres, received, keeper };
}

/** Rounds until the status is as it is to be. */
async function until(keeper: LogKeeper, is: (status: LogStatus) => boolean): Promise<LogStatus> {
  for (const deadline = Date.now() + 60_000; ;) {
    const status = await keeper.round();
    if (is(status)) return status;
    if (Date.now() > deadline) throw new Error(`the log did not come to stand so: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const position = async ({ sql }: TestPostgres): Promise<bigint> => parseLsn(await sql('SELECT pg_current_wal_flush_lsn()')) as bigint;
const reaches = (lsn: bigint) => ({ repositories: [first] }: LogStatus): boolean => (parseLsn(first?.durable ?? '0/0') as bigint) >= lsn;

/** A manifest for a base backup that lies elsewhere: what the log is found by. */
async function commit(base: PostgresBase): Promise<string> {
  const moved = { ...base, artifacts: base.artifacts.map((artifact) => ({ ...artifact, path: artifact.path.replace(/^postgres\/[^/]+/, `${base.component}/${base.attempt}`) })) };
  const sample = sampleManifest('test-service', await repository.claimBackup('test-service', run('base'), Date.now()));
  const manifest = { ...sample, components: [moved] };
  for (const { path, stored } of moved.artifacts) await repository.storage.createExclusive(`test-service/backups/${manifest.backupId}/${path}`, Buffer.alloc(stored.sizeBytes));
  await repository.commitManifest(manifest);
  return manifest.backupId;
}

const keyOf = (service: string, component: string, status: LogStatus): WalKey => ({ service, component, systemIdentifier: status.systemIdentifier as string, segmentSizeBytes: 16 * 1024 * 1024 });

test('a base backup and the log that follows it lead, from the repository alone, to the last transaction', async () => {
  // Whose last transaction is to be told must not have one of its own.
  const { postgres, received, keeper } = await kept({ args: ['-c', 'autovacuum=off'] });
  await using store = await openStore();
  const log = keeper();
  await until(log, ({ receiver }) => receiver === 'running');
  await postgres.sql('CREATE TABLE events (id int)');
  const taken = await engine.backUp(contextOf(docker, new Map(), { run: 'base' }), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  const base = { ...taken, component: received.component.name };
  const committed = await commit(base);
  for (let id = 1; id <= 3; id += 1) await postgres.sql(`INSERT INTO events VALUES (${id}); SELECT pg_switch_wal()`);
  const xid = BigInt(await postgres.sql('INSERT INTO events VALUES (4) RETURNING pg_current_xact_id()'));
  const last = await position(postgres);
  const status = await until(log, reaches(last));
  expect(status).toMatchObject({ receiver: 'running', failure: null, break: null, slot: { state: 'reserved', roomBytes: null }, spoolFreeBytes: expect.any(Number), segmentSizeBytes: 16 * 1024 * 1024, repositories: [{ name: 'nas', failure: null }] });
  expect((await until(log, ({ repositories: [first], onHost }) => first?.exposureMs === 0 && onHost.exposureMs === 0)).spoolBytes).toBeLessThanOrEqual(2 * 16 * 1024 * 1024);

  const key = keyOf('test-service', received.component.name, status);
  const holdings = await repository.wal.holdings(key);
  const coverage = coverageFrom(parseLsn(base.range.begin) as bigint, timelinePath(1, '') ?? [], holdings);
  expect(coverage.end).toBeGreaterThanOrEqual(last);
  expect(coverage.gap).toBe(false);

  // What recovery is given is what the repository says it has, as it lies there.
  const found = await locateMoment(repository, { service: 'test-service', component: base.component, point: parsePoint(`xid:${xid}`, Date.now()), inclusive: true });
  const { files } = found;
  expect(found.base.backupId).toBe(committed);
  const mount = { type: 'bind', source: await repository.wal.hostDirectory(key) as string } as const;
  const ctx = contextOf(docker, new Map(), { run: 'recovery' });
  const end = await readLogEnd(ctx, { backup: base, files, archive: mount });
  expect(end.lastCommit?.xid).toBe(String(xid));
  expect(Date.now() - Date.parse(end.lastCommit?.at ?? '')).toBeLessThan(1_800_000);
  expect(end.lastRecord).toBeGreaterThanOrEqual(end.lastCommit?.lsn ?? 0n);
  expect(end.lastRecord).toBeLessThan(found.coverage.end);
  const recovery: Recovery = { backup: base, source: store.source, request: { target: { kind: 'xid', xid }, inclusive: true, timeline: 1 }, log: { files, mount } };
  const server = await startRecovery(ctx, recovery);
  expect((await awaitTarget(ctx, recovery, server)).xid).toBe(String(xid));
  const rows = await docker.runtime.exec(server.server.id, { argv: ['psql', '-X', '-A', '-t', '-h', '/recovery/run', '-U', 'postgres', '-d', 'app', '-c', 'SELECT array_agg(id ORDER BY id) FROM events'], timeoutMs: 20_000 });
  expect(rows.stdout.trim()).toBe('{1,2,3,4}');
  for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
  await received.forget();
});

test('a lost slot is a recorded break, and the log goes on behind it', async () => {
  const { postgres, received, keeper } = await kept();
  const log = keeper();
  await until(log, ({ receiver }) => receiver === 'running');
  await postgres.sql('CREATE TABLE events (id int)');
  const before = await until(log, reaches(await position(postgres)));
  const { sql } = postgres;
  const slot = await sql('SELECT slot_name FROM pg_replication_slots');
  await docker.runtime.stop(received.receiver.name, 5_000);
  // Its sender may be a moment behind.
  await received.until(() => postgres.works(`SELECT pg_drop_replication_slot('${slot}')`));
  await sql('INSERT INTO events VALUES (1); SELECT pg_switch_wal(); INSERT INTO events VALUES (2); SELECT pg_switch_wal(); CHECKPOINT; INSERT INTO events VALUES (3)');
  const after = await until(log, ({ receiver, break: broken }) => receiver === 'running' && broken !== null);
  const key = keyOf('test-service', received.component.name, before);
  expect(after.break?.reason).toContain('slot');
  expect((await repository.wal.listBreaks(key)).map(({ segment }) => segmentName(segment, key.segmentSizeBytes))).toEqual([after.break?.segment]);
  await until(log, reaches(await position(postgres)));
  // A keeper that begins anew knows of it.
  expect((await until(keeper(), ({ break: broken }) => broken !== null)).break).toEqual(after.break);
  await received.forget();
});

test('a repository that is away keeps nothing from being received, and gets it all when it is back, once', async () => {
  const { postgres, received, keeper } = await kept();
  const log = keeper();
  await until(log, reaches(1n));
  await rename(directory, `${directory}.away`);
  await postgres.sql('CREATE TABLE events (id int); SELECT pg_switch_wal()');
  await postgres.sql('INSERT INTO events VALUES (1); SELECT pg_switch_wal(); INSERT INTO events VALUES (2)');
  const last = await position(postgres);
  const away = await until(log, ({ repositories: [first], onHost }) => first?.failure !== null && onHost.exposureMs === 0 && (parseLsn(onHost.durable ?? '0/0') as bigint) >= last);
  expect(away).toMatchObject({ receiver: 'running', failure: null, repositories: [{ failure: { type: 'RepositoryUnreachable' }, exposureMs: null }], onHost: { exposureMs: 0 } });
  expect(away.spoolBytes).toBeGreaterThanOrEqual(2 * 16 * 1024 * 1024);
  await rename(`${directory}.away`, directory);
  const back = await until(log, reaches(last));
  expect(back.break).toBeNull();
  const key = keyOf('test-service', received.component.name, back);
  const { complete } = await repository.wal.holdings(key);
  const numbers = complete.map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as bigint) + BigInt(index)));
  for (const segment of complete) expect((await buffer(await repository.wal.openSegment(key, segment))).byteLength).toBe(key.segmentSizeBytes);
  // Another keeper, as after the worker's death, finds it all done.
  const again = await until(keeper(), reaches(last));
  expect(again.repositories[0]?.failure).toBeNull();
  expect((await repository.wal.holdings(key)).complete).toEqual(complete);
  await received.forget();
});

test('a database that is away is waited for, and the log goes on without a gap', { tags: 'long' }, async () => {
  const { postgres, received, keeper } = await kept();
  const log = keeper();
  await until(log, reaches(await position(postgres)));
  await docker.runtime.kill(postgres.id);
  const down = await until(log, ({ receiver }) => receiver === 'waitingForDatabase');
  expect(down.failure).toBeNull();
  await docker.runtime.start(postgres.id);
  await engine.waitUntilReady(contextOf(docker), postgres.component);
  await postgres.sql('CREATE TABLE events (id int); SELECT pg_switch_wal(); INSERT INTO events VALUES (1)');
  const last = await position(postgres);
  // Where all else is slow, one round starts it and has it all already.
  const up = await until(log, (status) => status.receiver === 'running' && reaches(last)(status));
  expect(up.break).toBeNull();
  await received.forget();
});

test('a database that was made anew has a log of its own, once the old receiver is forgotten', { tags: 'long' }, async () => {
  const { postgres, received, keeper } = await kept();
  const next = await startPostgres(docker);
  const component = { ...received.component };
  const log = createLogKeeper({ source: received.source, context: received.ctx, component, archives: [{ name: 'nas', archive: repository.wal }], nowMs: () => Date.now() });
  await postgres.sql('CREATE TABLE events (id int)');
  const old = await until(log, reaches(await position(postgres)));
  // Under the same name there is another server now.
  component.container = next.component.container;
  expect(await until(log, ({ receiver }) => receiver === 'failing')).toMatchObject({ failure: { type: 'WalConflict' } });
  await received.source.stop(received.ctx, component, { forget: true });
  await next.sql('CREATE TABLE other (id int); SELECT pg_switch_wal()');
  const anew = await until(log, (status) => status.systemIdentifier !== old.systemIdentifier && status.receiver === 'running' && reaches(1n)(status));
  expect(anew).toMatchObject({ receiver: 'running', failure: null, break: null, repositories: [{ failure: null }] });
  expect(await repository.wal.clusters('test-service', component.name)).toHaveLength(2);
  await received.source.stop(received.ctx, component, { forget: true });
  await received.forget();
});
