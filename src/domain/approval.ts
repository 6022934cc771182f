/** The approval gate as a pure state machine: who may say what to which plan, and what an answer leads to. */
import type { ApprovalPolicy } from './service.ts';
import type { PlanEnvelope } from './restore-plan.ts';

/** Who decides where policy asks for no human: a name that no human may use. */
export const policyApprover = 'policy';

/** As of any text in a run's input. */
const longestText = 500;

/** What an approver sends. The digest and run id say *which* plan of *which* run; by is only as good as access to Temporal. */
export interface Decision {
  readonly digest: string;
  readonly runId: string;
  readonly by: string;
  readonly reason?: string;
}

export interface RecordedDecision extends Decision {
  readonly verdict: 'approved' | 'rejected';
  readonly at: string;
}

/** What the gate knows when a decision arrives. */
export interface GateState {
  readonly envelope: PlanEnvelope | null;
  readonly decision: RecordedDecision | null;
  readonly requester: string;
  readonly policy: ApprovalPolicy;
}

/**
 * Why a decision is refused, or null where it is acceptable. The same checks serve update validators (which answer at once) and
 * signal handlers (whose refusals are recorded in the status). A decision names the run of the plan that is shown; whether that is still
 * the run that asks (a reset re-applies old messages) is for an activity to say: workflow code that branched on its run id would break replay.
 * @param nowMs the workflow's clock, milliseconds since the epoch
 */
export function refusalOf(state: GateState, decision: unknown, nowMs: number): string | null {
  if (!isDecision(decision)) return 'a decision is {"digest", "runId", "by", "reason"?}, all text';
  if (state.envelope === null) return 'no plan is waiting for approval';
  if (decision.runId !== state.envelope.runId) return 'the decision was given to another run (after a reset the new plan has to be approved anew)';
  if (decision.digest !== state.envelope.digest) return 'the decision names another plan than the one that is shown';
  if (state.decision !== null) return `the plan was already ${state.decision.verdict} by ${state.decision.by}`;
  if (!(nowMs < Date.parse(state.envelope.expiresAt))) return `the plan expired at ${state.envelope.expiresAt}`;
  if (decision.by.trim() === '') return 'a decision says who makes it';
  if (decision.by.length > longestText || (decision.reason ?? '').length > longestText) return `who decides, and why, have at most ${longestText} characters each`;
  if (decision.by === policyApprover) return `"${policyApprover}" is not a person`;
  if (state.policy.fourEyes && state.requester.trim() === '') return 'policy asks for another person than the requester, and the run does not say who requested it';
  if (state.policy.fourEyes && samePerson(decision.by, state.requester)) return 'policy asks for another person than the one who requested the run';
  if (state.policy.approvers.length > 0 && !state.policy.approvers.includes(decision.by)) return `${decision.by} is not among the approvers`;
  return null;
}

/** A blank or a capital more makes nobody another person. */
const samePerson = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

export function isDecision(value: unknown): value is Decision {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Record<string, unknown>;
  return typeof candidate['digest'] === 'string' && typeof candidate['runId'] === 'string' && typeof candidate['by'] === 'string'
    && (candidate['reason'] === undefined || typeof candidate['reason'] === 'string');
}

/** The stored right to act: created exclusively by the first destructive activity, read by every later one. */
export interface ApprovalRecord {
  readonly format: 1;
  readonly digest: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly by: string;
  readonly reason: string | null;
  readonly approvedAt: string;
}
