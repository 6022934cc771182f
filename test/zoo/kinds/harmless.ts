/** Differences that lose nothing and break nothing: none of them may ever be a failure. */
import { setTimeout } from 'node:timers/promises';
import type { Animal, Origin } from '../animal.ts';
import type { EngineName } from '../../../src/domain/engine-name.ts';
import { loginThatWrites } from '../../support/login-that-writes.ts';
import { changeDump } from '../stored-backup.ts';
import { endedAtStart, kill } from '../troubles/servers-of-others.ts';
import { hashesThatGo } from './keys.ts';
import { goneBut, inChanged } from './server.ts';

type Further = Pick<Animal, 'damage' | 'drill' | 'trouble'>;
const healthy = (name: string, from: Origin, further: Further = {}, sentence = /equal to the manifest|same cluster/, of: EngineName = 'postgres'): Animal =>
  ({ name: `healthy/${name}`, of, from, ...further, expected: { verdict: 'proven', check: `content:${of}`, class: 'asExpected', sentence } });

const service: Origin = { kind: 'service' };
const database = (sql: string, further: { readonly roles?: string; readonly undo?: string } = {}): Origin => ({ kind: 'database', sql, ...further });

const visits = `CREATE FUNCTION day_of(timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT $1::date $$; CREATE TABLE visits (at timestamptz, day date CHECK (day = at::date)); CREATE UNIQUE INDEX by_day ON visits (day_of(at));
  INSERT INTO visits VALUES ('2026-01-01 10:30+00', '2026-01-01'), ('2026-01-01 12:30+00', '2026-01-02');`;

