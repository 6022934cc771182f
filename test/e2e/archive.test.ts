/** A server that archives its log itself, from the approval of its settings to their being taken back: what it committed is in the repository, and a moment of it can be come back to. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Component } from '../../src/domain/service.ts';
import { archiveRoot } from '../../src/domain/wal/archive-command.ts';
import type { EnableWalResult } from '../../src/workflows/enable-wal/messages.ts';
import type { ForgetWalResult } from '../../src/workflows/forget-wal/messages.ts';
import type { RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
let stopKeeping: (() => Promise<void>) | undefined;
beforeAll(async () => {
  service = await startWalService({ wal: 'archive' });
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY)');
});
afterAll(async () => {
  // Where the test failed in the middle, what watches the server is on its volume.
  await stopKeeping?.();
  const labels = { 'dev.holdfast.service': service.name };
  for (const { id } of await service.runtime.list(labels)) await service.runtime.remove(id);
  for (const { name } of await service.runtime.listVolumes(labels)) await service.runtime.removeVolume(name);
  await service.stop();
});

const seeds = `test ! -f ${archiveRoot}/%f && cp %p ${archiveRoot}/%f`;
const enabled = (input: object): Promise<EnableWalResult> => service.run<EnableWalResult>('enableWal', { service: service.name, ...input });
const forgotten = (input: object): Promise<ForgetWalResult> => service.run<ForgetWalResult>('forgetWal', { service: service.name, ...input });
const orders = (): Promise<string> => service.sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders');
const archives = async (command: string): Promise<void> => {
  await service.sql(`ALTER SYSTEM SET archive_command = '${command}'`);
  await service.sql('SELECT pg_reload_conf()');
};

/** What production's archiving has made, and what of it is in the repository. */
async function listing(): Promise<readonly string[]> {
  const { stdout } = await service.runtime.exec(service.postgres, { argv: ['find', archiveRoot, '-type', 'f'], timeoutMs: 10_000 });
  const stored = await readdir(join(service.repositoryPath, service.name, 'wal'), { recursive: true });
  return [...stdout.trim().split('\n'), ...stored].filter((path) => !path.includes('samples')).sort();
}

test('from the seed\'s own command to ours, over an accident, until it is taken back', async () => {
  stopKeeping = await service.startKeeping();
  await waitFor(async () => (await service.status())?.failure?.type === 'WalNotArchived');

  // Another tool's archive is not ended without a word; the plain copy is, and why is said.
  await archives('pgbackrest --stanza=main archive-push %p');
  const taken = await enabled({});
  expect(taken).toMatchObject({ outcome: 'inOrder', servers: [{ changes: [], byHand: [{ what: 'holdfast wal enable --replace', why: expect.stringContaining('pgBackRest') }] }] });
  expect((await enabled({ replace: true })).servers[0]?.changes.map(({ name }) => name)).toEqual(['archive_script', 'archive_command', 'archive_timeout', 'archive_mode']);
  await archives(seeds);
  const plan = await enabled({});
  expect(plan.servers[0]?.changes.map(({ name, effect }) => `${name} ${effect}`)).toEqual(['archive_script now', 'archive_command now', 'archive_timeout now', 'archive_mode restart']);
  expect(plan.servers[0]?.changes[1]?.why).toContain(seeds);
  expect(await service.sql('SHOW archive_timeout')).toBe('0');
  expect(await enabled({ apply: plan.digest, restart: true })).toMatchObject({ outcome: 'changed', waiting: [], restarted: [service.component.container] });
  expect(await enabled({})).toMatchObject({ outcome: 'inOrder', servers: [{ byHand: [] }] });

  await service.sql('INSERT INTO orders VALUES (1), (2)');
  await service.kept();
  await service.run('takeBackup', { service: service.name, kind: 'base' });
  await service.sql('INSERT INTO orders VALUES (3)');
  const accident = await service.sql('BEGIN; DELETE FROM orders; SELECT pg_current_xact_id(); COMMIT;');
  await service.sql('INSERT INTO orders VALUES (4)');
  const inBetween = await service.sql('SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')');
  await service.kept();
  await waitFor(async () => {
    const status = await service.status();
    return status?.by === 'archive' && status.receiver === 'running' && status.onHost.exposureBytes === '0' && status.repositories[0]?.exposureBytes === '0';
  });

  // A copy of production recovers beside it, with production's own settings in it, and archives nothing. What production itself would archive meanwhile waits.
  await service.sql('ALTER SYSTEM SET archive_timeout = \'1h\'');
  await service.sql('SELECT pg_reload_conf()');
  await service.kept();
  const before = await listing();
  const run = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, before: `xid:${accident}`, only: ['postgres'] });
  await service.waitForPhase(run, 'awaitingApproval');
  expect(await listing()).toEqual(before);
  await service.approve(run);
  const back = await run.result();
  expect(await orders()).toBe('1,2,3');
  await service.client.workflow.getHandle(back.newBase as string).result();

  // The new timeline goes on by the same settings.
  await service.sql('INSERT INTO orders VALUES (5)');
  await service.kept();
  expect(await service.status()).toMatchObject({ receiver: 'running', failure: null, source: { timeline: 2 } });
  const last = await service.sql('BEGIN; INSERT INTO orders VALUES (6); SELECT pg_current_xact_id(); COMMIT;');
  await service.kept();
  expect(await service.run<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, to: `xid:${last}`, only: ['postgres'], dryRun: true })).toMatchObject({ plan: { body: { moment: { timeline: 2 }, notes: expect.not.arrayContaining([expect.stringContaining('--timeline')]) } } });
  // Between the accident and the restore somebody wrote, and that lies on the timeline that was left.
  const { plan: along } = await service.run<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, to: inBetween, only: ['postgres'], dryRun: true });
  expect(along.body).toMatchObject({ moment: { timeline: 2 }, notes: expect.arrayContaining([expect.stringMatching(/leaves timeline 1 at .* To come back to a moment there: --timeline 1\.$/)]) });

  const kept = await forgotten({});
  expect(kept.logs).toMatchObject([{ by: 'archive', refusal: { hint: expect.stringContaining('wal: archive') } }]);
  await stopKeeping();
  service.define({ components: service.config.services[0]?.components.map((component) => (component.engine === 'postgres' ? { ...component, wal: undefined } : component)) as readonly Component[] });
  await service.startWorker();
  expect(await forgotten({ apply: kept.digest })).toMatchObject({ outcome: 'forgotten', logs: [{ refusal: null, unstored: { files: 0 } }] });
  expect(await service.sql('SHOW archive_command')).toBe('/bin/true');
  expect(await service.sql('SELECT pending_restart FROM pg_settings WHERE name = \'archive_mode\'')).toBe('t');
  expect((await service.runtime.exec(service.postgres, { argv: ['find', archiveRoot, '-name', 'holdfast*'], timeoutMs: 10_000 })).stdout).toBe('');
  expect(await forgotten({})).toMatchObject({ outcome: 'nothing' });
  expect(await service.leftovers()).toEqual([]);
});
