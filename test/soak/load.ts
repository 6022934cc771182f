/**
 * Writers that make equality provable without trusting whoever is tested: every change in PostgreSQL also leaves a row that knows its own
 * transaction, so that any snapshot's content can be worked out later from the logs alone; every change in Redis is one of several that agree.
 */
import type { ServiceFixture } from '../support/service-fixture.ts';
import { testLabel } from '../support/test-environment.ts';

/** Enough that a dump takes seconds; the writers' own tables grow beside it. */
const ballastRows = 300_000;
const accounts = 2_000;
const queued = 20_000;

const schemaSql = `
  CREATE TABLE ballast (id int PRIMARY KEY, body text, price numeric(12,2), at timestamptz, extra jsonb);
  INSERT INTO ballast SELECT n, md5(n::text) || md5((n * 7)::text), n * 1.01, '2026-01-01'::timestamptz + n * interval '1 minute', jsonb_build_object('n', n, 'tag', n % 17) FROM generate_series(1, ${ballastRows}) n;
  CREATE TABLE accounts (id int PRIMARY KEY, opening bigint NOT NULL, balance bigint NOT NULL);
  INSERT INTO accounts SELECT n, n * 10, n * 10 FROM generate_series(1, ${accounts}) n;
  CREATE TABLE log (id bigserial PRIMARY KEY, account int NOT NULL REFERENCES accounts, delta int NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE TABLE queue (id bigserial PRIMARY KEY, payload text NOT NULL);
  CREATE TABLE queue_log (id bigint NOT NULL, what text NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), at timestamptz NOT NULL DEFAULT clock_timestamp());
  WITH added AS (INSERT INTO queue (payload) SELECT md5(n::text) FROM generate_series(1, ${queued}) n RETURNING id) INSERT INTO queue_log (id, what) SELECT id, 'in' FROM added;
  ANALYZE;`;

/** One transaction: an insert with an update that must agree, a row in and a row out. */
const transactionSql = `\\set account random(1, ${accounts})
\\set delta random(-50, 50)
\\set victim random(1, ${queued * 2})
BEGIN;
INSERT INTO log (account, delta) VALUES (:account, :delta);
UPDATE accounts SET balance = balance + :delta WHERE id = :account;
WITH added AS (INSERT INTO queue (payload) VALUES (md5(random()::text)) RETURNING id) INSERT INTO queue_log (id, what) SELECT id, 'in' FROM added;
WITH gone AS (DELETE FROM queue WHERE id = :victim RETURNING id) INSERT INTO queue_log (id, what) SELECT id, 'out' FROM gone;
COMMIT;
`;

/** One after the other, atomically: what any consistent copy holds agrees with itself. */
const redisScript = `local n = redis.call('INCR', 'counter') redis.call('RPUSH', 'list', n) redis.call('SADD', 'set', n) redis.call('HSET', 'hash', n % 500, n)
  redis.call('SET', 'key:' .. n % 1000, n) redis.call('ZADD', 'ranks', n, 'member-' .. n % 700) return n`;

const transactionsPerSecond = 700;
const redisPauseSeconds = '0.004';

export const seedLoad = (service: ServiceFixture): Promise<string> => service.sql(schemaSql);

/** Both writers, in containers of their own beside the databases. Answers how to stop them; what they committed stays. */
export async function startLoad(service: ServiceFixture): Promise<() => Promise<void>> {
  const writers = [
    await startWriter(service, service.postgres, 'pgbench', ['sh', '-c', `cat > /tmp/transaction.sql; exec pgbench -h 127.0.0.1 -U postgres -n -f /tmp/transaction.sql -c 6 -j 1 -R ${transactionsPerSecond} -T 600 shop`], transactionSql),
    await startWriter(service, service.redis, 'redis', ['redis-cli', '-r', '-1', '-i', redisPauseSeconds, 'EVAL', redisScript, '0']),
  ];
  return async () => {
    for (const id of writers) await service.runtime.remove(id);
  };
}

async function startWriter(service: ServiceFixture, database: string, name: string, entrypoint: readonly string[], stdin?: string): Promise<string> {
  const { imageId } = await service.runtime.inspect(database);
  const volumes = (await service.runtime.findImage(imageId))?.volumes ?? [];
  const { id } = await service.runtime.create({
    name: `hf-test-writer-${name}-${service.name}`, imageId, entrypoint: entrypoint.slice(0, 1), command: entrypoint.slice(1), labels: { [testLabel]: service.name },
    network: `container:${database}`, init: true, openStdin: stdin !== undefined, mounts: volumes.map((target) => ({ type: 'tmpfs', source: '', target })),
  });
  await service.runtime.start(id, stdin);
  return id;
}

