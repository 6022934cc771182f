/** Customers: orders placed at a steady rate through the application's own pools, as long as the stores take them. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Settings } from './settings.ts';
import type { Redis, Sql } from './stores.ts';

const customers = 6;
/** Every size of data set has at least as many users. */
const users = 100;
const rowsPerOrder = 5;
const keysPerOrder = 5;

export interface WriterStats {
  readonly paused: boolean;
  readonly orders: number;
  readonly rows: number;
  readonly redisWrites: number;
  readonly failures: number;
  readonly lastFailure: string | null;
  /** The highest order number that PostgreSQL confirmed. */
  readonly lastOrder: string | null;
}

export class OrderWriter {
  readonly #settings: Settings;
  readonly #sql: Sql;
  readonly #redis: Redis;
  #paused: boolean;
  #stopped = false;
  #inFlight = 0;
  #orders = 0;
  #failures = 0;
  #lastFailure: string | null = null;
  #lastOrder: string | null = null;

  constructor(settings: Settings, sql: Sql, redis: Redis) {
    this.#settings = settings;
    this.#sql = sql;
    this.#redis = redis;
    if (settings.startPaused) writeFileSync(settings.pauseFile, '');
    this.#paused = existsSync(settings.pauseFile);
  }

  get stats(): WriterStats {
    return {
      paused: this.#paused, orders: this.#orders, rows: this.#orders * rowsPerOrder, redisWrites: this.#orders * keysPerOrder,
      failures: this.#failures, lastFailure: this.#lastFailure, lastOrder: this.#lastOrder,
    };
  }

  start(): void {
    for (let customer = 0; customer < customers; customer += 1) void this.#serve();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when the last order that had begun is in both stores or has failed. */
  async pause(): Promise<void> {
    writeFileSync(this.#settings.pauseFile, '');
    this.#paused = true;
    while (this.#inFlight > 0) await pause(10);
  }

  resume(): void {
    rmSync(this.#settings.pauseFile, { force: true });
    this.#paused = false;
  }

  async #serve(): Promise<void> {
    const intervalMs = (customers * 1_000) / this.#settings.ordersPerSecond;
    let next = performance.now() + Math.random() * intervalMs;
    while (!this.#stopped) {
      await pause(Math.max(1, next - performance.now()));
      // After a failure or a pause nobody catches up on what was missed.
      next = Math.max(next + intervalMs, performance.now());
      if (!this.#paused) next += await this.#placeOrder() ? 0 : 200;
    }
  }

  async #placeOrder(): Promise<boolean> {
    this.#inFlight += 1;
    try {
      const order = await insertOrder(this.#sql);
      await rememberOrder(this.#redis, order);
      this.#orders += 1;
      if (this.#lastOrder === null || BigInt(order) > BigInt(this.#lastOrder)) this.#lastOrder = order;
      return true;
    } catch (error) {
      this.#failures += 1;
      this.#lastFailure = (error instanceof Error ? error.message : String(error)).slice(0, 200);
      return false;
    } finally {
      this.#inFlight -= 1;
    }
  }
}

/** One transaction: an order, two lines, an event, and the user's counter by trigger. Answers the order's number. */
async function insertOrder(sql: Sql): Promise<string> {
  const user = 1 + Math.floor(Math.random() * users);
  const [row] = await sql<{ id: string }[]>`
    WITH placed AS (
      INSERT INTO orders (reference, user_id, total, tags, note, attributes)
      VALUES (gen_random_uuid(), ${user}, round((random() * 900)::numeric, 2), '{web}', 'placed by the shop', '{"channel": "web"}') RETURNING id
    ), lines AS (
      INSERT INTO order_lines (order_id, line, sku, quantity, price)
      SELECT id, line, 'SKU-' || line, line, 9.90 FROM placed, generate_series(1, 2) AS line RETURNING line
    ), event AS (
      INSERT INTO audit.events (kind, payload) SELECT 'order', json_build_object('order', id) FROM placed RETURNING 1
    )
    SELECT id FROM placed`;
  if (row === undefined) throw new Error('the order got no number');
  return row.id;
}

async function rememberOrder(redis: Redis, order: string): Promise<void> {
  const session = `session:live:${BigInt(order) % 2000n}`;
  await redis.multi()
    .hSet(session, { order, seen: String(Date.now()) })
    .expire(session, 86_400)
    .zAdd('session:index', { score: Number(order), value: session })
    .incr('counter:orders')
    .xAdd('stream:orders', '*', { order }, { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: 20_000 } })
    .exec();
}
