/** The cut-over of restore and undo: from an approved plan to an open service, or back to what was there. */
import { CancellationScope } from '@temporalio/workflow';
import type { Authority } from '../../activities/authority.ts';
import type { RecordedDecision } from '../../domain/approval.ts';
import { inClosingOrder, inOpeningOrder } from '../../domain/cut-over-steps.ts';
import type { RestorePlan } from '../../domain/restore-plan.ts';
import type { Component } from '../../domain/service.ts';
import { engineTitle } from '../../domain/wording.ts';
import type { PreparedComponent } from '../../engines/engine.ts';
import { allOrNone } from './all-or-none.ts';
import type { CommonInput, Run } from './run.ts';
import { failureTypeOf } from './workflow-failure.ts';

export interface CutOverRequest {
  readonly operation: 'restore' | 'undo';
  readonly plan: RestorePlan;
  readonly decision: RecordedDecision;
  readonly prepared: readonly PreparedComponent[];
  readonly backup: { readonly backupId: string; readonly manifestSha256: string; readonly point: string } | null;
  readonly undoneRunId: string | null;
}

const rollBackName = 'roll back the cut-over';

interface Target {
  readonly engine: Component['engine'];
  readonly step: { readonly authority: Authority; readonly component: Component; readonly cutOver: PreparedComponent['cutOver'] };
}

export const authorityOf = (plan: RestorePlan): Authority => ({ service: plan.body.service, nonce: plan.envelope.nonce, digest: plan.envelope.digest });

/**
 * Carries out an approved plan. Both stores are closed side by side (the shorter the time in which one is closed and the other open, the
 * better), exchanged when both are, compared when both are exchanged. Before the opening, any failure or cancellation rolls every store back (shielded, by the compensations);
 * from the opening on a cancellation no longer stops it: the shortest way to a service that answers is forward.
 */
export async function cutOver<I extends CommonInput>(run: Run<I>, request: CutOverRequest): Promise<'done' | 'stale'> {
  const authority = authorityOf(request.plan);
  const targets = targetsOf(run, request, authority);
  run.phase('cuttingOver');
  registerRollBack(run, targets, authority);
  if ((await begin(run, request, authority)) === 'stale') return 'stale';
  await allOrNone(inClosingOrder(targets).map(({ engine, step }) => async () => {
    await run.host.cutOver.closeComponent(step);
    run.done(`${engineTitle(engine)} closed: no client can write`);
  }));
  await allOrNone(inOpeningOrder(targets).map(({ step }) => () => run.host.cutOver.swapComponent(step)));
  await allOrNone(targets.map(({ step }) => () => run.host.cutOver.compareClosedComponent({ ...step, backup: request.backup })));
  run.done('Data exchanged; compared once more, still closed');
  await CancellationScope.nonCancellable(() => openAll(run, request, targets, authority));
  return 'done';
}

/** Where the first destructive activity finds the approval to be another run's (a reset), nothing has happened yet: the plan is shown anew. */
async function begin<I extends CommonInput>(run: Run<I>, request: CutOverRequest, authority: Authority): Promise<'begun' | 'stale'> {
  try {
    await run.host.cutOver.beginCutOver({
      authority, decision: request.decision, operation: request.operation, components: run.components, cutOvers: request.prepared.map((prepared) => prepared.cutOver),
      backupId: request.backup?.backupId ?? null, point: request.backup?.point ?? null, createdRoles: request.prepared.flatMap((prepared) => prepared.createdRoles),
    });
    return 'begun';
  } catch (error) {
    if (failureTypeOf(error) !== 'ApprovalNotForThisRun') throw error;
    run.compensations.drop(rollBackName);
    return 'stale';
  }
}

async function openAll<I extends CommonInput>(run: Run<I>, request: CutOverRequest, targets: readonly Target[], authority: Authority): Promise<void> {
  await run.host.cutOver.markOpening(authority);
  run.compensations.drop(rollBackName);
  for (const { engine, step } of inOpeningOrder(targets)) {
    await run.host.cutOver.openComponent(step);
    run.done(`${engineTitle(engine)} open`);
  }
  await run.host.cutOver.finishCutOver({ ...authority, undoneRunId: request.undoneRunId });
}

function targetsOf<I extends CommonInput>(run: Run<I>, request: CutOverRequest, authority: Authority): readonly Target[] {
  return request.prepared.flatMap((prepared) => {
    const component = run.components.find((each) => each.name === prepared.component);
    return component === undefined ? [] : [{ engine: component.engine, step: { authority, component, cutOver: prepared.cutOver } }];
  });
}

function registerRollBack<I extends CommonInput>(run: Run<I>, targets: readonly Target[], authority: Authority): void {
  run.compensations.add(rollBackName, async () => {
    for (const { step } of inOpeningOrder(targets)) await run.host.cutOver.rollBackComponent(step);
    await run.host.cutOver.finishRollBack(authority);
    run.note('Rolled back: the service runs on the data it had before.');
  });
}
