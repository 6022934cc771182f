/** Planting a canary in a live PostgreSQL: what a server has that takes none is said, nothing of it is changed, and nobody's code is run. */
import { expect, it } from 'vitest';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, engine, startPostgres } from './postgres-fixture.ts';

const docker = useDocker();
const canary = { nonce: '0f'.repeat(16), writtenAt: '2026-11-23T01:00:00.000Z' };
const table = 'CREATE TABLE holdfast.canary (id boolean PRIMARY KEY DEFAULT true CHECK (id), nonce text NOT NULL, written_at timestamptz NOT NULL)';

it('is written by whoever may, and where nobody may, is published to those who lack the table, or could run others\' code, why not is answered', async () => {
  const postgres = await startPostgres(docker);
  await postgres.sql('CREATE ROLE keeper LOGIN; GRANT pg_read_all_data TO keeper; CREATE ROLE owner LOGIN; CREATE TABLE ran (who text); GRANT INSERT ON ran TO PUBLIC');
  const plant = (component: Partial<PostgresComponent> = {}) => engine.plantCanary(contextOf(docker), { ...postgres.component, ...component }, canary);
  const rows = () => postgres.sql('SELECT nonce FROM holdfast.canary');
  const anew = () => postgres.sql('DROP SCHEMA IF EXISTS holdfast CASCADE');
  const isNotThere = async () => expect(await postgres.sql('SELECT to_regnamespace(\'holdfast\') IS NULL OR to_regclass(\'holdfast.canary\') IS NULL')).toBe('t');

  // One who may not make it; then, as the runbook says, where it was made for him, with nothing but what he needs.
  expect(await plant({ user: 'keeper' })).toMatch(/permission denied for database app/);
  await isNotThere();
  await postgres.sql(`CREATE SCHEMA holdfast; ${table}; GRANT USAGE ON SCHEMA holdfast TO keeper; GRANT SELECT, INSERT, UPDATE ON holdfast.canary TO keeper`);
  expect([await plant({ user: 'keeper' }), await rows()]).toEqual([null, canary.nonce]);

  // What subscribers lack would stop them; once it is there, a row more is theirs to take.
  await anew();
  await postgres.sql('CREATE PUBLICATION everything FOR ALL TABLES');
  expect(await plant()).toMatch(/a publication sends all tables/);
  await isNotThere();
  await postgres.sql(`CREATE SCHEMA holdfast; ${table}`);
  expect([await plant(), await plant(), await rows()]).toEqual([null, null, canary.nonce]);
  await postgres.sql('DROP PUBLICATION everything');

  // Somebody else's schema, table, trigger and rule: none of his code is run by who may do everything.
  const spy = 'CREATE FUNCTION holdfast.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (current_user); RETURN NEW; END $$; CREATE TRIGGER spy BEFORE INSERT ON holdfast.canary FOR EACH ROW EXECUTE FUNCTION holdfast.spy()';
  const cases: readonly (readonly [sql: string, why: RegExp])[] = [
    [`CREATE SCHEMA holdfast AUTHORIZATION owner; ${table}; ${spy}`, /belongs to owner, whose code would be run by postgres/],
    [`CREATE SCHEMA holdfast; ${table}; ALTER TABLE holdfast.canary OWNER TO owner`, /belongs to owner/],
    [`CREATE SCHEMA holdfast; ${table}; ${spy}`, /no plain table/],
    [`CREATE SCHEMA holdfast; ${table}; CREATE RULE spy AS ON INSERT TO holdfast.canary DO ALSO INSERT INTO public.ran VALUES (current_user)`, /no plain table/],
    [`CREATE SCHEMA holdfast; ${table.replace('CREATE', 'CREATE UNLOGGED')}`, /no plain table/],
    ['CREATE SCHEMA holdfast; CREATE VIEW holdfast.canary AS SELECT 1 AS id', /no plain table/],
    ['CREATE SCHEMA holdfast; CREATE TABLE holdfast.canary (note text)', /column "nonce"/],
  ];
  for (const [sql, why] of cases) {
    await anew();
    await postgres.sql(sql);
    expect([sql, await plant()]).toEqual([sql, expect.stringMatching(why)]);
  }
  expect(await postgres.sql('SELECT count(*) FROM ran')).toBe('0');

  // What is read only by default was made so by its owner; a search path changes nothing, and a table that is held only when it is tried again.
  await anew();
  await postgres.sql('ALTER DATABASE app SET default_transaction_read_only = on');
  expect(await plant()).toMatch(/takes no writes/);
  await postgres.sql('ALTER DATABASE app RESET default_transaction_read_only', 'postgres');
  await isNotThere();
  await postgres.sql('CREATE SCHEMA evil; CREATE FUNCTION evil.hashtext(text) RETURNS int LANGUAGE sql AS \'INSERT INTO public.ran VALUES (current_user); SELECT 1\'; ALTER ROLE postgres SET search_path = evil, pg_catalog');
  expect([await plant(), await rows(), await postgres.sql('SELECT count(*) FROM public.ran')]).toEqual([null, canary.nonce, '0']);
  await postgres.sql('ALTER ROLE postgres RESET search_path');
  const holder = postgres.works('BEGIN; LOCK TABLE holdfast.canary; SELECT pg_sleep(600)');
  const held = 'SELECT pid FROM pg_locks WHERE mode = \'AccessExclusiveLock\' AND granted AND relation = \'holdfast.canary\'::regclass';
  await expect.poll(() => postgres.sql(held), { timeout: 60_000 }).not.toBe('');
  await failing('TableLocked', plant());
  await postgres.sql(`SELECT pg_terminate_backend(pid) FROM (${held}) holders`);
  expect(await holder).toBe(false);
}, 170_000);
