/** From a plan's body to an approved plan, and the answer whether the approval belongs to this very run. */
import { policyApprover, type RecordedDecision } from '../../domain/approval.ts';
import { shortDigest, type PlanBody, type RestorePlan } from '../../domain/restore-plan.ts';
import type { ApprovalGate } from './approval-gate.ts';
import { authorityOf } from './cut-over.ts';
import type { CommonInput, Run } from './run.ts';

export interface ApprovedPlan {
  readonly plan: RestorePlan;
  readonly decision: RecordedDecision;
}

/**
 * Plans, shows, waits, and confirms. `stale` where the approval was given to a former self of this run (a reset): then whatever was made
 * ready belongs to that self too, and the caller begins again. `overtaken` where something else was asked for before anyone decided. Where no approval is required, the policy decides and says so.
 * @throws ApprovalRejected, ApprovalExpired
 */
export async function approvedPlan<I extends CommonInput>(run: Run<I>, gate: ApprovalGate, body: PlanBody, required: boolean, overtaken: () => boolean = () => false): Promise<ApprovedPlan | 'stale' | 'overtaken'> {
  const plan = await run.host.quick.planRestore({ body });
  run.note(`PLAN ${shortDigest(plan.envelope.digest)}, expires ${plan.envelope.expiresAt}`);
  const decision = required ? await gate.decide(plan, overtaken) : byPolicy(run, plan);
  if (decision === null) return 'overtaken';
  if ((await run.host.quick.confirmApproval(authorityOf(plan))) === 'stale') return 'stale';
  run.done(`Approved by ${decision.by}${decision.reason === undefined ? '' : ` (${decision.reason})`}`);
  return { plan, decision };
}

function byPolicy<I extends CommonInput>(run: Run<I>, plan: RestorePlan): RecordedDecision {
  const decision: RecordedDecision = { digest: plan.envelope.digest, runId: plan.envelope.runId, by: policyApprover, reason: 'policy asks for no approval here', verdict: 'approved', at: new Date(Date.now()).toISOString() };
  run.status.plan = plan;
  run.status.decision = decision;
  return decision;
}
