import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deletedFrom, deleteWithoutWhere, readStanding } from '../../devbox/demo/accident.ts';
import { health, pauseWriter, resumeWriter, waitForHealth, writerStats } from '../../devbox/demo/application-client.ts';
import { demoPassword } from '../../devbox/demo/demo-containers.ts';
import { startDemoService, stopDemoService } from '../../devbox/demo/demo-service.ts';
import type { DemoOptions, DemoService } from '../../devbox/demo/demo-shape.ts';
import { disaster, isDisaster } from '../../devbox/demo/disaster.ts';
import { canaryToken, psql, redisCli } from '../../devbox/demo/seed-data.ts';
import { connectDocker } from '../../devbox/docker-connection.ts';
import { findLeftovers } from '../../devbox/leftovers.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { waitUntil } from '../../src/containers/wait-until.ts';
import { DockerScope, testDockerHost } from '../support/docker.ts';

const prefix = `holdfast-test-${new DockerScope().id}`;
const options: DemoOptions = { dockerHost: testDockerHost(), prefix, label: 'dev.holdfast.test', sizeMb: 5, port: null, redisPassword: 'canary-of-the-demo' };
const runtime = createDockerRuntime(options.dockerHost);
let service: DemoService;

const sql = async (text: string): Promise<string> => (await psql(runtime, options, text)).stdout.trim();
const redis = async (...args: string[]): Promise<string> => (await redisCli(runtime, options, args)).stdout.trim();
const ordersBeyond = (count: number) => waitUntil(
  async () => ((await writerStats(service)).orders > count ? true : null),
  { withinMs: 60_000, everyMs: 100 },
  () => { throw new Error(`the writer placed no more than ${count} orders`); },
);

