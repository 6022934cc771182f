/** The demo's shop, configured by a file, restored under clients that never stop reconnecting; its canary secret shows nowhere. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { health, waitForHealth, writerStats } from '../../devbox/demo/application-client.ts';
import { demoConfig, startDemoService, stopDemoService } from '../../devbox/demo/demo-service.ts';
import type { DemoOptions, DemoService } from '../../devbox/demo/demo-shape.ts';
import { disaster } from '../../devbox/demo/disaster.ts';
import { psql } from '../../devbox/demo/seed-data.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import { approveUpdate, statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { runWorker } from '../../src/worker/main.ts';
import { DockerScope } from '../support/docker.ts';
import { waitFor } from '../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';

const scope = new DockerScope();
const name = `shop-${scope.id}`;
const canary = `canary-${scope.id}-secret`;
const options: DemoOptions = { dockerHost: dockerHost(), prefix: `holdfast-test-${scope.id}`, label: 'dev.holdfast.test', sizeMb: 5, port: null, ordersPerSecond: 60, redisPassword: canary };
let shop: DemoService;
let directory: string;
let client: Client;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  shop = await startDemoService(options);
  directory = await mkdtemp(join(tmpdir(), 'holdfast shop-'));
  await mkdir(join(directory, 'backups'));
  await writeFile(join(directory, 'holdfast.yaml'), demoConfig(shop, { backupDirectory: './backups', name, queuePrefix: name }));
  const environment = { ...process.env, DOCKER_HOST: dockerHost(), HOLDFAST_TIMING: 'test', DEMO_REDIS_PASSWORD: canary };
  const config = await loadConfig({ environment: {}, currentDirectory: directory });
  client = await connectClient({ address: temporalAddress() });
  const abort = new AbortController();
  const ready = Promise.withResolvers<void>();
  const running = runWorker({ config, temporal: { address: temporalAddress() }, environment, signal: abort.signal, onReady: () => ready.resolve() });
  running.catch((error: unknown) => ready.reject(error));
  await ready.promise;
  stopWorker = async () => {
    abort.abort();
    await running;
  };
});
afterAll(async () => {
  await stopWorker?.();
  await client?.connection.close();
  await stopDemoService(options);
  await rm(directory, { recursive: true, force: true });
});

const sql = async (text: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await psql(scope.runtime, options, text);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
};
const start = (type: string, input: object): Promise<WorkflowHandle> =>
  client.workflow.start(type, { taskQueue: name, workflowId: `holdfast/${type}/${name}`, args: [{ service: name, ...input }] });

/** What belongs to the database and its roles, not to what is in it. */
const properties = (): Promise<string> => sql(`
  SELECT pg_get_userbyid(datdba), datacl, datconnlimit, shobj_description(oid, 'pg_database'),
    (SELECT json_agg(json_build_array(setrole::regrole::text, setconfig) ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid) FROM pg_database d WHERE datname = 'shop';
  SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'shop_%' ORDER BY 1;`);

test('a shop comes back under its customers, and keeps what belongs to its database', async () => {
  await sql(`ALTER DATABASE shop OWNER TO shop_app; COMMENT ON DATABASE shop IS 'the shop''s'; ALTER DATABASE shop CONNECTION LIMIT 80;
    ALTER DATABASE shop SET work_mem = '8MB'; ALTER ROLE shop_app IN DATABASE shop SET lock_timeout = '4s'; GRANT CONNECT ON DATABASE shop TO shop_reporting;`);
  const before = await properties();
  expect(before).toMatch(/shop_app[^]*the shop's[^]*work_mem=8MB[^]*lock_timeout=4s/);
  const backup = await start('takeBackup', {});
  expect(await backup.result() as TakeBackupResult).toMatchObject({ proof: 'proven' });

  const at = await disaster(shop);
  expect((await health(shop)).status).toBe(503);
  const restore = await start('restoreBackup', { backup: 'latest', since: at });
  await waitFor(async () => (await restore.query(statusQuery)).phase === 'awaitingApproval');
  const { plan } = await restore.query(statusQuery);
  expect(Number(plan?.body.losses.find((loss) => loss.component === 'postgres')?.transactions)).toBeGreaterThan(0);
  await restore.executeUpdate(approveUpdate, { args: [{ digest: plan?.envelope.digest ?? '', runId: plan?.envelope.runId ?? '', by: 'test' }] });
  const { report } = await restore.result() as RestoreBackupResult;
  expect(report).toMatchObject({ disaster: { at, source: 'since' } });

  await waitForHealth(shop, 30_000);
  const { orders } = await writerStats(shop);
  await waitFor(async () => (await writerStats(shop)).orders > orders);
  expect(await properties()).toBe(before);
  expect(await scope.runtime.list({ 'dev.holdfast.service': name })).toEqual([]);
  for (const handle of [backup, restore]) {
    const history = JSON.stringify(await handle.fetchHistory(), (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value));
    expect(history).toContain(name);
    expect(history).not.toContain(canary);
  }
});
