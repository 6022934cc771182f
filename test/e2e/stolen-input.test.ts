/** Every destructive activity, scheduled directly by a foreign workflow with the very input of a real run: each one refuses. */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostQueue } from '../../src/domain/task-queues.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';

const destructive = ['beginCutOver', 'closeComponent', 'swapComponent', 'compareClosedComponent', 'markOpening', 'openComponent', 'discardRollbackCopy'] as const;
const harmlessElsewhere = ['finishCutOver', 'rollBackComponent', 'finishRollBack'] as const;

let service: ServiceFixture;
let foreign: { worker: Worker; running: Promise<void>; connection: NativeConnection };
const stolen = new Map<string, unknown>();

beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql(`CREATE TABLE state (word text); INSERT INTO state VALUES ('saved')`);
  await service.startWorker();
  const connection = await NativeConnection.connect({ address: temporalAddress() });
  const worker = await Worker.create({ connection, taskQueue: `${service.taskQueue}-foreign`, workflowsPath: fileURLToPath(new URL('../support/foreign-workflow.ts', import.meta.url)) });
  foreign = { worker, running: worker.run(), connection };

  const backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  const restore = await service.start('restoreBackup', { service: service.name, backup: backup.backupId });
  await service.approve(restore);
  await restore.result();
  const accept = await service.start('acceptRestore', { service: service.name, run: 'latest', dryRun: true });
  await accept.result();
  for (const handle of [restore]) {
    for (const event of (await handle.fetchHistory()).events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      const payload = scheduled?.input?.payloads?.[0];
      if (scheduled?.activityType?.name != null && payload != null) stolen.set(scheduled.activityType.name, defaultPayloadConverter.fromPayload(payload));
    }
  }
  const begin = stolen.get('beginCutOver') as { authority: unknown; decision: unknown; components: readonly object[]; cutOvers: readonly { component: string }[] };
  stolen.set('discardRollbackCopy', { authority: begin.authority, decision: begin.decision, component: begin.components[0], cutOver: begin.cutOvers[0], rollbackRunId: (await restore.describe()).runId, components: begin.components });
  stolen.set('rollBackComponent', stolen.get('swapComponent'));
  stolen.set('finishRollBack', begin.authority);
  await service.sql(`UPDATE state SET word = 'live'`);
});
afterAll(async () => {
  foreign?.worker.shutdown();
  await foreign?.running;
  await foreign?.connection.close();
  await service?.stop();
});

const call = (name: string): Promise<{ type?: string }> => service.client.workflow.execute('callActivity', {
  taskQueue: `${service.taskQueue}-foreign`, workflowId: `foreign-${service.name}-${name}`,
  args: [{ name, argument: stolen.get(name), taskQueue: hostQueue(service.config.host, service.config.queuePrefix) }],
});

test.each(destructive)('%s refuses', async (name) => {
  expect(stolen.get(name)).toBeDefined();
  expect((await call(name)).type).toBe('ApprovalNotForThisRun');
  expect(await service.sql('SELECT word FROM state')).toBe('live');
});

test.each(harmlessElsewhere)('%s finds nothing of its own run and changes nothing', async (name) => {
  await call(name);
  expect(await service.sql('SELECT word FROM state')).toBe('live');
  expect(await service.redisCli('PING')).toBe('PONG');
});
