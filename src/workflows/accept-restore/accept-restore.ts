/** `acceptRestore`: all is well, the old data may go. Its own plan and approval, because this is what cannot be undone. */
import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { RecordedDecision } from '../../domain/approval.ts';
import type { PinnedStore, PlanBody, RestorePlan } from '../../domain/restore-plan.ts';
import { leavesNoServer, replacementIn, type ComponentCutOver } from '../../domain/rollback.ts';
import type { Component } from '../../domain/service.ts';
import type { Rollback } from '../../repository/repository.ts';
import { openApprovalGate, type ApprovalGate } from '../shared/approval-gate.ts';
import { approvedPlan, type ApprovedPlan } from '../shared/approved-plan.ts';
import { authorityOf } from '../shared/cut-over.ts';
import { readRunChoice } from '../shared/input-fields.ts';
import { acquireRepaired, repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { AcceptRestoreInput, AcceptRestoreResult } from './messages.ts';

const maximumPlans = 5;
const lowerName = 'lower the fences';

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
    const lease = await acquireRepaired(run, 'letting a rollback copy go', plan.envelope.expiresAt);
    run.compensations.add(lowerName, () => run.host.quick.lowerOwnFences(authorityOf(plan)));
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled before anything was let go');
    // From the first copy that goes there is no way back: half of a rollback copy is none.
    await CancellationScope.nonCancellable(async () => {
      await discardAll(run, rollback, plan, decision);
      await run.host.quick.lowerOwnFences(authorityOf(plan));
    });
    run.compensations.drop(lowerName);
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
    if (typeof approved !== 'string') return approved;
    run.warn('The approval was given before this run was reset: the plan is shown anew.');
  }
  throw workflowFailure('ApprovalNotForThisRun', { operation: 'confirm the approval', object: run.input.service, cause: `${maximumPlans} approvals in a row belonged to another run`, hint: 'Start the runbook again instead of resetting it.' });
}

async function discardAll(run: Run<AcceptRestoreInput>, rollback: Rollback, plan: RestorePlan, decision: RecordedDecision): Promise<void> {
  run.phase('cuttingOver');
  const rollbackRunId = rollback.record.runId;
  for (const cutOver of rollback.record.cutOvers) {
    await run.host.cutOver.discardRollbackCopy({ authority: authorityOf(plan), decision, component: componentOf(run, cutOver), cutOver, rollbackRunId });
    run.done(`${cutOver.container}: copy removed`);
  }
  await run.host.cutOver.markAccepted({ ...authorityOf(plan), rollbackRunId });
}

/** How to reach the copy: the service's own component, in the container that the cut-over was in. @throws UnknownRollbackCopy */
function componentOf(run: Run<AcceptRestoreInput>, { component, container }: ComponentCutOver): Component {
  const own = run.components.find((each) => each.name === component);
  if (own !== undefined) return { ...own, container };
  throw workflowFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: `${run.input.service}/${component}`, cause: 'the service has no such component any more', hint: 'Configure it again as it was, then accept.' });
}

async function planBody(run: Run<AcceptRestoreInput>, rollback: Rollback): Promise<PlanBody> {
  const { service } = run.input;
  const stores: PinnedStore[] = [];
  for (const cutOver of rollback.record.cutOvers) {
    if (!leavesNoServer(cutOver)) await run.host.long.ensureRunning({ service, component: componentOf(run, cutOver), purpose: 'accept' });
    stores.push(await run.host.quick.pinRollbackCopy({ service, cutOver }));
  }
  return {
    format: 1,
    operation: 'accept',
    service,
    backup: null,
    rollbackOf: rollback.record.runId,
    stores,
    restarts: [],
    steps: rollback.record.cutOvers.map((cutOver) => replacementIn(cutOver) === null ? `Remove the data that ${rollback.record.workflowId} set aside in ${cutOver.container}` : `Remove the copy of ${cutOver.container} that ${rollback.record.workflowId} put into the repository before it dropped the data`),
    losses: [],
    compared: [],
    notCompared: [],
    notes: [],
    wayBack: 'none: after this the run can no longer be undone',
  };
}
