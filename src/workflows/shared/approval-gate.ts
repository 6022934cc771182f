/** The human's yes. Decisions are checked by the pure rules in domain/approval.ts; an activity then says whether they are current. */
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { refusalOf, type Decision, type RecordedDecision } from '../../domain/approval.ts';
import type { RestorePlan } from '../../domain/restore-plan.ts';
import { approveSignal, approveUpdate, rejectSignal, rejectUpdate } from './messages.ts';
import type { CommonInput, Run } from './run.ts';
import { workflowFailure } from './workflow-failure.ts';

export interface ApprovalGate {
  /** Shows the plan, waits for a decision, and answers it; null where `overtaken` came true first: then the plan is shown no more. @throws ApprovalRejected, ApprovalExpired */
  decide(plan: RestorePlan, overtaken: () => boolean): Promise<RecordedDecision | null>;
}

const keptRefusals = 20;

/**
 * Registers the handlers at once: a decision that arrives before a plan is refused, not lost in a buffer.
 * @throws InvalidInput where four eyes are asked for and nobody says who requests
 */
export function openApprovalGate<I extends CommonInput>(run: Run<I>): ApprovalGate {
  const { status } = run;
  if (run.service.definition.approval.fourEyes && run.input.requestedBy === undefined) {
    throw workflowFailure('InvalidInput', { operation: 'read the input', object: 'requestedBy', cause: 'policy asks for another person than the requester, and the run does not say who requests it', hint: 'Start it with "requestedBy".' });
  }
  const refusal = (decision: unknown): string | null =>
    refusalOf({ envelope: status.plan?.envelope ?? null, decision: status.decision, requester: run.input.requestedBy ?? '', policy: run.service.definition.approval }, decision, Date.now());
  const record = (verdict: 'approved' | 'rejected', decision: Decision): RecordedDecision => {
    status.decision = { ...decision, verdict, at: new Date(Date.now()).toISOString() };
    return status.decision;
  };
  const validate = (decision: Decision): void => {
    const reason = refusal(decision);
    if (reason !== null) throw ApplicationFailure.create({ message: reason, type: 'ApprovalInvalid', nonRetryable: true });
  };
  const bySignal = (verdict: 'approved' | 'rejected') => (decision: Decision): void => {
    const reason = refusal(decision);
    if (reason === null) record(verdict, decision);
    else status.refusals = [...status.refusals, reason].slice(-keptRefusals);
  };
  setHandler(approveUpdate, (decision) => record('approved', decision), { validator: validate, description: 'Approve the plan that is shown: {"digest","runId","by","reason"?}' });
  setHandler(rejectUpdate, (decision) => record('rejected', decision), { validator: validate, description: 'Reject the plan that is shown' });
  setHandler(approveSignal, bySignal('approved'), { description: 'Approve by signal (UI, tctl); a refusal is found in the status query' });
  setHandler(rejectSignal, bySignal('rejected'), { description: 'Reject by signal' });
  return { decide: (plan, overtaken) => waitForDecision(run, plan, overtaken) };
}

async function waitForDecision<I extends CommonInput>(run: Run<I>, plan: RestorePlan, overtaken: () => boolean): Promise<RecordedDecision | null> {
  const { status } = run;
  status.decision = null;
  status.plan = plan;
  run.phase('awaitingApproval');
  const remainingMs = Math.max(1, Date.parse(plan.envelope.expiresAt) - Date.now());
  const decided = await condition(() => status.decision !== null || overtaken(), remainingMs, { summary: 'waiting for approval' });
  const decision = status.decision as RecordedDecision | null;
  if (decided && decision === null) {
    status.plan = null;
    run.phase('working');
    return null;
  }
  if (!decided || decision === null) {
    throw workflowFailure('ApprovalExpired', { operation: 'wait for approval', object: run.input.service, cause: `nobody decided before ${plan.envelope.expiresAt}`, hint: 'Nothing live was changed. Start the run again when someone can approve it.' });
  }
  if (decision.verdict === 'rejected') {
    throw workflowFailure('ApprovalRejected', { operation: 'wait for approval', object: run.input.service, cause: `${decision.by} rejected the plan${decision.reason === undefined ? '' : `: ${decision.reason}`}`, hint: 'Nothing live was changed.' });
  }
  run.phase('working');
  return decision;
}
