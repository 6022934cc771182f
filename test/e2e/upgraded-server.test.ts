/** A server whose container was made anew with a newer minor version, between its base backup and the moment that it is brought back to. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { minorRecipes } from '../../devbox/images/recipes.ts';
import { shownRunId } from '../../src/client/run-ids.ts';
import { moveUpdate, type RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { commandLineOf, type CommandLine } from '../support/service-command-line.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

const [older, newer] = minorRecipes.map(({ tag }) => tag) as [string, string];
let service: WalService;
let directory: string;
let holdfast: CommandLine;
beforeAll(async () => {
  service = await startWalService({ postgresImage: older });
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY)');
  await service.startKeeping();
  directory = await mkdtemp(join(tmpdir(), 'holdfast upgraded-'));
  holdfast = await commandLineOf(service, directory, { only: 'postgres' });
});
afterAll(async () => {
  await service?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

const orders = (): Promise<string> => service.sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders');
const versions = (): Promise<string> => service.sql('SHOW server_version');

test('the log of both versions leads to any second of either, and the server stays the newer one', async () => {
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  await service.sql('INSERT INTO orders VALUES (1)');
  await service.run('markMoment', { service: service.name, name: 'before-the-upgrade' });
  await service.sql('INSERT INTO orders VALUES (2)');
  await service.kept();
  const before = await versions();
  await service.recreatePostgres(newer);
  const after = await versions();
  expect([older, newer]).toEqual([before, after].map((version) => `holdfast-test-postgres:${version}`));
  await service.sql('INSERT INTO orders VALUES (3)');
  await service.run('markMoment', { service: service.name, name: 'after-the-upgrade' });
  const accident = (await service.sql('BEGIN; DELETE FROM orders; SELECT pg_current_xact_id(); COMMIT;')).trim();
  await service.kept();

  const run = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, only: ['postgres'], to: 'mark:before-the-upgrade' });
  await service.waitForPhase(run, 'awaitingApproval');
  const plan = async () => (await run.query(statusQuery)).plan?.body;
  expect((await plan())?.notes.join(' ')).toMatch(new RegExp(`The container is of another image than the one that was backed up: .* PostgreSQL ${before}\\)`));
  const seen = async (): Promise<string> => (await holdfast('query', shownRunId(run.workflowId), 'SELECT string_agg(id::text, \',\' ORDER BY id) AS ids FROM orders', '--json')).stdout;
  expect(JSON.parse(await seen())).toMatchObject({ csv: 'ids\n1\n' });
  const point = `xid:${accident}`;
  await run.executeUpdate(moveUpdate, { args: [{ before: point }] });
  await waitFor(async () => (await plan())?.moment?.asked === point);
  await service.approve(run);
  const result = await run.result();
  expect(result).toMatchObject({ outcome: 'restored', backupId });
  expect([await orders(), await versions()]).toEqual(['1,2,3', after]);
  await service.client.workflow.getHandle(result.newBase as string).result();
});
