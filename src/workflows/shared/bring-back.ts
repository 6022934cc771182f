/** From an approved plan to a healthy service: lease, cut-over, application, health. The same for restore and undo. */
import { workflowInfo } from '@temporalio/workflow';
import type { PlanBody, RestorePlan } from '../../domain/restore-plan.ts';
import type { ApprovalGate } from './approval-gate.ts';
import { approvedPlan, type ApprovedPlan } from './approved-plan.ts';
import type { PreparedComponent } from '../../engines/engine.ts';
import { cutOver, type CutOverRequest } from './cut-over.ts';
import { acquireLease } from './lease.ts';
import { repairEndedRuns } from './repair-ended-runs.ts';
import type { CommonInput, Run } from './run.ts';
import type { Stopwatch } from './stopwatch.ts';
import { workflowFailure } from './workflow-failure.ts';

/** What was made ready, and the plan that it leads to. */
export interface Prepared {
  readonly body: PlanBody;
  readonly approvalRequired: boolean;
  readonly prepared: readonly PreparedComponent[];
}

export interface BringBackRequest extends Omit<CutOverRequest, 'plan' | 'decision' | 'prepared'> {
  /** Makes ready beside and compares; called again when a reset made what was ready another run's. */
  prepare(): Promise<Prepared>;
}

export interface BroughtBack {
  readonly plan: RestorePlan;
  readonly prepared: readonly PreparedComponent[];
  readonly approvedAt: string;
  readonly backAt: string;
  readonly phases: readonly { readonly phase: string; readonly durationMs: number }[];
}

const maximumPlans = 5;

/**
 * Makes ready, shows the plan until it is approved in this very run, exchanges the data, and checks the application.
 * @throws ApprovalRejected, ApprovalExpired, ServiceBusy, HealthCheckFailed (the rollback copy is kept), and whatever made the cut-over roll back
 */
export async function bringBack<I extends CommonInput>(run: Run<I>, gate: ApprovalGate, watch: Stopwatch, request: BringBackRequest): Promise<BroughtBack> {
  for (let shown = 1; shown <= maximumPlans; shown += 1) {
    watch.lap('prepare');
    const ready = await request.prepare();
    const approved = await approveAndCutOver(run, gate, watch, request, ready);
    dropDiscards(run, ready.prepared);
    if (approved !== 'stale') return check(run, watch, approved, ready.prepared);
    run.warn('The approval was given before this run was reset: all is made ready and the plan shown anew.');
    await repairEndedRuns(run, false);
  }
  throw workflowFailure('ApprovalNotForThisRun', { operation: 'begin the cut-over', object: run.input.service, cause: `${maximumPlans} approvals in a row belonged to another run`, hint: 'Start the runbook again instead of resetting it.' });
}

async function approveAndCutOver<I extends CommonInput>(run: Run<I>, gate: ApprovalGate, watch: Stopwatch, request: BringBackRequest, ready: Prepared): Promise<ApprovedPlan | 'stale'> {
  watch.lap('approval');
  const approved = await approvedPlan(run, gate, ready.body, ready.approvalRequired);
  if (approved === 'stale') return 'stale';
  watch.lap('cut over');
  run.step('[4/5] Cut over');
  const { workflowId, runId } = workflowInfo();
  const lease = await acquireLease(run, `the cut-over of a ${request.operation}`, { namespaceId: run.service.namespaceId, workflowId, runId });
  const outcome = await cutOver(run, { ...request, ...approved, prepared: ready.prepared });
  await lease.release();
  return outcome === 'stale' ? 'stale' : approved;
}

async function check<I extends CommonInput>(run: Run<I>, watch: Stopwatch, { plan, decision }: ApprovedPlan, prepared: readonly PreparedComponent[]): Promise<BroughtBack> {
  watch.lap('check');
  run.phase('checking');
  run.step('[5/5] Check     application and health');
  if (run.input.into === undefined) await checkApplication(run);
  return { plan, prepared, approvedAt: decision.at, backAt: new Date(Date.now()).toISOString(), phases: watch.end() };
}

export const discardName = (component: string): string => `discard what was prepared for ${component}`;

/** What was prepared is live now, or belongs to a former self of this run, whose leftovers a repair removes: this run must not discard it. */
function dropDiscards<I extends CommonInput>(run: Run<I>, prepared: readonly PreparedComponent[]): void {
  for (const { component } of prepared) run.compensations.drop(discardName(component));
}

async function checkApplication<I extends CommonInput>(run: Run<I>): Promise<void> {
  const { service } = run.input;
  const { restarted } = await run.host.long.restartApplication({ service });
  if (restarted.length > 0) run.done(`Restarted ${restarted.join(', ')}`);
  const health = await run.host.long.waitForHealth({ service });
  if (health === null) {
    run.note('No health URL is configured: whether the application works was not checked.');
    return;
  }
  if (!health.healthy) {
    throw workflowFailure('HealthCheckFailed', { operation: 'check the application', object: service, cause: `its health check answers ${health.answer}`, hint: `The data is in place and equal. Look at the application; if the data is to blame: holdfast undo ${workflowInfo().workflowId.split('/').at(-1)}.` });
  }
  run.done(`Health ${health.answer}`);
}
