/** A database whose settings lead to names of its own in front of the server's (reliability.md T10): neither an assertion nor a count or hash of ours is answered by them. */
import { expect, test } from 'vitest';
import type { PostgresContent } from '../../../../src/domain/content.ts';
import { postgresDrills } from '../../../../src/engines/postgres/drill/postgres-drills.ts';
import { useDocker } from '../../../support/docker.ts';
import { backUpInto, contextOf, engine, openStore, options, startPostgres } from '../postgres-fixture.ts';

const docker = useDocker();

/** Everything is equal, everything has one hash, there is always more, and another table bears the name. */
const shadow = `CREATE SCHEMA shadow; CREATE TABLE shadow.orders AS SELECT generate_series(1, 9) AS id, 'forged' AS note;
  CREATE FUNCTION shadow.always(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR shadow.= (LEFTARG = int, RIGHTARG = int, FUNCTION = shadow.always);
  CREATE FUNCTION shadow.lower(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'forged' $$;
  CREATE FUNCTION shadow.hash_record_extended(record, bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN 7; END $$;
  CREATE AGGREGATE shadow.count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '100');
  GRANT USAGE ON SCHEMA shadow TO PUBLIC; GRANT SELECT ON shadow.orders TO PUBLIC;`;
const inFront = 'ALTER DATABASE app SET search_path = shadow, pg_catalog, public; ALTER ROLE ALL SET search_path = shadow, pg_catalog, public;';

test('an assertion is answered by the data and by the server', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql(`CREATE TABLE orders (id int, note text); INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c'); ${shadow}`);
  await postgres.sql(inFront);
  expect(await postgres.sql('SELECT count(*), lower(\'A\') FROM orders WHERE id = 1')).toBe('109|forged');
  const backup = await backUpInto(docker, postgres, store);
  const ask = async (...questions: readonly string[]) => postgresDrills.ask(contextOf(docker), postgres.component, { containerId: postgres.id, backup }, questions.map((sql, index) => ({ kind: 'sql', name: `q${index}`, component: 'postgres', sql, expect: { kind: 'rows' } })));
  const answered = await ask('SELECT count(*) FROM orders', 'SELECT count(*) FROM orders WHERE id = 1', 'SELECT lower(\'A\')', 'SELECT string_agg(note, \'\' ORDER BY id) FROM orders');
  expect(answered).toEqual(['3', '1', 'a', 'abc'].map((value) => ({ answer: { rows: 1, value } })));
});

test('what is counted and hashed is what is there, and a row that changes changes it', async () => {
  const postgres = await startPostgres(docker);
  await postgres.sql(`CREATE TABLE orders (id int, note text); INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c'); ${shadow}`);
  const read = async () => ((await engine.readContent(contextOf(docker), postgres.component, options)) as PostgresContent).tables;
  const plain = await read();
  await postgres.sql(inFront);
  expect(await read()).toEqual(plain);
  await postgres.sql('UPDATE public.orders SET note = \'z\' WHERE id OPERATOR(pg_catalog.=) 2');
  const [hashesBefore, hashesAfter] = [plain, await read()].map((tables) => tables.filter(({ table }) => table === 'public.orders').map(({ rows, hash }) => [rows, hash]));
  expect(hashesBefore).toEqual([['3', expect.any(String)]]);
  expect(hashesAfter).not.toEqual(hashesBefore);
});
