/** Expressions that were declared immutable and depend on how times read: sound under what the original had, and only under that. */
import { expect, test } from 'vitest';
import type { PostgresBase } from '../../../src/domain/backup-manifest.ts';
import { useDocker } from '../../support/docker.ts';
import { waitFor } from '../../support/service-fixture.ts';
import { backUpInto, contextOf, cutOver, engine, openStore, startPostgres } from './postgres-fixture.ts';

const docker = useDocker();
const [zone, otherZone] = ['Pacific/Auckland', 'America/Anchorage'];
const functions = `CREATE FUNCTION day_of(timestamptz) RETURNS date IMMUTABLE LANGUAGE sql AS 'SELECT $1::date'; CREATE FUNCTION text_of(date) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';
  CREATE FUNCTION text_of(interval) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';`;
/** Two instants that lie on two days there, on one and the same in GMT, and on another two elsewhere. */
const visits = `CREATE TABLE visits (at timestamptz, day date CHECK (day = at::date)); INSERT INTO visits VALUES ('2026-01-01 10:30+00', '2026-01-01'), ('2026-01-01 12:30+00', '2026-01-02'); CREATE UNIQUE INDEX by_day ON visits (day_of(at));`;
const byIndex = 'SET enable_seqscan = off; SELECT count(*) FROM visits WHERE day_of(at) = \'2026-01-02\'; RESET enable_seqscan;';

test('a base backup is proven with the settings of its files, its command and its database; an index that is corrupt under them is found', async () => {
  await using store = await openStore();
  const byFile = await startPostgres(docker, { environment: { TZ: zone } });
  await byFile.sql(`${functions} ${visits}`);
  const takeBase = async (postgres: typeof byFile, name: string): Promise<PostgresBase> =>
    await engine.backUp(contextOf(docker), postgres.component, store.attempt(name), { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  expect(await engine.prove(contextOf(docker), await takeBase(byFile, 'a1'), store.source)).toMatchObject({ verdict: 'proven', differences: [] });

  const otherwise = await startPostgres(docker, { environment: { TZ: otherZone }, args: ['-c', `timezone=${zone}`] });
  await otherwise.sql('ALTER DATABASE app SET IntervalStyle = \'sql_standard\'; ALTER SYSTEM SET DateStyle = \'SQL, DMY\'; SELECT pg_reload_conf();');
  await waitFor(async () => await otherwise.sql('SHOW DateStyle') === 'SQL, DMY');
  await otherwise.sql(`${functions} ${visits} CREATE INDEX by_date ON visits (text_of(day)); CREATE TABLE spans (span interval); INSERT INTO spans VALUES ('1 day 02:03:04'); CREATE INDEX by_span ON spans (text_of(span));`);
  expect(await engine.prove(contextOf(docker), await takeBase(otherwise, 'a2'), store.source)).toMatchObject({ verdict: 'proven', differences: [] });

  await otherwise.sql('CREATE OR REPLACE FUNCTION text_of(date) RETURNS text IMMUTABLE LANGUAGE sql AS \'SELECT reverse($1::text)\';');
  const corrupt = await engine.prove(contextOf(docker), await takeBase(otherwise, 'a3'), store.source);
  expect([corrupt.verdict, corrupt.differences.map(({ object }) => object)]).toEqual(['failed', ['btree index "app.public.by_date"']]);
});

test('a dump is proven, and restored, with the settings of its database; one that this image does not know is left out', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql(`ALTER DATABASE app SET TimeZone = '${zone}';`);
  await postgres.sql(`${functions} ${visits}`);
  const backup = await backUpInto(docker, postgres, store, { run: 'backup' });
  expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), backup, store.source)).toMatchObject({ verdict: 'proven', differences: [] });

  const restore = contextOf(docker, new Map(), { run: 'restore' });
  const prepared = await engine.prepare(restore, postgres.component, backup, store.source);
  expect(prepared.compared.differences).toEqual([]);
  await cutOver(restore, postgres.component, prepared, backup);
  expect(await postgres.sql(`SHOW TimeZone; ${byIndex}`)).toBe(`${zone}\n1`);

  const unknown = { ...backup, properties: { ...backup.properties, settings: [...backup.properties.settings, { role: null, name: 'timezone', value: 'Middle-earth/Hobbiton' }] } };
  expect(await engine.prove(contextOf(docker, new Map(), { run: 'unknown' }), unknown, store.source)).toMatchObject({ verdict: 'proven' });
});

test('a dump of a server whose own file says it is proven with that, and leaves it to the server that it is restored into; one that this image does not know is left out', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { environment: { TZ: zone } });
  await postgres.sql(`${functions} ${visits} ALTER ROLE postgres IN DATABASE app SET DateStyle = 'German';`);
  const ofItsRole = await backUpInto(docker, postgres, store, { run: 'role' });
  expect(ofItsRole.timeFormats).toBeUndefined();
  await postgres.sql('ALTER ROLE postgres IN DATABASE app RESET DateStyle');
  const backup = await backUpInto(docker, postgres, store, { run: 'backup' });
  expect(backup.timeFormats).toEqual({ TimeZone: zone, DateStyle: 'ISO, MDY', IntervalStyle: 'postgres' });
  expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), backup, store.source)).toMatchObject({ verdict: 'proven', differences: [] });

  const restore = contextOf(docker, new Map(), { run: 'restore' });
  const prepared = await engine.prepare(restore, postgres.component, backup, store.source);
  await cutOver(restore, postgres.component, prepared, backup);
  expect(await postgres.sql('SELECT count(*) FROM pg_db_role_setting')).toBe('0');
  expect(await postgres.sql(byIndex)).toBe('1');

  await postgres.sql('DROP TABLE visits');
  const plain = await backUpInto(docker, postgres, store, { run: 'plain' });
  const elsewhere = { ...plain, timeFormats: { TimeZone: 'Middle-earth/Hobbiton', DateStyle: 'ISO, MDY', IntervalStyle: 'postgres' } };
  expect(await engine.prove(contextOf(docker, new Map(), { run: 'unknown' }), elsewhere, store.source)).toMatchObject({ verdict: 'proven' });
});

test('a dump of a server whose command says it is proven with that', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { args: ['-c', `TimeZone=${zone}`] });
  await postgres.sql(`${functions} ${visits}`);
  expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), await backUpInto(docker, postgres, store, { run: 'backup' }), store.source)).toMatchObject({ verdict: 'proven', differences: [] });
});
