/** A moment of the log made ready beside a server, looked at, gone on from, finished after the yes, exchanged: whatever state the server is in. */
import { expect, test } from 'vitest';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import type { EngineContext } from '../../../../src/engines/engine-context.ts';
import type { MomentEngine, MomentRecovery } from '../../../../src/engines/moment-engine.ts';
import { findRecovery } from '../../../../src/engines/postgres/recovery/recovery-server.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { waitFor } from '../../../support/service-fixture.ts';
import { contextOf, engine, openStore, startPostgres, type PostgresOptions, type TestPostgres, type TestStore } from '../postgres-fixture.ts';
import { openArchive, type ArchivedLog } from './archived-log.ts';

const docker = useDocker();
const moments = engine.moments as MomentEngine<PostgresComponent>;

/** Rows 1, 2, 3, each a transaction of its own, behind a base backup. */
async function withRows(store: TestStore, log: ArchivedLog, given: PostgresOptions = {}): Promise<{ readonly postgres: TestPostgres; readonly base: PostgresBase; readonly xids: readonly bigint[] }> {
  const postgres = await startPostgres(docker, { ...given, args: [...log.options.args, ...given.args ?? []], mounts: log.options.mounts });
  await postgres.sql('CREATE TABLE kept (id int)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  const xids: bigint[] = [];
  for (const id of [1, 2, 3]) xids.push(BigInt(await postgres.sql(`INSERT INTO kept VALUES (${id}) RETURNING pg_current_xact_id()`)));
  return { postgres, base, xids };
}

const cutOver = async (ctx: EngineContext, component: PostgresComponent, own: PostgresDirectoryCutOver): Promise<void> => {
  await engine.requireReady(ctx, component, own);
  await engine.close(ctx, component, own);
  await engine.swap(ctx, component, own);
  expect(await engine.compareClosed(ctx, component, own, null)).toEqual([]);
  await engine.open(ctx, component, own);
};

const ids = ({ sql }: TestPostgres): Promise<string> => sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept');

test('looked at before the yes, gone on from, gone back, and finished where it stands, also where its server was lost meanwhile', async () => {
  await using store = await openStore();
  await using log = await openArchive();
  const { postgres, base, xids } = await withRows(store, log);
  const ctx = contextOf(docker, new Map(), { run: 'moment' });
  const files = await log.files(postgres);
  const recovery = (target: MomentRecovery['target'], inclusive: boolean): MomentRecovery => ({ backup: base, source: store.source, files, archive: log.archive, timeline: 1, target, inclusive });
  const before = (id: number) => recovery({ kind: 'xid', xid: xids[id - 1] as bigint }, false);

  const first = await moments.recover(ctx, postgres.component, before(2));
  expect(first.reached.stop).toContain(`before commit of transaction ${xids[1]}`);
  expect(first.prepared.loss).toMatchObject({ transactions: '2', notes: ['public.kept: 3 rows now, 1 at that moment'] });
  const server = await findRecovery(ctx, 'postgres');
  // Nothing that still recovers is exchanged for anything.
  await failing('PlanChanged', engine.requireReady(ctx, postgres.component, first.prepared.cutOver));

  // On to the end of the log, in place: the same container.
  const end = await moments.readLogEnd(ctx, before(2));
  const last = await moments.recover(ctx, postgres.component, recovery({ kind: 'lsn', lsn: end.lastRecord }, true));
  expect(last.prepared.loss).toMatchObject({ transactions: '0', notes: [] });
  expect((await findRecovery(ctx, 'postgres'))?.server.id).toBe(server?.server.id);

  // And back, which begins anew.
  const again = await moments.recover(ctx, postgres.component, before(3));
  expect(again.prepared.loss.notes).toEqual(['public.kept: 3 rows now, 2 at that moment']);
  const asked = before(3);
  await failing('PlanChanged', moments.finish(ctx, postgres.component, asked, { ...again.reached, lsn: '0/1' }));
  await postgres.sql('INSERT INTO kept VALUES (4)');

  // Its server ends, as with the engine: recovered anew, to the very position.
  await moments.recover(ctx, postgres.component, asked);
  await docker.runtime.kill((await findRecovery(ctx, 'postgres'))?.server.id as string);
  const finished = await moments.finish(ctx, postgres.component, asked, again.reached);
  expect(finished.cutOver).toMatchObject({ control: { state: 'shut down', timeline: 2 } });
  expect(await findRecovery(ctx, 'postgres')).toBeNull();
  // Asked twice it is the same; the live server has served all the while.
  expect(await moments.finish(ctx, postgres.component, asked, again.reached)).toEqual(finished);
  expect(await ids(postgres)).toBe('1,2,3,4');
  await cutOver(ctx, postgres.component, finished.cutOver as PostgresDirectoryCutOver);
  expect(await ids(postgres)).toBe('1,2');
  await engine.discardRollback(ctx, postgres.component, finished.cutOver);
}, 300_000);

test('two at once: the first to be approved is carried out beside the other, whose plan then leads nowhere, and which leaves nothing', { tags: 'long', timeout: 300_000 }, async () => {
  await using store = await openStore();
  await using log = await openArchive();
  const { postgres, base, xids } = await withRows(store, log);
  const [first, second, third] = ['first', 'second', 'third'].map((run) => contextOf(docker, new Map(), { run })) as [EngineContext, EngineContext, EngineContext];
  const recovery: MomentRecovery = { backup: base, source: store.source, files: await log.files(postgres), archive: log.archive, timeline: 1, target: { kind: 'xid', xid: xids[1] as bigint }, inclusive: true };
  const waiting = await moments.recover(first, postgres.component, recovery);
  const whole = await engine.prepare(third, postgres.component, base, store.source);
  const { prepared: { cutOver: planned }, reached } = await moments.recover(second, postgres.component, recovery);
  // Whether it answered is as the plan found it.
  const { cutOver: own } = await moments.finish(second, postgres.component, recovery, reached, { ...planned as PostgresDirectoryCutOver, answered: false });
  expect([planned, own]).toMatchObject([{ wasRunning: true }, { wasRunning: true, answered: false }]);
  await cutOver(second, postgres.component, own as PostgresDirectoryCutOver);
  expect(await ids(postgres)).toBe('1,2');
  // It waits for its own yes all the while, and answers.
  expect(await moments.query(first, postgres.component, { sql: 'SELECT count(*) FROM kept', database: null, csv: true })).toBe('count\n2\n');
  expect((await failing('PlanChanged', moments.finish(first, postgres.component, recovery, waiting.reached, waiting.prepared.cutOver))).fields.cause).toContain('timeline 2');
  await failing('PlanChanged', engine.requireReady(third, postgres.component, whole.cutOver));
  await failing('ContainerRecreated', moments.finish(first, postgres.component, recovery, waiting.reached, { ...waiting.prepared.cutOver, containerId: 'f'.repeat(64) }));
  await engine.discardPrepared(first, postgres.component, waiting.prepared.cutOver);
  await engine.discardPrepared(third, postgres.component, whole.cutOver);
  await engine.discardRollback(second, postgres.component, own);
  expect((await docker.runtime.exec(postgres.id, { argv: ['ls', '/var/lib/postgresql/data'], timeoutMs: 10_000 })).stdout).not.toContain('pgsql_tmp.holdfast');
});

test('of PostgreSQL 18, whose settings were raised after the backup, that has crashed for good', { tags: 'long', timeout: 300_000 }, async () => {
  await using store = await openStore();
  await using log = await openArchive();
  const { postgres, base } = await withRows(store, log, { image: 'postgres:18', args: ['-c', 'max_connections=31'] });
  const raised = await startAgain(postgres, log);
  await raised.sql('INSERT INTO kept VALUES (4)');
  const archived = await log.files(raised);
  const ctx = contextOf(docker, new Map(), { run: 'raised' });
  const recovery: MomentRecovery = { backup: base, source: store.source, files: archived, archive: log.archive, timeline: 1, target: { kind: 'lsn', lsn: 0n }, inclusive: true };
  const { lastRecord } = await moments.readLogEnd(ctx, recovery);
  await docker.runtime.exec(raised.id, { argv: ['dd', 'if=/dev/zero', 'of=/var/lib/postgresql/18/docker/global/pg_control', 'bs=8192', 'count=1', 'conv=notrunc'], timeoutMs: 10_000 });
  await docker.runtime.kill(raised.id);
  const asked: MomentRecovery = { ...recovery, target: { kind: 'lsn', lsn: lastRecord } };
  const { prepared, reached } = await moments.recover(ctx, raised.component, asked);
  expect(prepared.loss.notes.join(' ')).toContain('does not run');
  expect(prepared.notes).toContainEqual(expect.stringMatching(/^NO WAY BACK TO A SERVER THAT WORKS: .*cannot be read/));
  const { cutOver: own } = await moments.finish(ctx, raised.component, asked, reached);
  await cutOver(ctx, raised.component, own as PostgresDirectoryCutOver);
  expect(await ids(raised)).toBe('1,2,3,4');
});

/** The same data under a container with larger settings. */
async function startAgain(postgres: TestPostgres, log: ArchivedLog): Promise<TestPostgres> {
  const facts = await docker.runtime.inspect(postgres.id);
  const volume = facts.mounts.find(({ destination }) => destination === '/var/lib/postgresql')?.source as string;
  await docker.runtime.stop(postgres.id, 30_000);
  const name = docker.name('raised');
  const { id } = await docker.runtime.create({
    name, imageId: facts.imageId, labels: docker.labels, network: 'none', init: true, logDriver: 'json-file', command: [...facts.command.slice(facts.command.indexOf('postgres')), '-c', 'max_connections=77'], environment: { POSTGRES_PASSWORD: 'canary-password' },
    mounts: [{ type: 'volume', source: volume, target: '/var/lib/postgresql' }, ...log.options.mounts],
  });
  await docker.runtime.start(id);
  const component = { ...postgres.component, container: name };
  await engine.waitUntilReady(contextOf(docker), component);
  const sql: TestPostgres['sql'] = async (text, into = postgres.component.database) => {
    const result = await docker.runtime.exec(id, { argv: ['psql', '-X', '-q', '-A', '-t', '-U', component.user, '-v', 'ON_ERROR_STOP=1', '-d', into], stdin: text, timeoutMs: 60_000 });
    if (result.exitCode !== 0) throw new Error(result.stderr);
    return result.stdout.trimEnd();
  };
  return { id, component, sql, works: async () => true };
}

test('a copy that is recovered, promoted and shut down on the production volume adds nothing to the archive that its configuration names', { tags: 'long', timeout: 170_000 }, async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image: 'postgres:18', args: ['-c', 'archive_mode=on'] });
  const archive = '/var/lib/postgresql/wal_archive';
  await docker.runtime.exec(postgres.id, { argv: ['install', '-d', '-o', 'postgres', archive], timeoutMs: 10_000 });
  // In the data directory, as the operator sets it: the copy has it too.
  await postgres.sql(`ALTER SYSTEM SET archive_mode = on; ALTER SYSTEM SET archive_command = 'test ! -f ${archive}/%f && cp %p ${archive}/%f'; SELECT pg_reload_conf(); CREATE TABLE kept (id int)`);
  // What somebody with few rights may have left there, for a superuser to stumble on.
  await postgres.sql(`CREATE FUNCTION strike() RETURNS int LANGUAGE plpgsql AS $$BEGIN COPY (SELECT 1) TO PROGRAM 'touch ${archive}/struck'; RETURN 1; END$$; CREATE VIEW tempting AS SELECT strike() AS rows`);
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  const last = await postgres.sql('INSERT INTO kept VALUES (1); SELECT pg_walfile_name(pg_switch_wal())');
  const listing = async (): Promise<string> => (await docker.runtime.exec(postgres.id, { argv: ['find', archive, '-type', 'f', '-exec', 'sha256sum', '{}', '+'], timeoutMs: 20_000 })).stdout.split('\n').sort().join('\n');
  await waitFor(async () => (await listing()).includes(last));
  const before = await listing();
  const ctx = contextOf(docker, new Map(), { run: 'quiet' });
  const recovery: MomentRecovery = { backup: base, source: store.source, files: [], archive: null, timeline: 1, target: { kind: 'consistent', backupId: '' }, inclusive: true };
  const { reached, prepared } = await moments.recover(ctx, postgres.component, recovery);
  expect(await moments.query(ctx, postgres.component, { sql: 'SHOW archive_mode', database: null, csv: true })).toBe('archive_mode\noff\n');
  const refused = await failing('InvalidInput', moments.query(ctx, postgres.component, { sql: 'SELECT rows FROM tempting', database: null, csv: true }));
  expect(refused.fields.cause).toContain('permission denied to COPY to or from an external program');
  const finished = await moments.finish(ctx, postgres.component, recovery, reached, prepared.cutOver);
  expect(finished.cutOver).toMatchObject({ control: { timeline: 2, state: 'shut down' } });
  expect(await listing()).toBe(before);
  // And once live it archives again, on its own timeline.
  await cutOver(ctx, postgres.component, finished.cutOver as PostgresDirectoryCutOver);
  await postgres.sql('SELECT pg_switch_wal()');
  await waitFor(async () => (await listing()).includes('00000002'));
  await engine.discardRollback(ctx, postgres.component, finished.cutOver);
});
