/** Backups beside clients: what was dumped under load equals what is restored, and nothing but a real loss of the snapshot ends it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresDump } from '../../../src/domain/backup-manifest.ts';
import { pollUntil } from '../../../src/containers/wait-until.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { backUpInto, contextOf, engine, openStore, options, startPostgres } from './postgres-fixture.ts';
import type { TestPostgres, TestStore } from './postgres-fixture.ts';

const docker = useDocker();
let postgres: TestPostgres;
let store: TestStore & AsyncDisposable;

beforeAll(async () => {
  postgres = await startPostgres(docker, { environment: { POSTGRES_INITDB_ARGS: '--no-sync --auth-host=scram-sha-256' }, component: { password: { env: 'PASSWORD' } } });
  await postgres.sql(`CREATE TABLE account (id serial PRIMARY KEY, balance numeric NOT NULL, note text); INSERT INTO account (balance, note) SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 60000) AS n;
    CREATE TABLE booking (id bigserial PRIMARY KEY, account int REFERENCES account, amount numeric, at timestamptz DEFAULT clock_timestamp());`);
  store = await openStore();
});
afterAll(() => store[Symbol.asyncDispose]());

const password = 'canary-password';
const sessionsOf = 'SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE \'holdfast-%\'';

/** pgbench in a container of its own: an insert and an update a transaction. */
async function startWriters(): Promise<string> {
  const script = '\\set id random(1, 60000)\nBEGIN;\nINSERT INTO booking (account, amount) VALUES (:id, 1);\nUPDATE account SET balance = balance + 1 WHERE id = :id;\nCOMMIT;\n';
  return docker.run({
    imageId: await docker.image('postgres:17'), network: `container:${postgres.id}`, entrypoint: ['sh'], environment: { PGPASSWORD: password, SCRIPT: script },
    command: ['-c', 'printf %s "$SCRIPT" >/tmp/script && exec pgbench -n -h 127.0.0.1 -U postgres -c 4 -j 1 -T 120 -f /tmp/script app'],
  });
}

const bookings = async (): Promise<number> => Number(await postgres.sql('SELECT last_value FROM booking_id_seq'));

it('equals what is restored, with at least 500 writes a second during the dump', async () => {
  const writers = await startWriters();
  const before = await pollUntil(async () => { const count = await bookings(); return count > 500 ? { count, at: Date.now() } : null; }, { withinMs: 30_000, everyMs: 100 });
  const backup = await backUpInto(docker, postgres, store, { run: 'backup', password });
  const written = (await bookings() - (before?.count ?? Infinity)) * 2 / ((Date.now() - (before?.at ?? 0)) / 1000);
  await docker.runtime.kill(writers);
  expect(written).toBeGreaterThan(500);
  const live = await engine.readContent(contextOf(docker, new Map(), { password }), postgres.component, options);
  expect(live).not.toEqual(backup.content);
  expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), backup, store.source)).toMatchObject({ verdict: 'proven', differences: [] });
});

