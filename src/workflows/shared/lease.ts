/** One run at a time where runs must not meet: a child workflow with a fixed id (reference: lock by workflow id, ABANDON on both ends). */
import { ChildWorkflowCancellationType, ParentClosePolicy, isCancellation, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RunOwner } from '../../domain/run-owner.ts';
import { leaseWorkflowId } from '../../domain/workflow-ids.ts';
import { serviceLease } from '../service-lease/service-lease.ts';
import { timingOf } from './activity-options.ts';
import { releaseLeaseSignal } from './messages.ts';
import type { CommonInput, Run } from './run.ts';
import { workflowFailure } from './workflow-failure.ts';

export interface Lease {
  release(): Promise<void>;
}

/**
 * Takes the service's lease. A lease whose owner has ended is ended and taken; a living owner is waited for, then `ServiceBusy`.
 * The release is registered as a compensation before the lease is asked for.
 */
export async function acquireLease<I extends CommonInput>(run: Run<I>, purpose: string, owner: RunOwner): Promise<Lease> {
  const timing = timingOf(run.service.timing);
  const rounds = Math.max(1, Math.ceil(timing.leaseWaitMs / timing.leasePollMs));
  for (let round = 0; round < rounds; round += 1) {
    const lease = await tryToHold(run, purpose, owner);
    if (lease !== null) return lease;
    const holder = await run.control.quick.inspectLease({ service: run.input.service });
    if (holder.state === 'ended') await run.control.quick.endLease({ service: run.input.service, leaseRunId: holder.leaseRunId });
    else if (holder.state === 'held') {
      if (round === 0) run.note(`Waiting for ${holder.owner.workflowId} (${holder.purpose})`);
      run.phase('waitingForService');
      await sleep(timing.leasePollMs, { summary: 'waiting for the service' });
    }
    if (round === rounds - 1 && holder.state === 'held') throw busy(run.input.service, holder.owner.workflowId, holder.purpose);
  }
  throw busy(run.input.service, 'another run', 'unknown');
}

async function tryToHold<I extends CommonInput>(run: Run<I>, purpose: string, owner: RunOwner): Promise<Lease | null> {
  try {
    const child = await startChild(serviceLease, {
      workflowId: leaseWorkflowId(run.input.service),
      taskQueue: workflowInfo().taskQueue,
      args: [{ service: run.input.service, owner, purpose }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      memo: { owner, purpose },
      staticSummary: `${run.input.service} is held for ${purpose}`,
    });
    const release = async (): Promise<void> => {
      run.compensations.drop('release the lease');
      await child.signal(releaseLeaseSignal, { runId: owner.runId }).catch(ignoreEnded);
    };
    run.compensations.add('release the lease', release);
    return { release };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** A signal fails only where the lease has ended, and then nobody holds it: after a reset, or when a repair ended it. */
function ignoreEnded(error: unknown): void {
  if (isCancellation(error)) throw error;
}

const busy = (service: string, holder: string, purpose: string): Error =>
  workflowFailure('ServiceBusy', { operation: 'take the service', object: service, cause: `${holder} holds it (${purpose})`, hint: `Wait for it (holdfast watch ${holder.split('/').at(-1)}) or cancel it (holdfast cancel ${holder.split('/').at(-1)}), then try again.` });
