/** One run at a time where runs must not meet: a child workflow with a fixed id (reference: lock by workflow id, ABANDON on both ends). */
import { CancellationScope, ChildWorkflowCancellationType, ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { LeaseHolder } from '../../activities/service-activities.ts';
import type { RunOwner } from '../../domain/run-owner.ts';
import { leaseWorkflowId, shortRunId } from '../../domain/workflow-ids.ts';
import { serviceLease } from '../service-lease/service-lease.ts';
import { timingOf } from './activity-options.ts';
import type { CommonInput, Run } from './run.ts';
import { workflowFailure } from './workflow-failure.ts';

export interface Lease {
  /** The owner before had ended without releasing it: whatever it was about has to be repaired first. */
  readonly tookOver: boolean;
  /** Out of reach of a cancellation; when it returns, the lease has ended. */
  release(): Promise<void>;
}

const releaseName = 'release the lease';
const maximumRounds = 10;

/**
 * Takes the service's lease. A lease whose owner has ended is ended and taken; a living owner is waited for until then, and named in the status
 * meanwhile. The release is registered as a compensation before the lease is asked for.
 * @param until RFC 3339; by default the short wait of the timing profile @throws ServiceBusy
 */
export async function acquireLease<I extends CommonInput>(run: Run<I>, purpose: string, until?: string): Promise<Lease> {
  const { service } = run.input;
  const deadline = until ?? new Date(Date.now() + timingOf(run.service.timing).leaseWaitMs).toISOString();
  const release = (): Promise<unknown> => run.control.quick.releaseLease({ service });
  let tookOver = false;
  run.compensations.add(releaseName, release);
  for (let round = 1; round <= maximumRounds; round += 1) {
    if (await startLease(run, purpose)) return { tookOver, release: () => releaseOnce(run, release) };
    let holder = await run.control.quick.inspectLease({ service });
    if (holder.state === 'held') holder = await waitFor(run, holder, deadline);
    if (holder.state === 'held') throw busy(run, holder);
    if (holder.state === 'ended') {
      await run.control.quick.endLease({ service, leaseRunId: holder.leaseRunId });
      tookOver = true;
    }
  }
  throw busy(run, null);
}

/** False where another run holds it. */
async function startLease<I extends CommonInput>(run: Run<I>, purpose: string): Promise<boolean> {
  const { workflowId, runId, taskQueue } = workflowInfo();
  const owner: RunOwner = { namespaceId: run.service.namespaceId, workflowId, runId };
  const { service } = run.input;
  try {
    await startChild(serviceLease, {
      workflowId: leaseWorkflowId(service),
      taskQueue,
      args: [{ service, owner, purpose }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      memo: { owner, purpose },
      staticSummary: `${service} is held for ${purpose}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

async function releaseOnce<I extends CommonInput>(run: Run<I>, release: () => Promise<unknown>): Promise<void> {
  await CancellationScope.nonCancellable(release);
  run.compensations.drop(releaseName);
}

async function waitFor<I extends CommonInput>(run: Run<I>, holder: LeaseHolder & { state: 'held' }, until: string): Promise<LeaseHolder> {
  const { workflowId, runId } = holder.owner;
  run.note(`Waiting for ${workflowId} (${holder.purpose}); holdfast cancel ${shortRunId(workflowId)} ends it`);
  run.status.waitingFor = { workflowId, runId, purpose: holder.purpose };
  run.phase('waitingForService');
  const after = await run.control.long.waitForLease({ service: run.input.service, until });
  run.status.waitingFor = null;
  run.phase('working');
  return after;
}

function busy<I extends CommonInput>(run: Run<I>, holder: (LeaseHolder & { state: 'held' }) | null): Error {
  const cause = holder === null ? 'other runs take it one after the other' : `${holder.owner.workflowId} holds it (${holder.purpose})`;
  const hint = holder === null ? 'Try again in a moment.' : `Wait for it (holdfast watch ${shortRunId(holder.owner.workflowId)}) or cancel it (holdfast cancel ${shortRunId(holder.owner.workflowId)}), then try again.`;
  return workflowFailure('ServiceBusy', { operation: 'take the service', object: run.input.service, cause, hint });
}