describe('a backup', () => {
  const backUp = (attempt: string, signal?: AbortSignal) =>
    engine.backUp(contextOf(docker, new Map(), { run: 'backup', password, ...(signal === undefined ? {} : { signal }) }), postgres.component, store.attempt(attempt), options) as Promise<PostgresDump>;

  it('outlives timeouts of the role and leaves no session', async () => {
    await postgres.sql(`ALTER ROLE postgres SET statement_timeout = '50ms'; ALTER ROLE postgres SET idle_in_transaction_session_timeout = '20ms'; ALTER ROLE postgres SET transaction_timeout = '20ms';
      ALTER ROLE postgres SET idle_session_timeout = '20ms'; ALTER ROLE postgres SET lock_timeout = '20ms'; ALTER ROLE postgres SET default_transaction_read_only = on;`);
    // With none of them for itself: a busy machine needs more than 20 ms between two statements.
    const without = ['statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'idle_session_timeout', 'lock_timeout'].map((each) => `-c ${each}=0`).join(' ');
    const reset = (): Promise<unknown> => docker.runtime.exec(postgres.id, {
      argv: ['psql', '-X', '-U', 'postgres', '-d', 'app', '-c', 'ALTER ROLE postgres RESET ALL'], environment: { PGOPTIONS: `${without} -c default_transaction_read_only=off` }, timeoutMs: 60_000,
    }).then(({ exitCode, stderr }) => { if (exitCode !== 0) throw new Error(stderr); });
    const backup = await backUp('timeouts').finally(reset);
    expect(backup.content.tables.map(({ table }) => table)).toEqual(['public.account', 'public.booking']);
    // A backend is there for a moment after its client has gone.
    expect(await pollUntil(async () => (await postgres.sql(sessionsOf)) === '0' || null, { withinMs: 60_000, everyMs: 50 })).toBe(true);
  });

  it('through streams alone is the same', async () => {
    const streamed = await engine.backUp(contextOf(docker, new Map(), { run: 'backup', password }), postgres.component, store.streamedDestination, options) as PostgresDump;
    expect(streamed.content.tables).toHaveLength(2);
    expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), streamed, store.streamedSource)).toMatchObject({ verdict: 'proven' });
  });

  it('only counts where hashes are turned off, and says so', async () => {
    const counted = await engine.backUp(contextOf(docker, new Map(), { run: 'backup', password }), postgres.component, store.attempt('counted'), { contentHashes: false, jobs: 1 }) as PostgresDump;
    expect(counted.content.tables.every(({ hash }) => hash === null)).toBe(true);
    expect(counted.notCompared).toContainEqual({ object: 'contents of rows', reason: 'only counted: content hashes are turned off' });
    expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), counted, store.source)).toMatchObject({ verdict: 'proven' });
  });

  it('fails with the reason where a table is locked or the password is wrong', async () => {
    const locked = postgres.works('BEGIN; LOCK TABLE account IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60);');
    await pollUntil(async () => (await postgres.sql('SELECT count(*) FROM pg_locks WHERE mode = \'AccessExclusiveLock\' AND relation = \'account\'::regclass')) === '1' || null, { withinMs: 10_000, everyMs: 50 });
    expect((await failing('TableLocked', backUp('locked'))).fields.cause).toContain('lock timeout');
    await postgres.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE \'%pg_sleep(60)%\' AND pid <> pg_backend_pid();');
    await locked;
    const wrong = engine.backUp(contextOf(docker, new Map(), { run: 'backup', password: 'not the password' }), postgres.component, store.attempt('wrong'), options);
    expect((await failing('AuthenticationFailed', wrong)).message).not.toContain('not the password');
  });

  it('gives way to who wants a table for himself while it is read, and may be tried again', { tags: 'long' }, async () => {
    const patient = contextOf(docker, new Map(), { run: 'reading', password });
    const waits = (where: string, count: string) => pollUntil(async () => (await postgres.sql(`SELECT count(*) FROM ${where}`)) === count || null, { withinMs: 60_000, everyMs: 50 });
    const holding = postgres.works('BEGIN; LOCK TABLE booking IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60);');
    await waits('pg_locks WHERE mode = \'AccessExclusiveLock\' AND relation = \'booking\'::regclass AND granted', '1');
    // The snapshot's session has the first table by now, and waits for the second; whoever wants the first waits for it, and the counting session behind him.
    const reading = failing('TableLocked', engine.readContent({ ...patient, timing: { ...patient.timing, lockWaitMs: 30_000 } }, postgres.component, options));
    await waits('pg_stat_activity WHERE application_name LIKE \'holdfast-%\' AND wait_event_type = \'Lock\'', '1');
    const wanted = postgres.works('ALTER TABLE account ADD COLUMN later int;');
    await waits('pg_locks WHERE mode = \'AccessExclusiveLock\' AND relation = \'account\'::regclass AND NOT granted', '1');
    await postgres.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE \'%pg_sleep(60)%\' AND pid <> pg_backend_pid();');
    await holding;
    const failure = await reading;
    expect(failure.fields.operation).toContain('content.');
    expect(failure.retryable).toBe(true);
    expect(await wanted).toBe(true);
  });

  it('is given up when its session is ended, and may be tried again', async () => {
    const locked = postgres.works('BEGIN; LOCK TABLE account IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60);');
    const lost = failing('SnapshotLost', backUp('lost'));
    await pollUntil(async () => (await postgres.sql('SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE \'holdfast-%\' AND wait_event_type = \'Lock\'')) === '1' || null, { withinMs: 20_000, everyMs: 50 });
    await lost;
    await postgres.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE \'%pg_sleep(60)%\' AND pid <> pg_backend_pid();');
    await locked;
  });

  it('ends with a reason when the server is killed under it, and leaves nothing', async () => {
    const dying = await startPostgres(docker);
    await dying.sql('CREATE TABLE big (n int, note text)');
    // In parts: 400 MB in one statement take long on a slow machine, and each has a minute.
    for (let part = 0; part < 4; part += 1) await dying.sql(`INSERT INTO big SELECT n, repeat(md5(n::text), 30) FROM generate_series(${part * 100_000 + 1}, ${(part + 1) * 100_000}) AS n`);
    const killed = failing('SnapshotLost', engine.backUp(contextOf(docker, new Map(), { run: 'killed' }), dying.component, store.attempt('killed'), options));
    await pollUntil(async () => Number(await dying.sql(sessionsOf)) > 2 || null, { withinMs: 60_000, everyMs: 20 });
    await docker.runtime.kill(dying.id);
    expect((await killed).retryable).toBe(true);
    expect(await docker.left()).toEqual([]);
  });

  it('ends at once when it is cancelled, and the server is not disturbed', async () => {
    const started = await postgres.sql('SELECT pg_postmaster_start_time(), (SELECT backend_start FROM pg_stat_activity WHERE backend_type = \'checkpointer\')');
    const cancel = new AbortController();
    const cancelled = backUp('cancelled', cancel.signal).catch((error: unknown) => error);
    await pollUntil(async () => Number(await postgres.sql(sessionsOf)) > 1 || null, { withinMs: 20_000, everyMs: 20 });
    cancel.abort(new Error('given up'));
    expect(await cancelled).toMatchObject({ message: 'given up' });
    expect(await pollUntil(async () => (await postgres.sql(sessionsOf)) === '0' || null, { withinMs: 20_000, everyMs: 50 })).toBe(true);
    expect(await postgres.sql('SELECT pg_postmaster_start_time(), (SELECT backend_start FROM pg_stat_activity WHERE backend_type = \'checkpointer\')')).toBe(started);
  });
});
