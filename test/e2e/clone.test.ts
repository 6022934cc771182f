/** A copy of a service at a moment: reached through its ports, like the original and acting like it nowhere; nothing live is touched, and only its removal removes it. */
import { connect } from 'node:net';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findCopies } from '../../src/containers/copies.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { Component } from '../../src/domain/service.ts';
import type { CloneServiceResult } from '../../src/workflows/clone-service/messages.ts';
import type { ReapLeftoversResult } from '../../src/workflows/reap-leftovers/messages.ts';
import type { RemoveCloneResult } from '../../src/workflows/remove-clone/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { loseFirstAnswers } from '../chaos/fault/lose-answers.ts';
import { testLabel } from '../support/test-environment.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
let client: string;
let accident: string;
let baseId: string;
let stop: () => Promise<void>;
/** What befalls the run of the moment. */
let trouble: Probe = {};

beforeAll(async () => {
  service = await startWalService();
  const { runtime } = service;
  // A client on the engine's host.
  const image = await runtime.findImage('postgres:17');
  client = (await runtime.create({ name: `${service.name}-client`, imageId: image?.id ?? '', entrypoint: ['sleep', '900'], command: [], init: true, network: 'host', labels: { [testLabel]: service.name }, mounts: [{ type: 'tmpfs', source: '', target: '/var/lib/postgresql/data' }] })).id;
  await runtime.start(client);
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY)');
  await service.sql('CREATE SUBSCRIPTION upstream CONNECTION \'host=publisher\' PUBLICATION everything WITH (connect = false)');
  // In its files, and not in force: a server that were started like the original would archive, and wait for ever at its first commit.
  for (const setting of ['archive_mode = on', 'archive_command = \'false\'', 'synchronous_standby_names = \'standby\'', 'work_mem = \'7MB\'', 'primary_conninfo = \'host=publisher\'']) await service.sql(`ALTER SYSTEM SET ${setting}`);
  const { wrap, hooks } = instrument(service.config, { before: async (call) => trouble.before?.(call), after: async (call) => trouble.after?.(call) });
  stop = await service.startKeeping(wrap, hooks);
  await service.redisCli('SET', 'cart', 'of the backup');
  baseId = (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
  await service.sql('INSERT INTO orders VALUES (1), (2)');
  accident = (await service.sql('BEGIN; DELETE FROM orders; SELECT pg_current_xact_id(); COMMIT;')).trim();
  await service.redisCli('SET', 'cart', 'of later');
  await service.kept();
});
afterAll(async () => {
  if (client !== undefined) await service.runtime.remove(client);
  // Of a test that failed: what is removed here would otherwise stay for good.
  for (const { containers, volumes, networks } of await findCopies(service.runtime, { service: service.name })) {
    for (const { id } of containers) await service.runtime.remove(id);
    for (const name of volumes) await service.runtime.removeVolume(name);
    for (const { id } of networks) await service.runtime.removeNetwork(id);
  }
  await service.stop();
});

const clone = (input: object) => service.start<CloneServiceResult>('cloneService', { service: service.name, ...input });
const addressOf = ({ servers }: CloneServiceResult, component: string): readonly [string, string] => (servers.find((each) => each.component === component)?.address.split(':') ?? []) as unknown as readonly [string, string];
const liveOrders = (): Promise<string> => service.sql('SELECT count(*) FROM orders');
const refusedAs = (type: string, run: Promise<unknown>): Promise<void> => expect(run.catch((error: unknown) => { throw new Error(String((error as WorkflowFailedError).cause instanceof Error ? ((error as WorkflowFailedError).cause as { type?: string }).type : error)); })).rejects.toThrow(type);
/** By their names: PostgreSQL's first. */
const serversOf = async (copy: string) => (await findCopies(service.runtime, { service: service.name, copy })).flatMap(({ containers }) => containers);
const copies = async (): Promise<readonly string[]> => (await findCopies(service.runtime, { service: service.name })).map(({ copy }) => copy).sort();

/** From the engine's host, with the password of the moment. */
async function sqlIn(copy: CloneServiceResult, sql: string, database = 'shop'): Promise<string> {
  const [host, port] = addressOf(copy, 'postgres');
  const { exitCode, stdout, stderr } = await service.runtime.exec(client, { argv: ['psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', port, '-U', 'postgres', '-d', database, '-f', '-'], stdin: sql, environment: { PGPASSWORD: 'test' }, timeoutMs: 20_000 });
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
}

function redisIn(copy: CloneServiceResult, command: string): Promise<string> {
  const [host, port] = addressOf(copy, 'redis');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(`${command}\r\nQUIT\r\n`));
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('error', reject).on('close', () => resolve(text));
  });
}

