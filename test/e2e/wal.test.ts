/** A worker keeps the log that its configuration asks for, and has it watched: a base backup where there is none to go on from, each cause one, and every alarm told and taken back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testTiming } from '../../src/domain/timing.ts';
import type { LogStatus } from '../../src/domain/wal/log-status.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import type { WatchedLog } from '../../src/domain/wal/watched-log.ts';
import { logWatchId } from '../../src/domain/workflow-ids.ts';
import { createPostgresWalSource } from '../../src/engines/postgres/wal/postgres-wal-source.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { readLogStatus } from '../../src/worker/wal/log-status-file.ts';
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

const status = (): Promise<LogStatus | null> => readLogStatus(state, service.name, 'postgres');
const keptUpTo = async (position: string): Promise<void> => waitFor(async () => (parseLsn((await status())?.repositories[0]?.durable ?? '0/0') ?? 0n) >= (parseLsn(position) ?? 0n));
const watch = () => service.client.workflow.getHandle(logWatchId(service.name));
const watched = async (): Promise<WatchedLog | undefined> => (await watch().query<{ logs: readonly WatchedLog[] }, []>('status')).logs[0];
const backups = (): Promise<readonly string[]> => createRepository('local', createLocalStorage(service.repositoryPath)).listBackups(service.name);

/** Nothing alarming, and a base backup that the log leads on from. */
async function inOrder(): Promise<string> {
  await waitFor(async () => {
    const log = await watched();
    return log?.base != null && log.alarms.length === 0;
  });
  return (await watched())?.base?.backupId ?? '';
}

test('from its start, over a restart and a lost slot, until it is told to end', async () => {
  const stop = await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state } });
  await waitFor(async () => (await watched())?.alarms.some(({ kind }) => kind === 'slotUnlimited') === true);
  const begun = (await watch().describe()).runId;
  await service.sql('ALTER SYSTEM SET max_slot_wal_keep_size = \'1GB\'');
  await service.sql('SELECT pg_reload_conf(); CREATE TABLE events (id int)');
  await keptUpTo(await service.sql('SELECT pg_current_wal_flush_lsn()'));
  expect(await status()).toMatchObject({ service: service.name, receiver: 'running', failure: null, break: null });
  const first = await inOrder();
  expect(await backups()).toEqual([first]);

  await service.runtime.kill(service.postgres);
  await service.runtime.start(service.postgres);
  await waitFor(async () => (await service.sql('INSERT INTO events VALUES (1); SELECT 1')) === '1');
  await keptUpTo(await service.sql('SELECT pg_current_wal_flush_lsn()'));
  expect(await status()).toMatchObject({ receiver: 'running', break: null });

  await waitFor(async () => (await service.sql('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active; SELECT pg_sleep(0.05); SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active')) !== '');
  await service.sql('INSERT INTO events VALUES (2); SELECT pg_switch_wal()');
  await waitFor(async () => (await status())?.break != null);
  await waitFor(async () => (await watched())?.base?.backupId !== first);
  const second = await inOrder();
  expect(await backups()).toEqual([first, second]);
  // It went on as a new run of the same id, and nobody had to begin it again.
  await waitFor(async () => (await watch().describe()).runId !== begun);
  expect(await inOrder()).toBe(second);
  expect(await backups()).toEqual([first, second]);

  await watch().cancel();
  await expect(watch().result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await stop();
  const { namespaceId } = await createRunDirectory(service.client);
  const component = service.config.services[0]?.components[0];
  if (component?.engine !== 'postgres') throw new Error('the fixture has no PostgreSQL');
  await createPostgresWalSource().stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, component, { forget: true });
  expect(await service.leftovers()).toEqual([]);
}, 180_000);
