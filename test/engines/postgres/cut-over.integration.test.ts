/** The exchange: what may go wrong around it, and what must be the same after it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pollUntil } from '../../../src/containers/wait-until.ts';
import type { PostgresDump } from '../../../src/domain/backup-manifest.ts';
import type { PostgresDatabaseCutOver } from '../../../src/domain/rollback.ts';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import type { EngineContext } from '../../../src/engines/engine-context.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, cutOver, engine, openStore, options, startPostgres } from './postgres-fixture.ts';
import type { TestPostgres, TestStore } from './postgres-fixture.ts';

const docker = useDocker();
let postgres: TestPostgres;
let store: TestStore & AsyncDisposable;

beforeAll(async () => {
  postgres = await startPostgres(docker);
  store = await openStore();
});
afterAll(() => store[Symbol.asyncDispose]());

const backUp = (component: PostgresComponent, attempt: string) => engine.backUp(contextOf(docker, new Map(), { run: `backup ${attempt}` }), component, store.attempt(attempt), options) as Promise<PostgresDump>;

/** Everything that pg_database and pg_db_role_setting say about a database, default permissions written out. */
const propertiesSql = (database: string): string => `SELECT json_build_object('row', to_jsonb(d) - 'oid' - 'datacl' - 'datfrozenxid' - 'datminmxid' - 'datdba',
    'owner', pg_get_userbyid(d.datdba), 'comment', shobj_description(d.oid, 'pg_database'),
    'acl', (SELECT json_agg(a::text ORDER BY a::text) FROM unnest(coalesce(d.datacl, acldefault('d', d.datdba))) AS a),
    'settings', (SELECT json_agg(json_build_array(s.setrole::regrole::text, s.setconfig) ORDER BY s.setrole) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid))
  FROM pg_database d WHERE d.datname = $name$${database}$name$`;

