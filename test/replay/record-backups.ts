/** Histories of taking, verifying and proving backups. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import { leaseWorkflowId } from '../../src/domain/workflow-ids.ts';
import { releaseLeaseSignal, statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { cancelInBackUp } from '../chaos/scenarios.ts';
import { historyEvents } from '../support/run-history.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

/** Answers a backup that is good to restore. */
export async function recordBackups({ service, faults, save }: Recorder): Promise<string> {
  const { name } = service;
  const take = await service.start<TakeBackupResult>('takeBackup', { service: name, prove: true });
  await save('takeBackup.done', take, 'COMPLETED');
  await save('serviceLease.done', service.client.workflow.getHandle(leaseWorkflowId(name)), 'COMPLETED');
  const { backupId } = await take.result();
  await save('verifyBackup.done', await service.start('verifyBackup', { service: name, backup: backupId }), 'COMPLETED');
  await save('proveBackup.done', await service.start('proveBackup', { service: name, backup: backupId }), 'COMPLETED');
  faults.proof = true;
  await save('proveBackup.couldNotVerify', await service.start('proveBackup', { service: name, backup: backupId }), 'CouldNotVerify');
  faults.proof = false;
  faults.skew = true;
  const inTwoRounds = await service.start('takeBackup', { service: name });
  await save('takeBackup.twoRounds', inTwoRounds, 'COMPLETED');
  if ((await historyEvents(inTwoRounds)).filter(({ activityType }) => activityType === 'backUpComponent').length !== 4) throw new Error('takeBackup.twoRounds: each store was to be dumped twice');
  service.define({ canary: true });
  await save('takeBackup.canary', await service.start('takeBackup', { service: name }), 'COMPLETED');
  delete (service.config.services[0] as { canary?: true }).canary;
  const cancelled = await service.start('takeBackup', { service: name });
  await cancelInBackUp(cancelled);
  await save('takeBackup.cancelled', cancelled, 'CANCELLED');
  return backupId;
}

/** The service is held by another run: one gives up, one waits until it is released. */
export async function recordHeldLease({ service, save }: Recorder): Promise<void> {
  const { name, client } = service;
  // Some run that stays open for as long as it is needed: a lease of nothing, under an id of its own.
  const owner = await service.start('serviceLease', { service: name, owner: {}, purpose: 'staying open' });
  const { runId, workflowId } = await owner.describe();
  const { namespaceInfo } = await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  const held = { owner: { namespaceId: namespaceInfo?.id ?? '', workflowId, runId }, purpose: 'a recording' };
  const lease = await client.workflow.start('serviceLease', { taskQueue: service.taskQueue, workflowId: leaseWorkflowId(name), args: [{ service: name, ...held }], memo: held });
  await save('takeBackup.busy', await service.start('takeBackup', { service: name }), 'ServiceBusy');
  const waiting = await service.start('takeBackup', { service: name });
  await waitFor(async () => (await waiting.query(statusQuery)).phase === 'waitingForService');
  await lease.signal(releaseLeaseSignal, { runId });
  await save('takeBackup.waited', waiting, 'COMPLETED');
  await owner.terminate('recording');
}

/** Last: what the service holds from here on does not restore, its newest backup is damaged, and its Redis is dead. */
export async function recordFailures({ service, save }: Recorder): Promise<void> {
  const { name } = service;
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: name });
  await damageRdb(join(service.repositoryPath, name, 'backups', backupId));
  await save('verifyBackup.failed', await service.start('verifyBackup', { service: name, backup: backupId }), 'ArtifactDamaged');
  await service.sql(`CREATE TABLE allowed (word text); INSERT INTO allowed VALUES ('x');
    CREATE FUNCTION is_allowed(w text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT EXISTS (SELECT FROM allowed WHERE word = w)';
    CREATE TABLE picky (word text CHECK (is_allowed(word))); INSERT INTO picky VALUES ('x')`);
  await save('takeBackup.proofFailed', await service.start('takeBackup', { service: name, prove: true }), 'ProofFailed');
  await save('proveBackup.failed', await service.start('proveBackup', { service: name }), 'ProofFailed');
  await service.runtime.kill(service.redis);
  await service.runtime.updateRestartPolicy(service.redis, { name: 'no', maximumRetryCount: 0 });
  await service.runtime.stop(service.redis, 10_000);
  await save('takeBackup.failed', await service.start('takeBackup', { service: name }), 'ContainerNotRunning');
}

/** One bit of the artifact that the manifest names. */
async function damageRdb(directory: string): Promise<void> {
  const { components } = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as BackupManifest;
  const path = join(directory, components.flatMap(({ artifacts }) => artifacts).find(({ kind }) => kind === 'rdb')?.path ?? '');
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(path, bytes);
}
