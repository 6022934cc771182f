/**
 * The shop's own tests, against stores that its settings name: what its people know of their data and no backup can, and an order that is placed for good. Run in a drill,
 * where nobody minds. Ends with 0 where all of them hold.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { checkHealth } from './health-check.ts';
import { readSettings } from './settings.ts';
import { connectPostgres, connectRedis } from './stores.ts';

const settings = readSettings(process.env);
const sql = connectPostgres(settings);
const redis = connectRedis(settings);
test.after(async () => {
  redis.destroy();
  await sql.end({ timeout: 1 });
});

test('the shop is well: both stores answer, are of one moment, and take what is written', async () => {
  for (let attempt = 0; attempt < 50 && !redis.isReady; attempt += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual((await checkHealth(sql, redis)).reasons, []);
});

test('no order is without lines, and no line without an order', async () => {
  const [{ orphans, empty } = { orphans: -1, empty: -1 }] = await sql<{ orphans: number; empty: number }[]>`
    SELECT (SELECT count(*)::int FROM order_lines l WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = l.order_id)) AS orphans,
           (SELECT count(*)::int FROM orders o WHERE NOT EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id)) AS empty`;
  assert.deepEqual({ orphans, empty }, { orphans: 0, empty: 0 });
});

test('the next order gets a number that no order has', async () => {
  const [next] = await sql<{ taken: boolean }[]>`WITH next AS (SELECT nextval('order_number_seq') AS id) SELECT EXISTS (SELECT FROM orders o WHERE o.id = next.id) AS taken FROM next`;
  assert.equal(next?.taken, false);
});