describe('names and properties', () => {
  // Quotes, blanks, shell and psql syntax, a leading dash, conninfo syntax.
  const hostile = `-d "it's" $(touch /tmp/x) :'y' dbname=z \\`;

  it('survive any spelling, and are the same after the exchange', async () => {
    await postgres.sql(`CREATE ROLE "own'er $(x)"; CREATE ROLE "-reader ""q""" LOGIN; CREATE DATABASE "${hostile.replace(/"/g, '""')}" OWNER "own'er $(x)" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0 CONNECTION LIMIT 7;
      COMMENT ON DATABASE "${hostile.replace(/"/g, '""')}" IS 'it''s
two lines';`);
    const name = `"${hostile.replace(/"/g, '""')}"`;
    await postgres.sql(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC; GRANT CONNECT ON DATABASE ${name} TO "-reader ""q""" WITH GRANT OPTION; GRANT TEMP ON DATABASE ${name} TO PUBLIC;
      ALTER DATABASE ${name} SET search_path = 'odd schema', public; ALTER DATABASE ${name} SET work_mem = '5MB'; ALTER DATABASE ${name} SET app.greeting = 'it''s "quoted"; DROP';
      ALTER ROLE "-reader ""q""" IN DATABASE ${name} SET "DateStyle" = 'German, DMY'; ALTER ROLE "-reader ""q""" IN DATABASE ${name} SET search_path = 'a''b', "$user";`);
    await postgres.sql('CREATE TABLE t (id int); INSERT INTO t VALUES (1); ALTER TABLE t OWNER TO "own\'er $(x)"; GRANT SELECT ON t TO "-reader ""q"""', hostile);
    const component = { ...postgres.component, database: hostile };
    const before = await postgres.sql(propertiesSql(hostile), 'postgres');
    const backup = await backUp(component, 'hostile');
    await postgres.sql(`ALTER DATABASE ${name} RESET ALL; ALTER DATABASE ${name} CONNECTION LIMIT -1; COMMENT ON DATABASE ${name} IS NULL; GRANT ALL ON DATABASE ${name} TO PUBLIC; ALTER DATABASE ${name} OWNER TO postgres;`);
    const ctx = contextOf(docker, new Map(), { run: 'hostile' });
    const prepared = await engine.prepare(ctx, component, backup, store.source);
    expect(prepared.notes.join('\n')).toContain('owner becomes');
    expect(prepared.notes.join('\n')).not.toContain('quoted');
    const plan = await cutOver(ctx, component, prepared, backup);
    expect(JSON.parse(await postgres.sql(propertiesSql(hostile), 'postgres'))).toEqual(JSON.parse(before));
    expect(await postgres.sql('SELECT count(*) FROM t', hostile)).toBe('1');
    await engine.discardRollback(ctx, component, plan);
  });

  it('come along to a bare server, which gets the roles it lacks', async () => {
    await postgres.sql('CREATE ROLE lacking; CREATE DATABASE moving OWNER lacking TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE \'de-AT\' ICU_RULES \'&a < b\'');
    await postgres.sql('CREATE TABLE t AS SELECT generate_series(1, 10) AS n; ALTER TABLE t OWNER TO lacking', 'moving');
    const backup = await backUp({ ...postgres.component, database: 'moving' }, 'moving');
    const before = await postgres.sql(propertiesSql('moving'), 'postgres');
    const bare = await startPostgres(docker, { database: 'postgres' });
    const component = { ...bare.component, database: 'moving' };
    expect(await engine.inspect(contextOf(docker), component, 'restore')).toMatchObject({ empty: true });
    const notes: Notes = new Map();
    const ctx = contextOf(docker, notes, { run: 'into' });
    const abandoned = await engine.prepare(ctx, component, backup, store.source);
    expect(abandoned.createdRoles).toEqual(['lacking']);
    expect(await bare.sql('SELECT rolcanlogin, rolsuper, rolpassword IS NULL FROM pg_authid WHERE rolname = \'lacking\'')).toBe('f|f|t');
    await engine.discardPrepared(ctx, component, abandoned.cutOver);
    expect(await bare.sql('SELECT count(*) FROM pg_roles WHERE rolname = \'lacking\'')).toBe('0');

    const prepared = await engine.prepare(contextOf(docker, notes, { run: 'again' }), component, backup, store.source);
    const plan = await cutOver(contextOf(docker, notes, { run: 'again' }), component, prepared, backup);
    expect(plan.liveOid).toBe(0);
    expect(await bare.sql('SELECT count(*) FROM t', 'moving')).toBe('10');
    expect(JSON.parse(await bare.sql(propertiesSql('moving'), 'postgres'))).toEqual(JSON.parse(before));
    await engine.discardRollback(ctx, component, plan);
    await failing('UnknownRollbackCopy', engine.prepareUndo(ctx, component, plan));
    expect(await bare.sql('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1')).toBe('moving\npostgres');
  });
});

describe('the exchange', () => {
  let component: PostgresComponent;
  let backup: PostgresDump;
  let notes: Notes;
  let count = 0;
  const ctx = (run = 'restore') => contextOf(docker, notes, { run: `${run} ${count}` });
  const prepared = async (): Promise<PostgresDatabaseCutOver> => (await engine.prepare(ctx(), component, backup, store.source)).cutOver as PostgresDatabaseCutOver;

  beforeEach(async () => {
    count += 1;
    notes = new Map();
    component = { ...postgres.component, database: `exchange_${count}` };
    await postgres.sql(`CREATE DATABASE exchange_${count}`);
    await postgres.sql('CREATE TABLE t AS SELECT 1 AS n', component.database);
    backup = await backUp(component, `exchange-${count}`);
    await postgres.sql('UPDATE t SET n = 2', component.database);
  });

  it('keeps out clients that come back as often as they can, and ends those that are in', async () => {
    const clients = await docker.run({
      imageId: await docker.image('postgres:17'), network: `container:${postgres.id}`, entrypoint: ['sh'],
      command: ['-c', `for n in 1 2 3 4; do (while :; do psql -qAtX -h 127.0.0.1 -U postgres -d ${component.database} -c 'SELECT pg_sleep(0.05)' >/dev/null 2>&1; done) & done; wait`], environment: { PGPASSWORD: 'canary-password' },
    });
    const plan = await prepared();
    await cutOver(ctx(), component, { cutOver: plan } as never, backup);
    expect(await postgres.sql('SELECT n FROM t', component.database)).toBe('1');
    expect(await postgres.sql(`SELECT datname, datallowconn FROM pg_database WHERE oid IN (${plan.liveOid}, ${plan.sideOid}) ORDER BY 1`)).toBe(`${component.database}|t\n${plan.asideName}|f`);
    await docker.runtime.kill(clients);
  });

  it('waits for a session that is on its way out, whatever language the server speaks', async () => {
    await docker.runtime.exec(postgres.id, { argv: ['localedef', '--no-archive', '-i', 'de_DE', '-f', 'UTF-8', 'de_DE.UTF-8'], user: '0:0', timeoutMs: 60_000 });
    await postgres.sql('ALTER SYSTEM SET lc_messages = \'de_DE.UTF-8\'; SELECT pg_reload_conf();');
    try {
      expect(await pollUntil(async () => (await postgres.sql('SHOW lc_messages')) === 'de_DE.UTF-8' || null, { withinMs: 60_000, everyMs: 50 })).toBe(true);
      expect(await postgres.sql('SELECT FROM nowhere').catch(String)).toContain('existiert nicht');
      const backup = await backUp(postgres.component, 'foreign');
      let refused = 0;
      const lingerIn = async (database: string): Promise<{ readonly ended: Promise<string> }> => {
        const ended = postgres.sql('SELECT pg_sleep(600)', database).catch(() => 'ended');
        await pollUntil(async () => (await postgres.sql(`SELECT count(*) FROM pg_stat_activity WHERE datname = '${database}'`, 'postgres')) === '1' || null, { withinMs: 60_000, everyMs: 50 });
        return { ended };
      };
      const exec: EngineContext['runtime']['exec'] = async (id, request) => {
        const result = await docker.runtime.exec(id, request);
        if (result.stderr.includes('app') && request.stdin?.toString().includes('RENAME') === true) {
          refused += 1;
          await postgres.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \'app\'', 'postgres');
        }
        return result;
      };
      const ctx = { ...contextOf(docker, new Map(), { run: 'foreign' }), runtime: new Proxy(docker.runtime, { get: (target, name) => (name === 'exec' ? exec : (Reflect.get(target, name) as () => unknown).bind(target)) }) };
      const plan = (await engine.prepare(ctx, postgres.component, backup, store.source)).cutOver as PostgresDatabaseCutOver;
      await engine.close(ctx, postgres.component, plan);
      await postgres.sql('ALTER DATABASE app ALLOW_CONNECTIONS true', 'postgres');
      const lingering = await lingerIn('app');
      await postgres.sql('ALTER DATABASE app ALLOW_CONNECTIONS false', 'postgres');
      await engine.swap(ctx, postgres.component, plan);
      expect([refused, await lingering.ended]).toEqual([1, 'ended']);

      await postgres.sql('ALTER DATABASE app ALLOW_CONNECTIONS true', 'postgres');
      const late = await lingerIn('app');
      await postgres.sql('ALTER DATABASE app ALLOW_CONNECTIONS false', 'postgres');
      expect((await failing('DatabaseUnreachable', engine.rollBack(ctx, postgres.component, plan))).fields.hint).toContain('pg_stat_activity');
      expect([refused, await late.ended]).toEqual([2, 'ended']);
      await engine.rollBack(ctx, postgres.component, plan);
    } finally {
      await postgres.sql('ALTER SYSTEM RESET lc_messages; SELECT pg_reload_conf();', 'postgres');
    }
  });

  it('refuses a prepared database that was opened in between', async () => {
    const plan = await prepared();
    await postgres.sql(`ALTER DATABASE ${plan.sideName} ALLOW_CONNECTIONS true; ALTER DATABASE ${plan.sideName} ALLOW_CONNECTIONS false;`);
    await engine.close(ctx(), component, plan);
    await failing('PlanChanged', engine.swap(ctx(), component, plan));
    await engine.rollBack(ctx(), component, plan);
    expect(await postgres.sql('SELECT n FROM t', component.database)).toBe('2');
  });

  it('does not take back what was opened, nor drop what is live, nor open what was not exchanged', async () => {
    const plan = await prepared();
    await failing('AmbiguousState', engine.open(ctx(), component, plan));
    await failing('AmbiguousState', engine.discardRollback(ctx(), component, plan));
    await failing('CouldNotVerify', engine.compareClosed(ctx(), component, plan, backup));
    await cutOver(ctx(), component, { cutOver: plan } as never, backup);
    await failing('AmbiguousState', engine.rollBack(ctx(), component, plan));
    await engine.discardPrepared(ctx(), component, plan);
    expect(await postgres.sql('SELECT n FROM t', component.database)).toBe('1');
    const undo = await engine.prepareUndo(ctx('undo'), component, plan);
    await engine.discardPrepared(ctx('undo'), component, undo.cutOver);
    await cutOver(ctx('undo'), component, undo, null);
    expect(await postgres.sql('SELECT n FROM t', component.database)).toBe('2');
    // The first cut-over's rollback copy is live again: accepting that run now must not touch it.
    await failing('AmbiguousState', engine.discardRollback(ctx('accept'), component, plan));
  });

  it('drops what an interrupted DROP DATABASE left, which nobody can use or alter', async () => {
    const plan = await prepared();
    await postgres.sql(`UPDATE pg_database SET datconnlimit = -2 WHERE oid = ${plan.sideOid}`);
    await engine.discardPrepared(ctx(), component, plan);
    expect(await postgres.sql(`SELECT count(*) FROM pg_database WHERE oid = ${plan.sideOid}`)).toBe('0');
  });

  it('changes nothing on another server under the same container name', async () => {
    const plan = await prepared();
    const foreign = { ...plan, systemIdentifier: '1' };
    await failing('PlanChanged', engine.close(ctx(), component, foreign));
    await failing('PlanChanged', engine.swap(ctx(), component, foreign));
    expect(await postgres.sql('SELECT n FROM t', component.database)).toBe('2');
  });

  it('starts anew where an earlier attempt left half a side database', async () => {
    const { sideName, sideOid } = await prepared();
    notes.get(`restore ${count}`)?.delete(`postgres-prepared-postgres-${sideOid}`);
    const second = await prepared();
    expect(second.sideName).toBe(sideName);
    expect(second.sideOid).not.toBe(sideOid);
    await engine.discardPrepared(ctx(), component, second);
  });
});