/** What the snapshot held, worked out from the logs of a database in which the writers have stopped. */
export const expectedAt = (service: ServiceFixture, snapshot: string): Promise<string> => service.sql(`
  WITH seen AS (SELECT * FROM log WHERE pg_visible_in_snapshot(xid, '${snapshot}'::pg_snapshot)), moved AS (SELECT * FROM queue_log WHERE pg_visible_in_snapshot(xid, '${snapshot}'::pg_snapshot))
  SELECT 'log ' || count(*) || ' ' || coalesce(md5(string_agg(id || ':' || account || ':' || delta, ',' ORDER BY id)), '') FROM seen
  UNION ALL SELECT 'accounts ' || count(*) || ' ' || md5(string_agg(id || ':' || balance, ',' ORDER BY id)) FROM (SELECT a.id, a.opening + coalesce(s.delta, 0) AS balance FROM accounts a LEFT JOIN (SELECT account, sum(delta) AS delta FROM seen GROUP BY account) AS s ON s.account = a.id) AS then_
  UNION ALL SELECT 'queue ' || count(*) || ' ' || md5(string_agg(id::text, ',' ORDER BY id)) FROM (SELECT id FROM moved WHERE what = 'in' EXCEPT SELECT id FROM moved WHERE what = 'out') AS waiting
  UNION ALL SELECT 'ballast ' || count(*) || ' ' || md5(string_agg(ballast::text, ',' ORDER BY id)) FROM ballast`);

/** What the tables hold now, in the same words. */
export const foundNow = (service: ServiceFixture): Promise<string> => service.sql(`
  SELECT 'log ' || count(*) || ' ' || coalesce(md5(string_agg(id || ':' || account || ':' || delta, ',' ORDER BY id)), '') FROM log
  UNION ALL SELECT 'accounts ' || count(*) || ' ' || md5(string_agg(id || ':' || balance, ',' ORDER BY id)) FROM accounts
  UNION ALL SELECT 'queue ' || count(*) || ' ' || md5(string_agg(id::text, ',' ORDER BY id)) FROM queue
  UNION ALL SELECT 'ballast ' || count(*) || ' ' || md5(string_agg(ballast::text, ',' ORDER BY id)) FROM ballast`);

/** Committed transactions, and changed rows of the service's own tables, between two instants (milliseconds since the epoch; engine and test share a clock). */
export async function writesBetween(service: ServiceFixture, fromMs: number, toMs: number): Promise<{ readonly transactions: number; readonly rows: number }> {
  const within = `at BETWEEN to_timestamp(${fromMs} / 1000.0) AND to_timestamp(${toMs} / 1000.0)`;
  const [transactions, moved] = (await service.sql(`SELECT (SELECT count(*) FROM log WHERE ${within}) || ' ' || (SELECT count(*) FROM queue_log WHERE ${within})`)).split(' ').map(Number);
  // Each transaction changes an account, each move is a row into the queue or out of it. The rows of the two logs are the writers' own account and count for nothing.
  return { transactions: transactions ?? 0, rows: (transactions ?? 0) + (moved ?? 0) };
}

const writesPerScript = 6;

/** Writes of Redis so far. */
export const redisWrites = async (service: ServiceFixture): Promise<number> => writesPerScript * Number(await service.redisCli('GET', 'counter'));

/** `consistent` and the counter, or what disagrees. */
export const redisVerdict = (service: ServiceFixture): Promise<string> => service.redisCli('EVAL', `
  local n = tonumber(redis.call('GET', 'counter') or '0')
  if n == 0 then return 'nothing was written' end
  if redis.call('LLEN', 'list') ~= n then return 'list ' .. redis.call('LLEN', 'list') .. ' of ' .. n end
  if redis.call('SCARD', 'set') ~= n then return 'set ' .. redis.call('SCARD', 'set') .. ' of ' .. n end
  if tonumber(redis.call('LINDEX', 'list', -1)) ~= n then return 'the last element is another' end
  for i = math.max(1, n - 999), n do if tonumber(redis.call('GET', 'key:' .. i % 1000)) ~= i then return 'key ' .. i % 1000 .. ' is not ' .. i end end
  for i = math.max(1, n - 499), n do if tonumber(redis.call('HGET', 'hash', i % 500)) ~= i then return 'field ' .. i % 500 .. ' is not ' .. i end end
  if tonumber(redis.call('ZSCORE', 'ranks', 'member-' .. n % 700)) ~= n then return 'the rank of the last is another' end
  return 'consistent ' .. n`, '0');
