/** A server that is down when runs are due: how late they may be, how many begin, and what is counted. It is one of the test's own: the shared one stays up. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applySchedule } from '../../../src/client/schedules/apply-schedule.ts';
import { readSchedule } from '../../../src/client/schedules/read-schedules.ts';
import { connectClient } from '../../../src/client/temporal-connection.ts';
import { defaultSettings } from '../../../src/domain/schedules/schedule-settings.ts';
import { wishedSchedules, type WishedSchedule } from '../../../src/domain/schedules/schedule-terms.ts';
import type { ServerRecord } from '../../../src/worker/local/local-state.ts';
import { startServer, stopServer } from '../../../src/worker/local/server-process.ts';
import { serviceWith } from '../../domain/schedules/sample-service.ts';
import { waitFor } from '../../support/service-fixture.ts';

let directory: string;
let server: ServerRecord | null = null;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast away-'));
});
afterAll(async () => {
  if (server !== null) await stopServer(server);
  await rm(directory, { recursive: true, force: true });
});

const record = async (starting: ServerRecord): Promise<void> => void (server = starting);
const start = (previous: ServerRecord | null): Promise<ServerRecord> =>
  startServer({ program: process.env['TEMPORAL_CLI'] ?? 'temporal', database: join(directory, 'temporal.sqlite'), log: join(directory, 'server.log'), previous, startMs: 60_000, record, signal: undefined });

test('what was due while it was down begins once when it is back, and is missed where it comes back too late', async () => {
  server = await start(null);
  const { address } = server;
  const client = await connectClient({ address, namespace: 'default' });
  try {
    const [backup, reap] = wishedSchedules(serviceWith([], { ...defaultSettings, times: { prune: 'off', drill: 'off', rebuild: 'off' }, jitterMs: 0 }), 'nobody') as readonly [WishedSchedule, WishedSchedule];
    const begunAt = Date.now();
    for (const wished of [backup, reap]) await applySchedule(client, { kind: 'create', id: wished.id, wished, found: null }, 'mia');
    // The server is down by then also where all of this takes long: as making them did.
    const dueAt = Math.ceil((Date.now() + 5 * (Date.now() - begunAt)) / 1000) * 1000 + 18_000;
    const calendars = [0, 1, 2].map((later) => new Date(dueAt + later * 1000)).map((at) => ({ second: at.getUTCSeconds(), minute: at.getUTCMinutes(), hour: at.getUTCHours() }));
    for (const wished of [backup, reap]) {
      // No cron string means a second; and nothing that we would make gives up after ten.
      const handle = client.schedule.getHandle(wished.id);
      await handle.update((is) => ({ ...is, spec: { calendars, timezone: 'UTC' }, policies: { ...is.policies, ...(wished === reap ? { catchupWindow: 10_000 } : {}) } }));
      // What the server's scheduler has not taken in yet would count only from its return on.
      await waitFor(async () => (await handle.describe()).info.lastUpdatedAt !== undefined);
    }
    await stopServer(server);
    await pause(dueAt + 16_000 - Date.now());
    server = await start(server);
    expect(server.address).toBe(address);
    const standing = (id: string) => readSchedule(client, id).then((found) => ({ taken: found?.taken, skipped: found?.skipped, missed: found?.missed }));
    await waitFor(async () => (await standing(backup.id)).skipped === 2);
    expect(await standing(backup.id)).toEqual({ taken: 1, skipped: 2, missed: 0 });
    await waitFor(async () => (await standing(reap.id)).missed === 3);
    expect(await standing(reap.id)).toEqual({ taken: 0, skipped: 0, missed: 3 });
    expect((await readSchedule(client, backup.id))?.running).toEqual([expect.stringMatching(/^holdfast\/backup\/shop\/scheduled-/)]);
  } finally {
    await client.connection.close();
  }
});
