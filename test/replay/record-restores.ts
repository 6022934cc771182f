/** Histories of restoring, undoing, accepting and repairing. */
import type { WorkflowHandle } from '@temporalio/client';
import { approveSignal, statusQuery } from '../../src/workflows/shared/messages.ts';
import { resetBefore } from '../support/reset-run.ts';
import { startServiceFixture, waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

export async function recordRefusals({ service, save, reject }: Recorder, backup: string): Promise<void> {
  const input = { service: service.name, backup };
  await save('restoreBackup.planned', await service.start('restoreBackup', { ...input, dryRun: true }), 'COMPLETED');
  const rejected = await service.start('restoreBackup', input);
  await reject(rejected);
  await save('restoreBackup.rejected', rejected, 'ApprovalRejected');
  await save('restoreBackup.expired', await service.start('restoreBackup', input), 'ApprovalExpired');
  const cancelled = await service.start('restoreBackup', input);
  await service.waitForPhase(cancelled, 'awaitingApproval');
  await cancelled.cancel();
  await save('restoreBackup.cancelled', cancelled, 'CANCELLED');
}

export async function recordRestores(recorder: Recorder, backup: string): Promise<void> {
  const { service, faults, save, approved } = recorder;
  const input = { service: service.name, backup };
  faults.swap = true;
  await save('restoreBackup.rolledBack', await approved('restoreBackup', input), 'CutOverFailed');
  faults.swap = false;
  await save('restoreBackup.done', await approved('restoreBackup', { ...input, reason: 'recording' }), 'COMPLETED');
  await accept(recorder);
  const bySignal = await service.start('restoreBackup', input);
  await signalApproval(recorder, bySignal);
  await save('restoreBackup.approvedBySignal', bySignal, 'COMPLETED');
  const again = await resetBefore(service.client, bySignal, (_type, activity) => activity === 'confirmApproval');
  await waitFor(async () => (await again.query(statusQuery)).events.some((event) => event.text.includes('was reset')));
  await service.approve(again);
  await save('restoreBackup.afterReset', again, 'COMPLETED');
  await accept(recorder);
  await recordIntoEmpty(recorder, backup);
  await recordUnusable(recorder, backup);
  faults.healthy = false;
  await save('restoreBackup.healthCheckFailed', await approved('restoreBackup', input), 'HealthCheckFailed');
  faults.healthy = true;
}

async function signalApproval({ service }: Recorder, handle: WorkflowHandle): Promise<void> {
  await service.waitForPhase(handle, 'awaitingApproval');
  const { plan } = await handle.query(statusQuery);
  await handle.signal(approveSignal, { digest: plan?.envelope.digest ?? '', runId: plan?.envelope.runId ?? '', by: 'recorder' });
}

async function accept({ service, approved }: Recorder): Promise<void> {
  await (await approved('acceptRestore', { service: service.name, run: 'latest' })).result();
}

/** A server that crashes at every start: its whole data is replaced by what is made of the dump. */
export async function recordUnusable(recorder: Recorder, backup: string): Promise<void> {
  const { service, save, approved } = recorder;
  await service.runtime.exec(service.postgres, { argv: ['sh', '-c', 'rm "$PGDATA"/pg_wal/0*'], timeoutMs: 10_000 });
  await service.runtime.kill(service.postgres);
  await service.runtime.start(service.postgres);
  await waitFor(async () => (await service.runtime.inspect(service.postgres)).state === 'restarting');
  await save('restoreBackup.unusable', await approved('restoreBackup', { service: service.name, backup }), 'COMPLETED');
  await accept(recorder);
}

/** Two databases that nobody has written to: nobody is asked. */
async function recordIntoEmpty({ service, save }: Recorder, backup: string): Promise<void> {
  const empty = await startServiceFixture();
  try {
    const into = Object.fromEntries((empty.config.services[0]?.components ?? []).map((component) => [component.name, component.container]));
    await save('restoreBackup.intoEmpty', await service.start('restoreBackup', { service: service.name, backup, into }), 'COMPLETED');
  } finally {
    await empty.stop();
  }
}

/** There is a rollback copy. */
export async function recordWaysBack({ service, faults, save, approved, reject }: Recorder): Promise<void> {
  const input = { service: service.name, run: 'latest' };
  await save('undoRestore.planned', await service.start('undoRestore', { ...input, dryRun: true }), 'COMPLETED');
  const keep = await service.start('undoRestore', input);
  await reject(keep);
  await save('undoRestore.rejected', keep, 'ApprovalRejected');
  await save('undoRestore.expired', await service.start('undoRestore', input), 'ApprovalExpired');
  faults.swap = true;
  await save('undoRestore.rolledBack', await approved('undoRestore', input), 'CutOverFailed');
  faults.swap = false;
  await save('undoRestore.done', await approved('undoRestore', input), 'COMPLETED');
  await save('acceptRestore.planned', await service.start('acceptRestore', { ...input, dryRun: true }), 'COMPLETED');
  const refused = await service.start('acceptRestore', input);
  await reject(refused);
  await save('acceptRestore.rejected', refused, 'ApprovalRejected');
  await save('acceptRestore.done', await approved('acceptRestore', input), 'COMPLETED');
}

/** Nothing to repair; then a restore that was terminated in mid cut-over, with its lease, its fences and closed databases. */
export async function recordRepairs({ service, faults, save, approved }: Recorder, backup: string): Promise<void> {
  await save('reapLeftovers.done', await service.start('reapLeftovers', { service: service.name }), 'COMPLETED');
  const held = Promise.withResolvers<void>();
  faults.hold = held.resolve;
  const run = await approved('restoreBackup', { service: service.name, backup });
  await held.promise;
  faults.hold = null;
  await run.terminate('recording');
  await save('reapLeftovers.repaired', await service.start('reapLeftovers', { service: service.name }), 'COMPLETED');
}
