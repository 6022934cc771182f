/** A worker keeps the log that its configuration asks for, and leaves how it stands where `holdfast wal status` finds it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testTiming } from '../../src/domain/timing.ts';
import type { LogStatus } from '../../src/domain/wal/log-status.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import { createPostgresWalSource } from '../../src/engines/postgres/wal/postgres-wal-source.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { readLogStatus } from '../../src/worker/wal/keep-logs.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
let state: string;
beforeAll(async () => {
  service = await startServiceFixture();
  state = await mkdtemp(join(tmpdir(), 'holdfast-state-'));
  const [postgres, redis] = service.config.services[0]?.components ?? [];
  service.define({ components: [{ ...postgres, wal: 'stream' } as NonNullable<typeof postgres>, redis as NonNullable<typeof redis>] });
});
afterAll(async () => {
  await service?.stop();
  await rm(state, { recursive: true, force: true });
});

test('from its start, over the database\'s restart, until it is told to end', async () => {
  const status = () => readLogStatus(state, service.name, 'postgres');
  const keptUpTo = async (position: string): Promise<void> => waitFor(async () => {
    const found: LogStatus | null = await status();
    return (parseLsn(found?.repositories[0]?.durable ?? '0/0') ?? 0n) >= (parseLsn(position) ?? 0n);
  });
  const stop = await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state } });
  await service.sql('CREATE TABLE events (id int)');
  await keptUpTo(await service.sql('SELECT pg_current_wal_flush_lsn()'));
  expect(await status()).toMatchObject({ service: service.name, receiver: 'running', failure: null, break: null });
  await service.runtime.kill(service.postgres);
  await service.runtime.start(service.postgres);
  await waitFor(async () => (await service.sql('INSERT INTO events VALUES (1); SELECT 1')) === '1');
  await keptUpTo(await service.sql('SELECT pg_current_wal_flush_lsn()'));
  expect(await status()).toMatchObject({ receiver: 'running', break: null });
  await stop();
  const { namespaceId } = await createRunDirectory(service.client);
  const component = service.config.services[0]?.components[0];
  if (component?.engine !== 'postgres') throw new Error('the fixture has no PostgreSQL');
  await createPostgresWalSource().stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, component, { forget: true });
  expect(await service.leftovers()).toEqual([]);
}, 180_000);
