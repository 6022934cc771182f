/** An application that does not come back: the data is in place all the same, the run says so as a failure of its own, and undo is open. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { runToEnd } from '../chaos/stage/drive.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
const application = createServer((_request, response) => response.writeHead(503).end());

beforeAll(async () => {
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  const { port } = application.address() as AddressInfo;
  service = await startServiceFixture({ definition: { health: { url: `http://127.0.0.1:${port}/health`, withinMs: 300 } } });
  await service.sql(`CREATE TABLE state (word text); INSERT INTO state VALUES ('saved')`);
  await service.startWorker();
});
afterAll(async () => {
  application.closeAllConnections();
  application.close();
  await service?.stop();
});

test('a restore whose application stays unhealthy fails as that, with the data restored and the way back open', async () => {
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  await service.sql(`UPDATE state SET word = 'live'`);
  const restore = await service.start('restoreBackup', { service: service.name, backup: backupId });
  expect((await runToEnd(service, restore, 120_000)).failure).toBe('HealthCheckFailed');
  expect(await service.sql('SELECT word FROM state')).toBe('saved');
  expect(await service.leftovers()).toEqual([]);
  const undo = await service.run<{ readonly outcome: string }>('undoRestore', { service: service.name, run: 'latest', dryRun: true });
  expect(undo.outcome).toBe('planned');
});
