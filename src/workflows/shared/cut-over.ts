/** The cut-over of restore and undo: from an approved plan to an open service, or back to what was there. */
import { patched, workflowInfo } from '@temporalio/workflow';
import type { Authority } from '../../activities/authority.ts';
import type { RecordedDecision } from '../../domain/approval.ts';
import { inClosingOrder, inOpeningOrder } from '../../domain/cut-over-steps.ts';
import { failureKinds } from '../../domain/failures.ts';
import type { RestorePlan } from '../../domain/restore-plan.ts';
import { didNotAnswer, leavesOpen, type RollbackRecord } from '../../domain/rollback.ts';
import type { Component } from '../../domain/service.ts';
import { engineTitle } from '../../domain/wording.ts';
import { shortRunId } from '../../domain/workflow-ids.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import { allOrNone } from './all-or-none.ts';
import type { CommonInput, Run } from './run.ts';
import { failureTypeOf, finalFailure, tellingToo, workflowFailure } from './workflow-failure.ts';

export interface CutOverRequest {
  readonly operation: RollbackRecord['operation'];
  readonly plan: RestorePlan;
  readonly decision: RecordedDecision;
  readonly prepared: readonly PreparedComponent[];
  readonly backup: { readonly backupId: string; readonly manifestSha256: string; readonly point: string } | null;
  /** Components that come from another backup than that, by name. */
  readonly companions?: Readonly<Record<string, { readonly backupId: string; readonly manifestSha256: string }>>;
  /** The transaction counter when the losses were counted, by component; the run's note of it unless given. */
  readonly readyMarks?: Readonly<Record<string, string | null>>;
  readonly undoneRunId: string | null;
}

const rollBackName = 'roll back the cut-over';
export const discardName = (component: string): string => `discard what was prepared for ${component}`;

interface Target {
  readonly engine: Component['engine'];
  readonly step: { readonly authority: Authority; readonly component: Component; readonly cutOver: PreparedComponent['cutOver'] };
}

export const authorityOf = (plan: RestorePlan): Authority => ({ service: plan.body.service, nonce: plan.envelope.nonce, digest: plan.envelope.digest });

export interface ExchangedStores {
  /** Transactions that were set aside (PostgreSQL), counted when no client could write any more; null where they are not counted. */
  readonly setAside: string | null;
  /** Lets clients in. @throws HealthCheckFailed where a store does not open; all that do are open then */
  open(): Promise<void>;
}

/**
 * Carries out an approved plan up to the opening. Both stores are closed side by side (the shorter the time in which one is closed and the other
 * open, the better), exchanged when both are, compared when both are exchanged. Any failure or cancellation up to here rolls every store back
 * (shielded, by the compensations). The caller opens, shielded too: from then on the shortest way to a service that answers is forward.
 */
export async function exchangeStores<I extends CommonInput>(run: Run<I>, request: CutOverRequest): Promise<ExchangedStores | 'stale'> {
  const authority = authorityOf(request.plan);
  const targets = targetsOf(run, request, authority);
  run.phase('cuttingOver');
  registerRollBack(run, targets, authority);
  if ((await begin(run, request, authority)) === 'stale') return 'stale';
  return exchangeAll(run, request, targets, authority).catch((error: unknown) => {
    const silent = silentBefore(targets);
    throw silent.length === 0 ? error : tellingToo(error, run.input.service, `${silent.join(' and ')} did not answer before either.`);
  });
}

async function exchangeAll<I extends CommonInput>(run: Run<I>, request: CutOverRequest, targets: readonly Target[], authority: Authority): Promise<ExchangedStores> {
  const closed = await allOrNone(inClosingOrder(targets).map(({ engine, step }) => async () => {
    const { setAside } = await run.host.cutOver.closeComponent({ ...step, ...(request.readyMarks === undefined ? {} : { readyMark: request.readyMarks[step.component.name] ?? null }) });
    if (!leavesOpen(step.cutOver)) run.done(`${engineTitle(engine)} closed: no client can write`);
    return setAside;
  }));
  await allOrNone(inOpeningOrder(targets).map(({ step }) => () => run.host.cutOver.swapComponent(step)));
  await allOrNone(targets.map(({ step }) => () => run.host.cutOver.compareClosedComponent({ ...step, backup: request.companions?.[step.component.name] ?? request.backup })));
  run.done(targets.every(({ step }) => leavesOpen(step.cutOver)) ? 'Carried out in one transaction' : 'Data exchanged; compared once more, still closed');
  return { setAside: closed.find((each) => each !== null) ?? null, open: () => openAll(run, targets, authority) };
}

