/** Saying yes or no to a plan: an update, which is answered at once. Never a signal in its place: a refusal would go unseen. */
import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { Decision, RecordedDecision } from '../domain/approval.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { RestorePlan } from '../domain/restore-plan.ts';
import { approveUpdate, rejectUpdate } from '../workflows/shared/messages.ts';
import { askTemporal } from './ask-temporal.ts';

/** The plan that is decided about is given, not looked up: what was shown is what is approved. @throws ApprovalInvalid with the gate's reason */
export async function decide(client: Client, verdict: 'approve' | 'reject', plan: RestorePlan, by: string, reason: string | undefined): Promise<RecordedDecision> {
  const { workflowId, runId, digest } = plan.envelope;
  const decision: Decision = { digest, runId, by, ...(reason === undefined ? {} : { reason }) };
  try {
    return await askTemporal(client, `${verdict} the plan`, workflowId, () => client.workflow.getHandle(workflowId).executeUpdate(verdict === 'approve' ? approveUpdate : rejectUpdate, { args: [decision] }), 30_000);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new HoldfastFailure('ApprovalInvalid', { operation: `${verdict} the plan`, object: workflowId, cause: error.cause?.message ?? error.message, hint: 'Look at the plan as it is now: holdfast show or holdfast watch.' }, { cause: error });
  }
}
