/** A worker keeps the log that its configuration asks for, and has it watched: a base backup where there is none to go on from, each cause one, and every alarm told and taken back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Component } from '../../src/domain/service.ts';
import type { LogStatus } from '../../src/domain/wal/log-status.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import type { WatchedLog } from '../../src/domain/wal/watched-log.ts';
import { logWatchId } from '../../src/domain/workflow-ids.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { readLogStatus } from '../../src/worker/standing-file.ts';
import type { EnableWalResult } from '../../src/workflows/enable-wal/messages.ts';
import type { ForgetWalResult } from '../../src/workflows/forget-wal/messages.ts';
import { standingOf } from '../../src/worker/wal/standing-of.ts';
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
  // Where the test failed in the middle, what it had begun goes on without its database.
  await watch().terminate().catch(() => undefined);
  await service?.stop();
  const labels = { 'dev.holdfast.service': service.name };
  for (const { id } of await service.runtime.list(labels)) await service.runtime.remove(id);
  for (const { name } of await service.runtime.listVolumes(labels)) await service.runtime.removeVolume(name);
  await rm(state, { recursive: true, force: true });
});

const status = (): Promise<LogStatus | null> => readLogStatus(state, service.name, 'postgres');
/** The round that starts a receiver may be the one that brings the log up to date. */
async function running(): Promise<LogStatus | null> {
  await waitFor(async () => (await status())?.receiver === 'running');
  return status();
}
const keptUpTo = async (position: string): Promise<void> => waitFor(async () => (parseLsn((await status())?.repositories[0]?.durable ?? '0/0') ?? 0n) >= (parseLsn(position) ?? 0n));
const watch = () => service.client.workflow.getHandle(logWatchId(service.name));
const watched = async (): Promise<WatchedLog | undefined> => (await watch().query<{ logs: readonly WatchedLog[] }, []>('status')).logs[0];
const backups = (): Promise<readonly string[]> => createRepository('local', createLocalStorage(service.repositoryPath)).listBackups(service.name);

const forgotten = (input: object): Promise<ForgetWalResult> => service.run<ForgetWalResult>('forgetWal', { service: service.name, ...input });
const enabled = (input: object): Promise<EnableWalResult> => service.run<EnableWalResult>('enableWal', { service: service.name, ...input });

/** Behind attempts at a base backup that failed the next one waits twice as long as they did, and takes its time then. */
const basedWithinMs = 180_000;

/** Nothing alarming, and a base backup that the log leads on from. */
async function inOrder(): Promise<string> {
  let base = '';
  await waitFor(async () => {
    const log = await watched();
    // By one look: the watch goes on as a new run now and then, which has not looked yet.
    base = log?.base?.backupId ?? '';
    return base !== '' && log?.alarms.length === 0;
  }, basedWithinMs);
  return base;
}

/** The server recovers to the end of its own log, and begins a new timeline there. */
async function promote(): Promise<void> {
  const { runtime, postgres, sql } = service;
  await sql('ALTER SYSTEM SET restore_command = \'false\'');
  const directory = await sql('SHOW data_directory');
  await runtime.exec(postgres, { argv: ['touch', `${directory}/recovery.signal`], user: 'postgres', timeoutMs: 10_000 });
  await runtime.restart(postgres, 30_000);
  await waitFor(async () => (await sql('SELECT pg_is_in_recovery()')) === 'f');
}

