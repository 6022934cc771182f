/**
 * Records one history per runbook and outcome into test/replay/histories, from real runs on real containers.
 * Run it when a shape is new: `npm run devbox -- exec node test/replay/record-histories.ts v2` with the test environment exported.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import protoUtils from '@temporalio/common/lib/proto-utils.js';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { leaseWorkflowId } from '../../src/domain/workflow-ids.ts';
import { rejectUpdate, statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';

const version = process.argv[2] ?? 'v1';
const faults = { swap: false, content: false };

async function save(shape: string, handle: WorkflowHandle): Promise<void> {
  await handle.result().catch(() => undefined);
  const file = join(import.meta.dirname, 'histories', `${shape}.${version}.json`);
  writeFileSync(file, `${protoUtils.historyToJSON(await handle.fetchHistory())}\n`);
  process.stdout.write(`${shape}\n`);
}

async function reject(service: ServiceFixture, handle: WorkflowHandle): Promise<void> {
  await service.waitForPhase(handle, 'awaitingApproval');
  const { plan } = await handle.query(statusQuery);
  await handle.executeUpdate(rejectUpdate, { args: [{ digest: plan?.envelope.digest ?? '', runId: plan?.envelope.runId ?? '', by: 'recorder' }] });
}

async function approved(service: ServiceFixture, type: string, input: object): Promise<WorkflowHandle> {
  const handle = await service.start(type, input);
  await service.approve(handle);
  return handle;
}

/** A swap that fails for a reason no retry mends, so that the roll-back is on record. */
function withFaults(dependencies: ActivityDependencies): ActivityDependencies {
  return {
    ...dependencies,
    engineFor: (name) => ({
      ...dependencies.engineFor(name),
      swap: async (context, component, cutOver) => {
        if (faults.swap) throw new HoldfastFailure('CutOverFailed', { operation: 'swap', object: component.container, cause: 'a fault was injected', hint: 'none' });
        return dependencies.engineFor(name).swap(context, component, cutOver);
      },
    }),
  };
}

const service = await startServiceFixture({ definition: { approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 15_000 } } });
try {
  const { name } = service;
  await service.sql(`CREATE TABLE state (word text CHECK (length(word) > 0)); INSERT INTO state VALUES ('saved')`);
  await service.redisCli('SET', 'state', 'saved');
  await service.startWorker({ wrap: withFaults });
  const take = await service.start<TakeBackupResult>('takeBackup', { service: name, prove: true });
  await save('takeBackup.done', take);
  await save('serviceLease.done', service.client.workflow.getHandle(leaseWorkflowId(name)));
  const { backupId: backup } = await take.result();
  await save('verifyBackup.done', await service.start('verifyBackup', { service: name }));
  await save('proveBackup.done', await service.start('proveBackup', { service: name, backup }));
  await save('restoreBackup.planned', await service.start('restoreBackup', { service: name, backup, dryRun: true }));
  const rejected = await service.start('restoreBackup', { service: name, backup });
  await reject(service, rejected);
  await save('restoreBackup.rejected', rejected);
  await save('restoreBackup.expired', await service.start('restoreBackup', { service: name, backup }));
  const cancelled = await service.start('restoreBackup', { service: name, backup });
  await service.waitForPhase(cancelled, 'awaitingApproval');
  await cancelled.cancel();
  await save('restoreBackup.cancelled', cancelled);
  faults.swap = true;
  await save('restoreBackup.rolledBack', await approved(service, 'restoreBackup', { service: name, backup }));
  faults.swap = false;
  await save('restoreBackup.done', await approved(service, 'restoreBackup', { service: name, backup, reason: 'recording' }));
  const keep = await service.start('undoRestore', { service: name, run: 'latest' });
  await reject(service, keep);
  await save('undoRestore.rejected', keep);
  await save('undoRestore.done', await approved(service, 'undoRestore', { service: name, run: 'latest' }));
  const refused = await service.start('acceptRestore', { service: name, run: 'latest' });
  await reject(service, refused);
  await save('acceptRestore.rejected', refused);
  await save('acceptRestore.done', await approved(service, 'acceptRestore', { service: name, run: 'latest' }));
  await save('reapLeftovers.done', await service.start('reapLeftovers', { service: name }));
  await service.sql(`CREATE TABLE allowed (word text); INSERT INTO allowed VALUES ('x');
    CREATE FUNCTION is_allowed(w text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT EXISTS (SELECT FROM allowed WHERE word = w)';
    CREATE TABLE picky (word text CHECK (is_allowed(word))); INSERT INTO picky VALUES ('x')`);
  await service.run('takeBackup', { service: name });
  await save('proveBackup.failed', await service.start('proveBackup', { service: name }));
  await service.runtime.kill(service.redis);
  await service.runtime.updateRestartPolicy(service.redis, { name: 'no', maximumRetryCount: 0 });
  await service.runtime.stop(service.redis, 10_000);
  await save('takeBackup.failed', await service.start('takeBackup', { service: name }));
} finally {
  await service.stop();
}
process.exit(0);