export const harmlessKinds: readonly Animal[] = [
  healthy('dump', service), healthy('base', { kind: 'base' }), healthy('keys', service, {}, /equal to the manifest: 56 keys in 2 databases, digest equal/, 'redis'),
  healthy('base-recovery-killed-once', { kind: 'base' }, { trouble: async () => endedAtStart('recovery', kill, 1) }),
  healthy('no-keys', { kind: 'keys', commands: [['FLUSHALL'], ['FUNCTION', 'FLUSH']] }, {}, /equal to the manifest: 0 keys/, 'redis'),
  healthy('keys-that-expired', { kind: 'keys', commands: [['SET', 'brief', '1', 'PX', '20000']] }, { damage: () => setTimeout(20_000) }, /equal to the manifest: 57 keys.*1 of them had a time to live that is over/, 'redis'),
  healthy('hashes-whose-fields-expired', { kind: 'keys', commands: hashesThatGo }, { damage: () => setTimeout(20_000) }, /equal to the manifest: 59 keys.*2 of them had a time to live that is over/, 'redis'),
  healthy('redis-server-killed-once', service, { trouble: async () => endedAtStart('drill-server', kill, 1) }, /equal to the manifest: 56 keys/, 'redis'),
  healthy('image-built-anew', service, { damage: inChanged('touch /built-anew') }), healthy('image-without-amcheck', service, { damage: inChanged('rm /usr/share/postgresql/17/extension/amcheck.control') }),
  healthy('image-pulled-anew', service, { damage: (backup) => changeDump(backup, (own) => ({ ...own, server: { ...own.server, ...goneBut('postgres:17') } })) }),
  healthy('newer-major', service, { damage: (backup) => changeDump(backup, (own) => ({ ...own, server: { ...own.server, ...goneBut('postgres:18') } })) }),
  healthy('tablespace', database('CREATE TABLE apart (n int) TABLESPACE zoo_away; INSERT INTO apart SELECT generate_series(1, 50);', {
    roles: 'COPY (SELECT 1) TO PROGRAM \'mkdir -p /var/lib/postgresql/zoo_away\'; CREATE TABLESPACE zoo_away LOCATION \'/var/lib/postgresql/zoo_away\';', undo: 'DROP TABLE apart; DROP TABLESPACE zoo_away;',
  })),
  healthy('nothing-in-it', { kind: 'database', options: 'TEMPLATE template0', sql: 'SELECT 1;' }),
  // The index is built anew from the rows.
  healthy('index-corrupt-in-the-original', database('CREATE FUNCTION place(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n $$; CREATE INDEX orders_place ON orders (place(customer)); CREATE OR REPLACE FUNCTION place(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT -n $$;')),
  {
    // It serves its application every day, and amcheck cannot evaluate it.
    name: 'healthy/base-index-needs-a-search-path', of: 'postgres', expected: { verdict: 'proven', check: 'amcheck:postgres', class: 'asExpected', sentence: /but for btree index "shop\.public\.shelves_place"/ },
    from: {
      kind: 'base', undo: 'DROP TABLE shelves; DROP FUNCTION place(int), plain(int);',
      sql: `CREATE FUNCTION plain(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n $$; CREATE FUNCTION place(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN plain(n); END $$;
        CREATE TABLE shelves (n int); CREATE INDEX shelves_place ON shelves (place(n)); INSERT INTO shelves SELECT generate_series(1, 100);`,
    },
  },
  // As some 7,000 are under the usual settings.
  healthy('more-tables-than-locks', database('DO $$ BEGIN FOR n IN 1..3000 LOOP EXECUTE format(\'CREATE TABLE t%s (n int)\', n); END LOOP; END $$;'), {
    damage: (backup) => changeDump(backup, (own) => ({ ...own, server: { ...own.server, ...(own.server.setUp === undefined ? {} : { setUp: { ...own.server.setUp, command: ['postgres', '-c', 'max_connections=8', '-c', 'max_wal_senders=0', '-c', 'max_worker_processes=2'] } }) } })),
  }),
  // Under GMT they lie on one day, and not on the one that stands beside.
  healthy('time-zone-of-the-database', database(`ALTER DATABASE $DATABASE SET timezone = 'Pacific/Auckland'; SET timezone = 'Pacific/Auckland'; ${visits}`)),
  healthy('time-zone-of-the-server', database(`ALTER SYSTEM SET timezone = 'Pacific/Auckland'; SELECT pg_reload_conf(); SET timezone = 'Pacific/Auckland'; ${visits}`, { undo: 'ALTER SYSTEM RESET timezone; SELECT pg_reload_conf();' })),
  healthy('base-time-zone-of-the-server', { kind: 'base', sql: `ALTER SYSTEM SET timezone = 'Pacific/Auckland'; SET timezone = 'Pacific/Auckland'; ${visits}`, undo: 'ALTER SYSTEM RESET timezone; DROP TABLE visits; DROP FUNCTION day_of;' }),
  healthy('event-trigger-refuses-everything', database('CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \'no more changes\'; END $$; CREATE EVENT TRIGGER no_changes ON ddl_command_start EXECUTE FUNCTION refuse();')),
  healthy('login-that-writes', database(loginThatWrites), { drill: { assertions: [{ kind: 'sql', name: 'asked', component: 'postgres', expect: { kind: 'number', atLeast: '500', atMost: '500' }, sql: 'SELECT count(*) FROM orders' }] } }), healthy('base-login-that-writes', { kind: 'base', sql: loginThatWrites, undo: 'DROP EVENT TRIGGER noted; DROP FUNCTION note(); DROP TABLE logins;' }),
  healthy('subscription', database('CREATE PUBLICATION everything FOR ALL TABLES; CREATE SUBSCRIPTION upstream CONNECTION \'host=publisher\' PUBLICATION everything WITH (connect = false);', { undo: 'ALTER SUBSCRIPTION upstream SET (slot_name = NONE); DROP SUBSCRIPTION upstream;' })),
  healthy('read-only-by-default', database('ALTER DATABASE $DATABASE SET default_transaction_read_only = on;')),
  healthy('database-of-somebody-else', database('ALTER DATABASE $DATABASE OWNER TO zoo_clerk; ALTER SCHEMA public OWNER TO zoo_auditor; REVOKE ALL ON DATABASE $DATABASE FROM PUBLIC;')),
  healthy('roles-of-roles', database('GRANT SELECT ON customers TO zoo_third;', { roles: 'CREATE ROLE zoo_third NOINHERIT; GRANT zoo_auditor TO zoo_third; GRANT zoo_third TO zoo_clerk WITH ADMIN OPTION; ALTER ROLE zoo_third SET work_mem = \'3MB\';' })),
];