test('from its start, over a crash, a lost slot and a promotion, until it is told to end', async () => {
  const stop = await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state } });
  await waitFor(async () => (await watched())?.alarms.some(({ kind }) => kind === 'slotUnlimited') === true);
  const begun = (await watch().describe()).runId;
  // What is missing is said, done when the plan that was shown is named, and not again; a restart only where that was said too.
  const { digest } = await enabled({ slotLimit: '1024MB' });
  await expect(enabled({ apply: digest })).rejects.toMatchObject({ cause: { type: 'PlanChanged' } });
  expect(await enabled({ apply: digest, slotLimit: '1024MB' })).toMatchObject({ outcome: 'changed', restarted: [], waiting: [] });
  expect(await enabled({ slotLimit: '1024MB' })).toMatchObject({ outcome: 'inOrder' });
  await service.sql('ALTER SYSTEM SET max_wal_senders = 2');
  await service.sql('CREATE TABLE events (id int)');
  await keptUpTo(await service.sql('SELECT pg_current_wal_flush_lsn()'));
  expect(await running()).toMatchObject({ service: service.name, failure: null, break: null });
  const first = await inOrder();
  expect(await backups()).toEqual([first]);

  await service.runtime.kill(service.postgres);
  await service.runtime.start(service.postgres);
  await waitFor(async () => (await service.sql('INSERT INTO events VALUES (1); SELECT 1')) === '1');
  await keptUpTo(await service.sql('SELECT pg_current_wal_flush_lsn()'));
  expect(await running()).toMatchObject({ failure: null, break: null });

  // A break, and a base backup for it that fails: two senders are too few. It is tried again, and comes once that is mended.
  const dropped = 'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active; SELECT pg_sleep(0.05); SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots WHERE NOT active';
  await waitFor(async () => (await service.sql(dropped)).split('\n').at(-1) === '1');
  await service.sql('INSERT INTO events VALUES (2); SELECT pg_switch_wal()');
  await waitFor(async () => (await status())?.break != null);
  await waitFor(async () => (await watched())?.alarms.some(({ kind }) => kind === 'baseFailing') === true);
  const senders = await enabled({});
  expect(senders.servers.flatMap(({ changes }) => changes.map(({ statement, effect }) => `${effect}: ${statement}`))).toEqual(['restart: ALTER SYSTEM SET max_wal_senders = \'10\';']);
  expect(await enabled({ apply: senders.digest })).toMatchObject({ outcome: 'changed', restarted: [], waiting: [expect.stringContaining('max_wal_senders')] });
  expect(await service.sql('SHOW max_wal_senders')).toBe('2');
  const left = await enabled({});
  expect(left).toMatchObject({ outcome: 'planned', servers: [{ changes: [], pendingRestart: ['max_wal_senders'] }] });
  // An attempt at the base backup may hold the service just now.
  await waitFor(async () => (await enabled({ apply: left.digest, restart: true })).restarted[0] === left.servers[0]?.container);
  expect(await service.sql('SHOW max_wal_senders')).toBe('10');
  await keptUpTo(await service.sql('SELECT pg_current_wal_flush_lsn()'));
  const second = await inOrder();
  expect(await backups()).toEqual([first, second]);

  await promote();
  await keptUpTo(await service.sql('INSERT INTO events VALUES (3); SELECT pg_current_wal_flush_lsn()'));
  await waitFor(async () => (await watched())?.base?.backupId !== second);
  const third = await inOrder();
  expect((await status())?.source?.timeline).toBe(2);
  expect((await standingOf(service.config, await status()))?.base?.backupId).toBe(third);
  // It went on as a new run of the same id, and nobody had to begin it again.
  await waitFor(async () => (await watch().describe()).runId !== begun);
  expect(await inOrder()).toBe(third);
  expect(await backups()).toEqual([first, second, third]);

  const kept = await forgotten({});
  expect(kept).toMatchObject({ outcome: 'planned', logs: [{ component: 'postgres', refusal: { cause: expect.stringContaining('keeps the log') } }] });
  await expect(forgotten({ apply: kept.digest })).rejects.toMatchObject({ cause: { type: 'ServiceBusy' } });
  await watch().cancel();
  await expect(watch().result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await stop();
  // Kept no more, it is forgotten with all that was made for it.
  service.define({ components: service.config.services[0]?.components.map((component) => (component.engine === 'postgres' ? { ...component, wal: undefined } : component)) as readonly Component[] });
  await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state } });
  const last = await forgotten({});
  expect(last).toMatchObject({ outcome: 'planned', digest: kept.digest, logs: [{ refusal: null }] });
  expect(await forgotten({ apply: last.digest })).toMatchObject({ outcome: 'forgotten' });
  expect(await service.sql('SELECT count(*) FROM pg_replication_slots')).toBe('0');
  expect(await forgotten({})).toMatchObject({ outcome: 'nothing' });
  expect(await service.leftovers()).toEqual([]);
});
