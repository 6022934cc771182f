/** From an approved plan to a healthy service: lease, cut-over, application, health. The same for restore and undo. */
import { CancelledFailure } from '@temporalio/common';
import { CancellationScope } from '@temporalio/workflow';
import type { PlanBody, RestorePlan } from '../../domain/restore-plan.ts';
import { leavesOpen } from '../../domain/rollback.ts';
import type { ApprovalGate } from './approval-gate.ts';
import { approvedPlan, type ApprovedPlan } from './approved-plan.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import { dropDiscards, exchangeStores, notWell, type CutOverRequest } from './cut-over.ts';
import { acquireRepaired, repairEndedRuns } from './repair-ended-runs.ts';
import type { CommonInput, Run } from './run.ts';
import type { Stopwatch } from './stopwatch.ts';
import { finalFailure, workflowFailure } from './workflow-failure.ts';

/** What was made ready, and the plan that it leads to. */
export interface Prepared extends Pick<CutOverRequest, 'backup' | 'companions' | 'readyMarks'> {
  readonly body: PlanBody;
  readonly approvalRequired: boolean;
  readonly prepared: readonly PreparedComponent[];
}

export interface BringBackRequest extends Pick<CutOverRequest, 'operation' | 'undoneRunId'> {
  /** Makes ready beside and compares; called again when a reset made what was ready another run's, or something else was asked for meanwhile. */
  prepare(): Promise<Prepared>;
  /** Was something else asked for, so that the plan that is shown is not the one to decide about? */
  overtaken?(): boolean;
  /** After the approval, before anything is closed: what still has to be done beside the live data. */
  finish?(prepared: readonly PreparedComponent[]): Promise<readonly PreparedComponent[]>;
}

export interface BroughtBack {
  readonly plan: RestorePlan;
  readonly prepared: readonly PreparedComponent[];
  readonly approvedAt: string;
  readonly backAt: string;
  /** Transactions that the rollback copy holds and the backup does not, counted when no client could write any more; null where they are not counted. */
  readonly setAside: string | null;
  readonly phases: readonly { readonly phase: string; readonly durationMs: number }[];
}

const maximumPlans = 5;

/**
 * Makes ready, shows the plan until it is approved in this very run, exchanges the data, and checks the application.
 * @throws ApprovalRejected, ApprovalExpired, ServiceBusy, HealthCheckFailed (the rollback copy is kept), and whatever made the cut-over roll back
 */
export async function bringBack<I extends CommonInput>(run: Run<I>, gate: ApprovalGate, watch: Stopwatch, request: BringBackRequest): Promise<BroughtBack> {
  for (let stale = 0; stale < maximumPlans;) {
    watch.lap('prepare');
    const ready = await request.prepare();
    watch.lap('approval');
    const approved = await approvedPlan(run, gate, ready.body, ready.approvalRequired, request.overtaken);
    if (approved === 'overtaken') continue;
    const back = approved === 'stale' ? 'stale' : await cutOver(run, watch, request, ready, approved);
    if (back !== 'stale') return back;
    stale += 1;
    dropDiscards(run, ready.prepared.map(({ component }) => component));
    run.warn('The approval was given before this run was reset: all is made ready and the plan shown anew.');
    await repairEndedRuns(run, false);
  }
  throw workflowFailure('ApprovalNotForThisRun', { operation: 'begin the cut-over', object: run.input.service, cause: `${maximumPlans} approvals in a row belonged to another run`, hint: 'Start the runbook again instead of resetting it.' });
}

/** An approval holds until its plan expires, and so long another run that holds the service is waited for. */
async function cutOver<I extends CommonInput>(run: Run<I>, watch: Stopwatch, request: BringBackRequest, ready: Prepared, approved: ApprovedPlan): Promise<BroughtBack | 'stale'> {
  if (request.finish !== undefined) watch.lap('finish');
  const prepared = await request.finish?.(ready.prepared) ?? ready.prepared;
  watch.lap('cut over');
  run.step('[4/5] Cut over');
  const lease = await acquireRepaired(run, `the cut-over of a ${request.operation}`, approved.plan.envelope.expiresAt);
  const { operation, undoneRunId } = request;
  const exchanged = await exchangeStores(run, { ...ready, ...approved, operation, undoneRunId, prepared });
  if (exchanged === 'stale') {
    await lease.release();
    return 'stale';
  }
  // One that came while the last comparison ended well is still in time.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled before the opening');
  // From the opening to the last check a cancellation comes too late: what is half open helps nobody.
  return CancellationScope.nonCancellable(async () => {
    await exchanged.open();
    await lease.release();
    watch.lap('check');
    await check(run, !prepared.every(({ cutOver }) => leavesOpen(cutOver)));
    return { plan: approved.plan, prepared, setAside: exchanged.setAside, approvedAt: approved.decision.at, backAt: new Date(Date.now()).toISOString(), phases: watch.end() };
  });
}

/** @param closed clients were kept out: then the application's connections lead to what is gone, and it is restarted */
async function check<I extends CommonInput>(run: Run<I>, closed: boolean): Promise<void> {
  run.phase('checking');
  run.step('[5/5] Check     application and health');
  if (run.input.into !== undefined) return;
  if (closed) await restartApplication(run);
  await checkHealth(run);
}

async function restartApplication<I extends CommonInput>(run: Run<I>): Promise<void> {
  const { service } = run.input;
  const { restarted } = await run.host.check.restartApplication({ service }).catch((error: unknown) => {
    throw notWell(run, `the application could not be restarted: ${finalFailure(error, service).message}`);
  });
  if (restarted.length > 0) run.done(`Restarted ${restarted.join(', ')}`);
}

async function checkHealth<I extends CommonInput>(run: Run<I>): Promise<void> {
  const { service } = run.input;
  const health = await run.host.check.waitForHealth({ service });
  if (health === null) {
    run.note('No health URL is configured: whether the application works was not checked.');
    return;
  }
  if (!health.healthy) throw notWell(run, `the health check answers ${health.answer}`);
  run.done(`Health ${health.answer}`);
}
