/** Roles on a server that lacks them: what the dump names is there for the restore, and becomes what it was when the database is open. */
import { expect, it } from 'vitest';
import type { PostgresDump } from '../../../src/domain/backup-manifest.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { contextOf, cutOver, engine, openStore, options, startPostgres } from './postgres-fixture.ts';

const docker = useDocker();
const rolesSql = 'SELECT a.rolname, a.rolcanlogin, a.rolconnlimit, a.rolpassword, r.rolconfig, shobj_description(a.oid, \'pg_authid\') FROM pg_authid a JOIN pg_roles r USING (oid) WHERE a.rolname IN (\'app\', \'readers\', \'bystander\') ORDER BY 1';
const membershipsSql = 'SELECT roleid::regrole, member::regrole FROM pg_auth_members WHERE member::regrole::text = \'app\' OR roleid::regrole::text = \'readers\' ORDER BY 1, 2';

it('come back whole once the restored database is open, and no role that was there is altered', async () => {
  // The first superuser has another name, and owns something in a database of somebody else's.
  const source = await startPostgres(docker, { environment: { POSTGRES_USER: 'admin' }, database: 'admin' });
  await source.sql(`CREATE ROLE app LOGIN PASSWORD 'canary-app' CONNECTION LIMIT 9; CREATE ROLE readers; CREATE ROLE outsiders; CREATE ROLE bystander LOGIN PASSWORD 'canary-bystander';
    GRANT readers, outsiders TO app; GRANT readers TO bystander; ALTER ROLE app SET work_mem = '5MB'; COMMENT ON ROLE app IS 'it''s "the" app; \\';
    CREATE DATABASE theirs OWNER app;`);
  await source.sql('CREATE TABLE t (n int); INSERT INTO t VALUES (1); ALTER TABLE t OWNER TO app; GRANT SELECT ON t TO readers, bystander; CREATE TABLE of_admin (n int);', 'theirs');
  await using store = await openStore();
  const component = { ...source.component, database: 'theirs' };
  const backup = await engine.backUp(contextOf(docker, new Map(), { run: 'backup' }), component, store.destination, options) as PostgresDump;
  expect(backup.roles.filter(({ referenced }) => referenced).map(({ name }) => name)).toEqual(['admin', 'app', 'bystander', 'readers']);

  const bare = await startPostgres(docker, { database: 'postgres', args: ['-c', 'log_statement=all', '-c', 'log_min_duration_statement=0', '-c', 'shared_preload_libraries=pg_stat_statements'] });
  await bare.sql('CREATE ROLE bystander;');
  const notes: Notes = new Map();
  const ctx = contextOf(docker, notes, { run: 'restore' });
  const target = { ...bare.component, database: 'theirs' };
  const prepared = await engine.prepare(ctx, target, backup, store.source);
  expect(prepared.createdRoles).toEqual(['admin', 'app', 'readers']);
  expect(prepared.notes).toEqual(['admin', 'app', 'readers'].map((name) => `Role ${name} is missing: it is created without login; login, password and memberships come back once the restored database is open.`));
  const plan = await cutOver(ctx, target, prepared, backup);
  const complete = () => engine.completeRestore(ctx, target, plan, backup, store.source, prepared.createdRoles);
  expect(await complete()).toEqual(['The membership of app in outsiders was not given back: there is no such role.']);
  const [app, bystander, readers] = (await source.sql(rolesSql)).split('\n');
  expect((await bare.sql(rolesSql)).split('\n')).toEqual([app, 'bystander|f|-1|||', readers]);
  expect(bystander).toContain('bystander|t');
  expect(await bare.sql(membershipsSql)).toBe('readers|app');
  expect(await bare.sql('SELECT rolsuper, rolcanlogin FROM pg_roles WHERE rolname = \'admin\'')).toBe('t|t');

  // Whoever was completed is a role of the server's like any other.
  await bare.sql('ALTER ROLE app NOLOGIN');
  expect(await complete()).toEqual([]);
  expect(await bare.sql('SELECT rolcanlogin FROM pg_roles WHERE rolname = \'app\'')).toBe('f');
  const log = await docker.engineCall('GET', `/containers/${bare.id}/logs?stdout=1&stderr=1`);
  expect(log).toContain('log_statement = \'none\'');
  expect(log + JSON.stringify([...notes.values()].map((own) => [...own]))).not.toContain('SCRAM-SHA-256');
  await bare.sql('CREATE EXTENSION pg_stat_statements');
  expect(await bare.sql('SELECT count(*) FILTER (WHERE query ~ \'CREATE ROLE\') > 0, count(*) FILTER (WHERE query ~ \'SCRAM-SHA-256\\$\') FROM pg_stat_statements')).toBe('t|0');
});