test('the service as it was just before, on ports, from steps that are each done twice; like the original, and acting like it nowhere', async () => {
  const { probe, lost: doneOnce } = loseFirstAnswers(({ runbook }) => runbook === 'cloneService');
  trouble = probe;
  const startedAt = async (): Promise<unknown> => Promise.all([service.postgres, service.redis].map(async (id) => (await service.runtime.inspect(id)).startedAt));
  const before = await startedAt();
  const run = await clone({ name: 'looking', before: `xid:${accident}` });
  const copy = await run.result();
  trouble = {};
  expect(copy).toMatchObject({ outcome: 'made', asked: { point: `xid:${accident}`, inclusive: false }, reached: { stop: expect.stringContaining(`before commit of transaction ${accident}`) as string } });
  expect([...doneOnce]).toEqual(expect.arrayContaining(['cloneService/createCopyServer:postgres#1', 'cloneService/fillCopy:postgres#1', 'cloneService/fillCopy:redis#1', 'cloneService/startCopy#1']));

  expect([await sqlIn(copy, 'SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders'), await redisIn(copy, 'GET cart')]).toEqual(['1,2', expect.stringContaining('of the backup')]);
  expect([await liveOrders(), await service.redisCli('GET', 'cart')]).toEqual(['0', 'of later']);
  await sqlIn(copy, 'INSERT INTO orders VALUES (3); CHECKPOINT');
  await redisIn(copy, 'SET cart of-the-copy');
  expect([await liveOrders(), await service.redisCli('GET', 'cart')]).toEqual(['0', 'of later']);
  // Nobody's replica, publisher's client or archive; but with the settings of the original.
  expect(await sqlIn(copy, 'SELECT string_agg(name || \'=\' || setting, \' \' ORDER BY name) FROM pg_settings WHERE name IN (\'archive_mode\', \'max_logical_replication_workers\', \'primary_conninfo\', \'synchronous_standby_names\', \'restore_command\', \'work_mem\')'))
    .toBe('archive_mode=off max_logical_replication_workers=0 primary_conninfo= restore_command= synchronous_standby_names= work_mem=7168');
  expect(await sqlIn(copy, 'SELECT pg_is_in_recovery(), timeline_id FROM pg_control_checkpoint()')).toBe('f|2');
  expect(await sqlIn(copy, 'DROP SUBSCRIPTION upstream; SELECT count(*) FROM pg_subscription')).toBe('0');
  expect(await redisIn(copy, 'INFO replication')).toContain('role:master');
  const [server] = await serversOf('looking');
  expect(server).toMatchObject({ name: `holdfast-copy-${service.name}-looking-postgres`, restartPolicy: { name: 'no' }, shmSizeBytes: 256 * 1024 ** 2, networks: [`holdfast-copy-${service.name}-looking`] });
  await expect(sqlIn(copy, 'SELECT 1; -- as whom the password is not of', 'nowhere')).rejects.toThrow('does not exist');
  expect(await startedAt()).toEqual(before);
  const { events } = await run.query(statusQuery);
  expect(events.map(({ text }) => text).join('\n')).toContain('1 subscription (shop.upstream)');
  expect((await service.leftByRuns()).filter((name) => !name.startsWith(`holdfast-copy-${service.name}-looking`))).toEqual([]);
});

test('a name that is taken is refused before anything is read; what a run was killed or cancelled over goes, and what was finished stays', { tags: 'long' }, async () => {
  await refusedAs('NameTaken', (await clone({ name: 'looking', to: 'latest' })).result());
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  trouble = {
    before: async (call) => {
      if (callText(call) !== 'cloneService/fillCopy:postgres#1') return;
      reached.resolve();
      await released.promise;
    },
  };
  const killed = await clone({ name: 'killed', to: 'latest' });
  await reached.promise;
  expect(await copies()).toEqual(['killed', 'looking']);
  const refused = await service.run<RemoveCloneResult>('removeClone', { service: service.name, name: 'killed' });
  expect(refused.copy.refusal?.cause).toContain('still making it');
  await killed.terminate('the test');
  released.resolve();
  trouble = {};
  const { runs } = await service.run<ReapLeftoversResult>('reapLeftovers', { service: service.name });
  expect(runs.find(({ workflowId }) => workflowId === killed.workflowId)?.done).toEqual(expect.arrayContaining([`holdfast-copy-${service.name}-killed-postgres`, `holdfast-copy-${service.name}-killed`]));
  expect(await copies()).toEqual(['looking']);

  // Cancelled over what is made, and failed when all of it runs.
  const reserved = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  trouble = {
    after: async (call) => {
      if (callText(call) === 'cloneService/createCopyServer:postgres#1') {
        reserved.resolve();
        await told.promise;
      }
      if (callText(call) === 'cloneService/startCopy#1') throw new HoldfastFailure('RestoreFailed', { operation: 'test', object: callText(call), cause: 'it runs, and is no good', hint: 'It goes.' });
    },
  };
  const cancelled = await clone({ name: 'cancelled', to: 'latest', only: ['postgres'] });
  await reserved.promise;
  await cancelled.cancel();
  told.resolve();
  await expect(cancelled.result()).rejects.toThrow(WorkflowFailedError);
  await refusedAs('RestoreFailed', (await clone({ name: 'failed', to: 'latest', only: ['postgres'] })).result());
  trouble = {};
  expect(await copies()).toEqual(['looking']);
  expect((await service.run<ReapLeftoversResult>('reapLeftovers', { service: service.name })).runs).toEqual([]);
  expect((await serversOf('looking')).map(({ state }) => state)).toEqual(['running', 'running']);
});