/** Where the first destructive activity finds the approval to be another run's (a reset), nothing has happened yet: the plan is shown anew. */
async function begin<I extends CommonInput>(run: Run<I>, request: CutOverRequest, authority: Authority): Promise<'begun' | 'stale'> {
  try {
    await run.host.cutOver.beginCutOver({
      authority, decision: request.decision, operation: request.operation, components: run.components, cutOvers: request.prepared.map((prepared) => prepared.cutOver),
      backupId: request.backup?.backupId ?? null, point: request.backup?.point ?? null, createdRoles: request.prepared.flatMap((prepared) => prepared.createdRoles),
      undoneRunId: request.undoneRunId,
    });
    return 'begun';
  } catch (error) {
    if (failureTypeOf(error) !== 'ApprovalNotForThisRun') throw error;
    run.compensations.drop(rollBackName);
    return 'stale';
  }
}

/** What was prepared is live, or belongs to a former self of this run, whose leftovers a repair removes: this run must not discard it. */
export function dropDiscards<I extends CommonInput>(run: Run<I>, components: readonly string[]): void {
  for (const component of components) run.compensations.drop(discardName(component));
}

/** One store that does not open must not keep the other closed: the data is in place, and undo is the way back. */
async function openAll<I extends CommonInput>(run: Run<I>, targets: readonly Target[], authority: Authority): Promise<void> {
  await run.host.cutOver.markOpening(authority);
  run.compensations.drop(rollBackName);
  // What was prepared is live now, whatever comes.
  dropDiscards(run, targets.map(({ step }) => step.component.name));
  const failures: string[] = [];
  const unfinished: unknown[] = [];
  for (const { engine, step } of inOpeningOrder(targets)) {
    try {
      await run.host.cutOver.openComponent(step);
      if (!leavesOpen(step.cutOver)) run.done(`${engineTitle(engine)} open`);
      for (const note of (await run.host.cutOver.completeComponent(step)).notes) run.warn(note);
    } catch (error) {
      const failure = finalFailure(error, run.input.service);
      // What another attempt could still open is for a repair to finish, and must not be recorded as open.
      if (failureKinds[failureTypeOf(error)].retryable) {
        // Runs that began before the others were opened all the same ended here.
        if (!patched('every-store-is-opened')) throw error;
        unfinished.push(error);
        continue;
      }
      run.warn(`${engineTitle(engine)} is not as it should be: ${failure.message}`);
      failures.push(failure.message);
    }
  }
  if (unfinished.length > 0) throw unfinished[0];
  await run.host.cutOver.finishCutOver(authority);
  if (failures.length > 0) throw notWell(run, failures.join('; '));
}

/** After the opening: the data is exchanged whatever is wrong now, and whoever reads the failure must know. */
export const notWell = <I extends CommonInput>(run: Run<I>, cause: string): Error => workflowFailure('HealthCheckFailed', {
  operation: 'bring the service back', object: run.input.service, cause,
  hint: `The data is exchanged and was equal. Mend what is named; if the data is to blame: holdfast undo ${shortRunId(workflowInfo().workflowId)}.`,
});

/** Containers whose servers answered nobody before the cut-over: a roll-back leaves them at that. */
const silentBefore = (targets: readonly Target[]): readonly string[] => targets.filter(({ step }) => didNotAnswer(step.cutOver)).map(({ step }) => step.cutOver.container);

function targetsOf<I extends CommonInput>(run: Run<I>, request: CutOverRequest, authority: Authority): readonly Target[] {
  return request.prepared.flatMap((prepared) => {
    const component = run.components.find((each) => each.name === prepared.component);
    return component === undefined ? [] : [{ engine: component.engine, step: { authority, component, cutOver: prepared.cutOver } }];
  });
}

function registerRollBack<I extends CommonInput>(run: Run<I>, targets: readonly Target[], authority: Authority): void {
  run.compensations.add(rollBackName, async () => {
    // One store that cannot go back must not keep the other closed.
    const failures: unknown[] = [];
    const told: string[] = [];
    for (const { step } of inOpeningOrder(targets)) {
      await run.host.cutOver.rollBackComponent(step).then((answer) => told.push(...answer?.notes ?? []), (error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
    await run.host.cutOver.finishRollBack(authority);
    for (const note of told) run.warn(note);
    run.note(told.length === 0 ? 'Rolled back: the service runs on the data it had before.' : 'Rolled back: the data is what it was before.');
  });
}
