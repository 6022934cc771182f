/** The demo's shop, configured by a file, restored under clients that never stop reconnecting; its canary secret shows nowhere. */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { health, waitForHealth, writerStats } from '../../devbox/demo/application-client.ts';
import { disaster } from '../../devbox/demo/disaster.ts';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import { approveUpdate, statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startShopFixture, type ShopFixture } from '../support/shop-fixture.ts';

let service: ShopFixture;
beforeAll(async () => {
  service = await startShopFixture(60);
  await service.startWorker({ skewLimit: '10m' });
});
afterAll(() => service?.stop());

const sql = (text: string): Promise<string> => service.sql(text);
const start = (type: string, input: object): Promise<WorkflowHandle> =>
  service.client.workflow.start(type, { taskQueue: service.name, workflowId: `holdfast/${type}/${service.name}`, args: [{ service: service.name, ...input }] });

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

  const at = await disaster(service.shop);
  expect((await health(service.shop)).status).toBe(503);
  const restore = await start('restoreBackup', { backup: 'latest', since: at });
  await waitFor(async () => (await restore.query(statusQuery)).phase === 'awaitingApproval');
  const { plan } = await restore.query(statusQuery);
  expect(Number(plan?.body.losses.find((loss) => loss.component === 'postgres')?.transactions)).toBeGreaterThan(0);
  await restore.executeUpdate(approveUpdate, { args: [{ digest: plan?.envelope.digest ?? '', runId: plan?.envelope.runId ?? '', by: 'test' }] });
  const { report } = await restore.result() as RestoreBackupResult;
  expect(report).toMatchObject({ disaster: { at, source: 'since' } });

  await waitForHealth(service.shop, 30_000);
  const { orders } = await writerStats(service.shop);
  await waitFor(async () => (await writerStats(service.shop)).orders > orders);
  expect(await properties()).toBe(before);
  expect(await service.runtime.list({ 'dev.holdfast.service': service.name })).toEqual([]);
  for (const handle of [backup, restore]) {
    const history = JSON.stringify(await handle.fetchHistory(), (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value));
    expect(history).toContain(service.name);
    expect(history).not.toContain(service.canary);
  }
});
