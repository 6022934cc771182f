/** `acceptRestore`: all is well, the old data may go. Its own plan and approval, because this is what cannot be undone. */
import { workflowInfo } from '@temporalio/workflow';
import type { RestorePlan } from '../../domain/restore-plan.ts';
import type { RecordedDecision } from '../../domain/approval.ts';
import type { PlanBody } from '../../domain/restore-plan.ts';
import type { Rollback } from '../../repository/repository.ts';
import { openApprovalGate, type ApprovalGate } from '../shared/approval-gate.ts';
import { approvedPlan, type ApprovedPlan } from '../shared/approved-plan.ts';
import { authorityOf } from '../shared/cut-over.ts';
import { readRunChoice } from '../shared/input-fields.ts';
import { acquireLease } from '../shared/lease.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { AcceptRestoreInput, AcceptRestoreResult } from './messages.ts';

const maximumPlans = 5;

export async function acceptRestore(input: AcceptRestoreInput): Promise<AcceptRestoreResult> {
  return inFrame('acceptRestore', input, readRunChoice, async (run) => {
    const gate = openApprovalGate(run);
    await repairEndedRuns(run, true);
    const rollback = await run.host.quick.findRollback({ service: run.input.service, run: run.input.run });
    const acceptedRun = rollback.record.workflowId;
    run.step(`The rollback copy of ${acceptedRun}`);
    const body = await planBody(run, rollback);
    if (run.input.dryRun === true) return { outcome: 'planned', acceptedRun, plan: await run.host.quick.planRestore({ body }) };
    const { plan, decision } = await approvedAnew(run, gate, body);
    const { workflowId, runId } = workflowInfo();
    const lease = await acquireLease(run, 'letting a rollback copy go', { namespaceId: run.service.namespaceId, workflowId, runId });
    run.compensations.add('lower the fences', () => run.host.quick.lowerOwnFences(authorityOf(plan)));
    await discardAll(run, rollback, plan, decision);
    await lease.release();
    run.done(`Accepted: the rollback copy of ${acceptedRun} is gone.`);
    return { outcome: 'accepted', acceptedRun, plan };
  });
}

/** Nothing was made ready for an accept, so after a reset the same body is shown again in a new envelope. */
async function approvedAnew(run: Run<AcceptRestoreInput>, gate: ApprovalGate, body: PlanBody): Promise<ApprovedPlan> {
  const required = run.service.definition.approval.required.includes('accept');
  for (let shown = 1; shown <= maximumPlans; shown += 1) {
    const approved = await approvedPlan(run, gate, body, required);
    if (approved !== 'stale') return approved;
    run.warn('The approval was given before this run was reset: the plan is shown anew.');
  }
  throw workflowFailure('ApprovalNotForThisRun', { operation: 'confirm the approval', object: run.input.service, cause: `${maximumPlans} approvals in a row belonged to another run`, hint: 'Start the runbook again instead of resetting it.' });
}

async function discardAll(run: Run<AcceptRestoreInput>, rollback: Rollback, plan: RestorePlan, decision: RecordedDecision): Promise<void> {
  run.phase('cuttingOver');
  const rollbackRunId = rollback.record.runId;
  for (const cutOver of rollback.record.cutOvers) {
    const component = run.components.find((each) => each.name === cutOver.component);
    if (component === undefined) continue;
    await run.host.cutOver.discardRollbackCopy({ authority: authorityOf(plan), decision, component, cutOver, rollbackRunId, components: run.components });
    run.done(`${component.container}: copy removed`);
  }
  await run.host.cutOver.markAccepted({ service: run.input.service, rollbackRunId });
}

async function planBody(run: Run<AcceptRestoreInput>, rollback: Rollback): Promise<PlanBody> {
  const { service } = run.input;
  const facts = [];
  for (const component of run.components) {
    await run.host.quick.ensureRunning({ service, component });
    facts.push(await run.host.quick.inspectComponent({ service, component, purpose: 'restore' }));
  }
  return {
    format: 1,
    operation: 'accept',
    service,
    backup: null,
    rollbackOf: rollback.record.runId,
    stores: facts.map((each) => each.pinned),
    restarts: [],
    steps: rollback.record.cutOvers.map((cutOver) => `Remove the data that ${rollback.record.workflowId} set aside in ${cutOver.container}`),
    losses: [],
    compared: [],
    notCompared: [],
    wayBack: 'none: after this the run can no longer be undone',
  };
}
