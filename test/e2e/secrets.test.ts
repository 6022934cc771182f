/** Passwords that occur nowhere else are given to both databases and to the worker; then nothing that Holdfast creates or writes may hold one. */
import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDoomedWorker, type DoomedWorker } from '../chaos/fault/doomed-worker.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { watchEngine, type EngineWatch } from '../support/engine-watch.ts';
import { watchProcesses, type ProcessWatch } from '../support/process-watch.ts';
import { secretVariables, startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';
import { textOf } from '../support/text-of.ts';
import { testWorkflows } from '../support/workflow-bundle.ts';

const canary = (what: string): string => `canary-${what}-${randomBytes(9).toString('hex')}`;
const canaries = { postgres: canary('pg'), redis: canary('redis'), wrongPostgres: canary('wrong-pg'), wrongRedis: canary('wrong-redis') };

/** Where something was found that may hold no secret: a name for each place, and all of its text. */
const sinks = new Map<string, string>();
let service: ServiceFixture;
let engine: EngineWatch;
let processes: ProcessWatch;

beforeAll(async () => {
  service = await startServiceFixture({ secrets: canaries });
  await service.sql(`CREATE TABLE state (word text); INSERT INTO state VALUES ('saved'); CREATE ROLE clerk LOGIN PASSWORD '${canary('role')}'; GRANT SELECT ON state TO clerk`);
  await service.redisCli('SET', 'state', 'saved');
  engine = await watchEngine(dockerHost(), [service.postgres, service.redis]);
  processes = watchProcesses();
  await everyRunbook();
  await wrongPasswords();
  await collect();
});
afterAll(async () => {
  processes?.stop();
  engine?.stop();
  await service?.stop();
});

/** A worker of its own process: what it writes to its standard streams is a place to look at, too. */
async function withWorker(passwords: { postgres: string; redis: string }, name: string, work: () => Promise<void>): Promise<void> {
  process.env[secretVariables.postgres] = passwords.postgres;
  process.env[secretVariables.redis] = passwords.redis;
  const worker: DoomedWorker = startDoomedWorker();
  try {
    await worker.serve({ config: service.config, temporalAddress: temporalAddress(), ...await testWorkflows(), point: 'nothing/nothing#1/before', strike: 'hold' });
    await work();
  } finally {
    worker.signal('SIGKILL');
    await worker.gone;
    sinks.set(`the output of the worker with ${name}`, worker.output());
  }
}

const everyRunbook = (): Promise<void> => withWorker(canaries, 'the passwords', async () => {
  const backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name, prove: true });
  await service.run('verifyBackup', { service: service.name });
  await service.sql(`UPDATE state SET word = 'live'`);
  for (const [type, input] of [['restoreBackup', { backup: backup.backupId }], ['undoRestore', { run: 'latest' }], ['acceptRestore', { run: 'latest' }]] as const) {
    const handle = await service.start(type, { service: service.name, ...input });
    await service.approve(handle);
    await handle.result();
    sinks.set(`the status of ${type}`, textOf(await handle.query(statusQuery)));
  }
});

const wrongPasswords = (): Promise<void> => withWorker({ postgres: canaries.wrongPostgres, redis: canaries.wrongRedis }, 'wrong passwords', async () => {
  const error: unknown = await service.run('takeBackup', { service: service.name }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'AuthenticationFailed' });
  sinks.set('the error', textOf(error) + textOf((error as WorkflowFailedError).cause));
  const redisOnly: unknown = await service.run('restoreBackup', { service: service.name, backup: 'latest' }).catch((thrown: unknown) => thrown);
  expect((redisOnly as WorkflowFailedError).cause).toMatchObject({ type: 'AuthenticationFailed' });
  sinks.set('the error of the restore', textOf(redisOnly) + textOf((redisOnly as WorkflowFailedError).cause));
});

async function collect(): Promise<void> {
  let runs = 0;
  for await (const { workflowId, runId } of service.client.workflow.list({ query: `TaskQueue = '${service.taskQueue}'` })) {
    const handle = service.client.workflow.getHandle(workflowId, runId);
    sinks.set(`the history of ${workflowId} ${runId}`, textOf(await handle.fetchHistory()));
    sinks.set(`the description of ${workflowId} ${runId}`, textOf((await handle.describe()).raw));
    runs += 1;
  }
  if (runs < 7) throw new Error(`only ${runs} runs were found to look at`);
  for (const entry of await readdir(service.repositoryPath, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sinks.set(`the repository's ${entry.name}`, `${sinks.get(`the repository's ${entry.name}`) ?? ''}${await readFile(join(entry.parentPath, entry.name), 'latin1')}`);
  }
  for (const store of ['postgres', 'redis'] as const) sinks.set(`the log of ${store}`, await service.runtime.logs(service[store], 4 * 1024 * 1024));
  for (const [place, text] of engine.seen()) sinks.set(place, text);
  for (const [place, text] of processes.seen()) sinks.set(place, text);
}

test.each(Object.entries(canaries))('the password %s is in nothing that was created or written', (_name, secret) => {
  const found = [...sinks].filter(([, text]) => text.includes(secret) || text.includes(Buffer.from(secret).toString('base64').slice(4, 24)));
  expect(found.map(([place]) => place)).toEqual([]);
});

test('every kind of place was looked at, and text is found there', () => {
  const kinds = ['history', 'description', 'repository', 'status', 'inspect of containers', 'events'];
  const naming = kinds.filter((kind) => [...sinks].some(([place, text]) => place.includes(kind) && text.includes(service.name)));
  expect(naming).toEqual(kinds);
  for (const kind of ['output of the worker', 'error', 'inspect of execs', 'command lines in containers', 'command lines of this machine', 'log of']) {
    expect([kind, [...sinks.keys()].some((place) => place.includes(kind))]).toEqual([kind, true]);
  }
});

test('role passwords are kept as verifiers, never as text', async () => {
  const globals = [...sinks].find(([place]) => place.includes('globals.sql'))?.[1] ?? '';
  expect(globals).toMatch(/clerk/);
  expect(globals).toMatch(/SCRAM-SHA-256\$/);
  expect(globals).not.toMatch(/canary-role-/);
});