describe('the demo service', () => {
  beforeAll(async () => void (service = await startDemoService(options)));
  afterAll(() => stopDemoService(options));

  it('comes up healthy, and is used again when it is whole', async () => {
    expect(await health(service)).toEqual({ healthy: true, status: 200, reasons: [] });
    const before = (await runtime.list({ [options.label]: prefix })).map((container) => container.id).sort();
    expect(await startDemoService(options)).toEqual(service);
    expect((await runtime.list({ [options.label]: prefix })).map((container) => container.id).sort()).toEqual(before);
  });

  it('is seeded the same way every time, with what a dump can trip over', async () => {
    expect(await sql('SELECT count(*) FROM orders WHERE id <= 8250')).toBe('8250');
    expect(await sql("SELECT md5(string_agg(reference::text || user_id || status || total, ',' ORDER BY id)) FROM orders WHERE id <= 1000")).toBe('506db0f3788caba93f14ad31c70d2a27');
    expect(await sql("SELECT md5(string_agg(sku || quantity || price, ',' ORDER BY order_id, line)) FROM order_lines WHERE order_id <= 1000")).toBe('93e37dec65d46c7b90721089d9feac96');
    expect(await sql('SELECT count(*) FROM pg_largeobject_metadata')).toBe('12');
    expect(await sql('SELECT count(*) FROM pg_inherits')).toMatch(/^[1-9]/);
    expect(await sql('SELECT token FROM service_canary')).toBe(canaryToken(5));
    expect(await redis('GET', 'service:canary')).toBe(canaryToken(5));
    expect(Number(await redis('TTL', 'session:1'))).toBeGreaterThan(3_600);
    expect(await redis('-n', '1', 'HGET', 'settings', 'theme')).toBe('dark');
    expect(await redis('CONFIG', 'GET', 'appendonly')).toContain('yes');
  });

  it('is as compressible as real data: a dump shrinks to a fraction, not to nothing', async () => {
    const measure = `pg_dump -h 127.0.0.1 -U postgres shop > /tmp/shop.sql && wc -c < /tmp/shop.sql && gzip -c /tmp/shop.sql | wc -c; rm -f /tmp/shop.sql`;
    const { stdout, stderr } = await runtime.exec(service.postgres.container, { argv: ['sh', '-c', measure], environment: { PGPASSWORD: demoPassword(prefix) }, timeoutMs: 60_000 });
    const [plain = 0, zipped = 0] = stdout.trim().split('\n').map(Number);
    expect(plain, stderr).toBeGreaterThan(1_000_000);
    expect(plain / zipped).toBeGreaterThan(2.5);
    expect(plain / zipped).toBeLessThan(4);
  });

  it('answers a question about its health without a trace in the data', async () => {
    await pauseWriter(service);
    const look = async () => [await sql('SELECT * FROM service_probe'), await redis('EXISTS', 'probe:health')];
    const before = await look();
    expect((await health(service)).healthy).toBe(true);
    expect(await look()).toEqual(before);
    await resumeWriter(service);
  });

  it('writes to both stores all the time, and what it reports is there', async () => {
    await ordersBeyond((await writerStats(service)).orders);
    const { orders, lastOrder, paused } = await pauseWriter(service);
    expect(paused).toBe(true);
    expect(await sql('SELECT max(id) FROM orders')).toBe(lastOrder);
    expect(Number(await sql('SELECT count(*) FROM order_lines WHERE order_id > 8250'))).toBe(orders * 2);
    expect(Number(await redis('GET', 'counter:orders'))).toBe(orders);
    expect((await writerStats(service)).orders).toBe(orders);
    await resumeWriter(service);
    await ordersBeyond(orders);
  });

  it('stays paused over a restart of its container, and comes back by itself when the stores do', async () => {
    await pauseWriter(service);
    await connectDocker(options.dockerHost).getContainer(service.application.container).restart();
    await waitForHealth(service, 60_000);
    expect((await writerStats(service)).paused).toBe(true);
    await resumeWriter(service);
    for (const { container } of [service.postgres, service.redis]) await connectDocker(options.dockerHost).getContainer(container).restart();
    await waitForHealth(service, 60_000);
    await ordersBeyond((await writerStats(service)).orders);
  });

  it('is reached by loopback names only', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      request(service.healthUrl, { headers: { host: 'evil.example' } }, (response) => resolve(response.resume().statusCode)).on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  it('counts, under its writer, exactly what was there before a DELETE without WHERE, and stays healthy', async () => {
    const { xid, before } = await deleteWithoutWhere(runtime, service);
    const [orders, newest, lines, deleted] = (await sql(`SELECT count(*), max(id) FROM orders WHERE xmin::text::bigint < ${xid}; SELECT count(*) FROM order_lines WHERE xmin::text::bigint < ${xid}; SELECT count(*) FROM ${deletedFrom} WHERE xmin::text::bigint < ${xid}`)).split(/[|\n]/).map(Number);
    expect({ orders, newest, lines, deleted }).toEqual({ orders: before.orders, newest: before.newestOrder, lines: before.orderLines, deleted: 0 });
    expect(before.events).toBeGreaterThan(4_000);
    expect(await sql(`SELECT pg_xact_status('${xid}')`)).toBe('committed');
    expect(await health(service)).toEqual({ healthy: true, status: 200, reasons: [] });
    await ordersBeyond((await writerStats(service)).orders);
    expect(await readStanding(runtime, service)).not.toEqual(before);
  });

  it('says after a disaster what is gone', async () => {
    expect(await isDisaster(runtime, service)).toBe(false);
    await disaster(service);
    expect(await isDisaster(runtime, service)).toBe(true);
    const { status, reasons } = await waitForHealth(service, 60_000, false);
    expect(status).toBe(503);
    expect(reasons.join('\n')).toMatch(/PostgreSQL: relation .* does not exist[^]*Redis: the canary is gone/);
  });

  it('is taken away whole when its start is interrupted', async () => {
    const other = { ...options, prefix: `${prefix}-interrupted`, redisPassword: 'none' };
    const controller = new AbortController();
    const starting = startDemoService({ ...other, signal: controller.signal });
    await waitUntil(async () => ((await runtime.list({ [options.label]: other.prefix })).length > 0 ? true : null), { withinMs: 60_000, everyMs: 20 }, () => { throw new Error('nothing was created'); });
    controller.abort(new Error('interrupted'));
    await expect(starting).rejects.toThrow('interrupted');
    expect((await findLeftovers(options.dockerHost)).filter((name) => name.includes(other.prefix))).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    await stopDemoService(options);
    expect((await findLeftovers(options.dockerHost)).filter((name) => name.includes(prefix))).toEqual([]);
    expect(await health(service)).toMatchObject({ healthy: false, status: null });
  });
});
