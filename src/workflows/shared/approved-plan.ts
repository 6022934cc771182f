/** From a plan's body to an approved plan that belongs to this very run, whatever resets lie between. */
import type { RecordedDecision } from '../../domain/approval.ts';
import { shortDigest, type PlanBody, type RestorePlan } from '../../domain/restore-plan.ts';
import type { ApprovalGate } from './approval-gate.ts';
import { authorityOf } from './cut-over.ts';
import type { CommonInput, Run } from './run.ts';
import { workflowFailure } from './workflow-failure.ts';

export interface ApprovedPlan {
  readonly plan: RestorePlan;
  readonly decision: RecordedDecision;
}

const maximumEnvelopes = 5;

/**
 * Plans, shows, waits, and confirms. An approval that was given to a former self of this run (a reset) is `stale` and leads to a new
 * envelope. Where no approval is required, the policy decides and says so.
 * @throws ApprovalRejected, ApprovalExpired, ApprovalNotForThisRun
 */
export async function approvedPlan<I extends CommonInput>(run: Run<I>, gate: ApprovalGate, body: PlanBody, required: boolean): Promise<ApprovedPlan> {
  for (let envelope = 1; envelope <= maximumEnvelopes; envelope += 1) {
    const plan = await run.host.quick.planRestore({ body });
    run.note(`PLAN ${shortDigest(plan.envelope.digest)}, expires ${plan.envelope.expiresAt}`);
    const decision = required ? await gate.decide(plan) : byPolicy(run, plan);
    if ((await run.host.quick.confirmApproval(authorityOf(plan))) === 'current') {
      run.done(`Approved by ${decision.by}${decision.reason === undefined ? '' : ` (${decision.reason})`}`);
      return { plan, decision };
    }
    run.warn('The approval was given before this run was reset: the plan has to be approved anew.');
  }
  throw workflowFailure('ApprovalNotForThisRun', { operation: 'confirm the approval', object: run.input.service, cause: `${maximumEnvelopes} approvals in a row belonged to another run`, hint: 'Start the runbook again instead of resetting it.' });
}

function byPolicy<I extends CommonInput>(run: Run<I>, plan: RestorePlan): RecordedDecision {
  const decision: RecordedDecision = { digest: plan.envelope.digest, runId: plan.envelope.runId, by: 'policy', reason: 'policy asks for no approval here', verdict: 'approved', at: new Date(Date.now()).toISOString() };
  run.status.plan = plan;
  run.status.decision = decision;
  return decision;
}
