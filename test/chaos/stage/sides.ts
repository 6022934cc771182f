/** The two sides of a stage: what its backups hold, and what has happened since; and how any store is told to say which it is on. */
import type { ServiceFixture } from '../../support/service-fixture.ts';

export type Side = 'saved' | 'live';
/** What a store may be on: `merged` is PostgreSQL on the live side with one table's rows of the saved one. */
export type Sight = Side | 'merged';

export interface Fingerprint {
  readonly postgres: string;
  readonly redis: string;
}

const rows = (from: number): string => `INSERT INTO items SELECT n, 'item ' || n, n * 1.10 FROM generate_series(${from}, 300) n;`;
const reader = 'CREATE ROLE chaos_reader NOLOGIN; GRANT SELECT ON items TO chaos_reader;';

const createSql = `
  CREATE TABLE state (word text); INSERT INTO state VALUES ('saved');
  CREATE TABLE items (id int PRIMARY KEY, body text, price numeric(10,2)); ${rows(1)}
  SELECT lo_from_bytea(0, 'large'::bytea); ${reader}`;

/** From the live one. */
const savedSql = `UPDATE state SET word = 'saved'; DELETE FROM items; ${rows(1)} DROP TABLE only_live; ${reader}`;

/** From whichever side; the role is gone, so that a restore has to make it and a roll-back to remove it. */
const liveSql = `
  UPDATE state SET word = 'live'; DELETE FROM items WHERE id > 100; CREATE TABLE IF NOT EXISTS only_live (n int);
  DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chaos_reader') THEN DROP OWNED BY chaos_reader; DROP ROLE chaos_reader; END IF; END $$;`;

/** One line; the same on any copy of the same data. */
const fingerprintSql = `SELECT (SELECT string_agg(word, ',') FROM state) || ' ' || (SELECT count(*) || '/' || coalesce(sum(hashtext(items::text)), 0) FROM items)
  || ' ' || (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) || ' ' || (SELECT count(*) FROM pg_largeobject_metadata)`;

/** What the live side looks like with the rows of `items` back in it, without having them. */
const mergedSql = `BEGIN; ${rows(101)} ${fingerprintSql}; ROLLBACK;`;

const redisKeys = 40;
const redisKeysLost = 10;

export async function createSaved(service: ServiceFixture): Promise<void> {
  await service.sql(createSql);
  await setSessions(service, redisKeys);
  await service.redisCli('SET', 'state', 'saved');
}

/** From the live side. */
export async function toSaved(service: ServiceFixture): Promise<void> {
  await service.sql(savedSql);
  await setSessions(service, redisKeysLost);
  await service.redisCli('SET', 'state', 'saved');
  await service.redisCli('DEL', 'only-live');
}

/** From either. */
export async function toLive(service: ServiceFixture): Promise<void> {
  await service.sql(liveSql);
  await service.redisCli('DEL', ...Array.from({ length: redisKeysLost }, (_, n) => `session:${n}`));
  await service.redisCli('SET', 'state', 'live');
  await service.redisCli('SET', 'only-live', 'yes');
}

async function setSessions(service: ServiceFixture, count: number): Promise<void> {
  await service.redisCli('MSET', ...Array.from({ length: count }, (_, n) => [`session:${n}`, `value ${n}`]).flat());
}

export const readFingerprint = async (service: ServiceFixture): Promise<Fingerprint> => ({
  postgres: await service.sql(fingerprintSql),
  redis: [await service.redisCli('GET', 'state'), await service.redisCli('DBSIZE'), await service.redisCli('EXISTS', 'only-live')].join(' '),
});

export const readMerged = (service: ServiceFixture): Promise<string> => service.sql(mergedSql);