test('what a dump holds, from steps that are each done twice; a store that it does not hold is refused, and a base backup is its own end', { tags: 'long' }, async () => {
  const dump = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  const planned = await (await clone({ name: 'dumped', backup: dump.backupId, dryRun: true })).result();
  expect(planned).toMatchObject({ outcome: 'planned', asked: null, backupId: dump.backupId, timeline: null, servers: [] });
  await service.sql('INSERT INTO orders VALUES (7)');
  const { probe, lost: doneOnce } = loseFirstAnswers(({ activity }) => ['fillCopy', 'createCopyServer'].includes(activity));
  trouble = probe;
  const copy = await (await clone({ name: 'dumped', backup: dump.backupId })).result();
  trouble = {};
  expect(doneOnce.size).toBe(4);
  expect(copy).toMatchObject({ outcome: 'made', asked: null, reached: null, servers: [{ component: 'postgres', backupId: dump.backupId }, { component: 'redis', backupId: dump.backupId }] });
  expect([await sqlIn(copy, 'SELECT count(*) FROM orders'), await redisIn(copy, 'GET cart'), await liveOrders()]).toEqual(['0', expect.stringContaining('of later'), '1']);
  expect(await sqlIn(copy, 'INSERT INTO orders VALUES (8); SELECT count(*) FROM pg_subscription')).toBe('0');
  expect((await service.leftByRuns()).filter((name) => !name.startsWith('holdfast-copy-'))).toEqual([]);
  const remove = (input: object) => service.run<RemoveCloneResult>('removeClone', { service: service.name, ...input });
  await remove({ name: 'dumped', apply: (await remove({ name: 'dumped' })).copy.digest });

  await refusedAs('UnknownBackup', (await clone({ name: 'none', backup: '20010101-000000' })).result());
  const ofBase = await (await clone({ name: 'end', backup: baseId, only: ['postgres'], dryRun: true })).result();
  expect(ofBase).toMatchObject({ outcome: 'planned', asked: { point: `backup:${baseId}`, inclusive: true }, backupId: baseId });
  expect(await copies()).toEqual(['looking']);
});

test('without the live container, on a port that is named; one copy is removed, with its volumes and network, and no other', async () => {
  const live = await liveOrders();
  await stop();
  await service.forget();
  const [{ wal: _none, ...component }, redis] = [service.component, service.config.services[0]?.components[1] as Component];
  service.define({ components: [component, redis] });
  await service.startWorker();
  await service.runtime.remove(service.postgres);
  const [taken] = (await serversOf('looking')).flatMap(({ addresses }) => Object.values(addresses).flat());
  const port = Number(taken?.split(':')[1]);
  await refusedAs('PortTaken', (await clone({ name: 'gone', to: 'latest', only: ['postgres'], ports: { postgres: port } })).result());
  expect(await copies()).toEqual(['looking']);
  const gone = await (await clone({ name: 'gone', to: 'latest', only: ['postgres'], ports: { postgres: 25_432 } })).result();
  expect(addressOf(gone, 'postgres')).toEqual(['127.0.0.1', '25432']);
  expect(await sqlIn(gone, 'SELECT count(*) FROM orders')).toBe(live);
  expect(await service.runtime.find(service.postgres)).toBeNull();

  const remove = (input: object) => service.run<RemoveCloneResult>('removeClone', { service: service.name, ...input });
  await refusedAs('UnknownCopy', remove({ name: 'none' }));
  const planned = await remove({ name: 'looking' });
  expect(planned).toMatchObject({ outcome: 'planned', copy: { point: `xid:${accident}`, refusal: null } });
  await refusedAs('PlanChanged', remove({ name: 'looking', apply: '0'.repeat(64) }));
  expect(await copies()).toEqual(['gone', 'looking']);
  await remove({ name: 'looking', apply: planned.copy.digest });
  expect(await copies()).toEqual(['gone']);
  expect((await service.leftovers()).filter((name) => name.startsWith('holdfast-copy-')).sort()).toEqual([`holdfast-copy-${service.name}-gone`, ...Array(2).fill(`holdfast-copy-${service.name}-gone-postgres`)]);
  expect(await sqlIn(gone, 'SELECT 1')).toBe('1');
  await remove({ name: 'gone', apply: (await remove({ name: 'gone' })).copy.digest });
  expect(await copies()).toEqual([]);
  expect(await service.runtime.listNetworks({ 'dev.holdfast.service': service.name })).toEqual([]);
});
