/** `undoRestore`: back to the data that a restore set aside. A run of its own, with its own plan and approval; it can be undone too. */
import { workflowInfo } from '@temporalio/workflow';
import { planSteps } from '../../domain/cut-over-steps.ts';
import type { PlanBody } from '../../domain/restore-plan.ts';
import { leavesOpen, replacementIn, replacesWholeServer, type ComponentCutOver } from '../../domain/rollback.ts';
import type { Component } from '../../domain/service.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import type { ComponentFacts } from '../../engines/engine.ts';
import type { Rollback } from '../../repository/repository.ts';
import { openApprovalGate } from '../shared/approval-gate.ts';
import { inspectOrReplace, inspectTarget, type Target } from '../shared/inspect-target.ts';
import { bringBack, type Prepared } from '../shared/bring-back.ts';
import { readRunChoice } from '../shared/input-fields.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { startStopwatch } from '../shared/stopwatch.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { UndoRestoreInput, UndoRestoreResult } from './messages.ts';

export async function undoRestore(input: UndoRestoreInput): Promise<UndoRestoreResult> {
  return inFrame('undoRestore', input, readRunChoice, async (frame) => {
    const gate = openApprovalGate(frame);
    const watch = startStopwatch();
    watch.lap('source');
    await repairEndedRuns(frame, true);
    const rollback = await frame.host.quick.findRollback({ service: frame.input.service, run: frame.input.run });
    // What the run to undo left alone is not asked, and need not even run.
    const run = { ...frame, components: frame.components.filter(({ name }) => rollback.record.cutOvers.some(({ component }) => component === name)) };
    const undoneRun = rollback.record.workflowId;
    run.step(`[1/5] Source    the rollback copy of ${undoneRun}`);
    if (run.input.dryRun === true) {
      const { body } = await prepare(run, rollback);
      return { outcome: 'planned', undoneRun, plan: await run.host.quick.planRestore({ body }), backAt: null, rollbackRun: null };
    }
    const back = await bringBack(run, gate, watch, { operation: 'undo', prepare: () => prepare(run, rollback), undoneRunId: rollback.record.runId });
    run.done(`BACK at ${back.backAt} on the data from before ${undoneRun}.`);
    return { outcome: 'undone', undoneRun, plan: back.plan, backAt: back.backAt, rollbackRun: workflowInfo().workflowId };
  });
}

async function prepare(run: Run<UndoRestoreInput>, rollback: Rollback): Promise<Prepared> {
  const { facts, prepared } = await prepareCopies(run, rollback);
  run.step('[2/5] Prepare   the copy is where it was left');
  run.step('[3/5] Compare   what would be lost by going back');
  for (const note of prepared.flatMap((each) => each.loss.notes)) run.note(note);
  return { body: planBody(run, rollback, facts, prepared), approvalRequired: run.service.definition.approval.required.includes('undo'), prepared, backup: null };
}

async function prepareCopies(run: Run<UndoRestoreInput>, rollback: Rollback): Promise<{ facts: readonly ComponentFacts[]; prepared: readonly PreparedComponent[] }> {
  const { service } = run.input;
  const facts: ComponentFacts[] = [];
  const prepared: PreparedComponent[] = [];
  for (const previous of rollback.record.cutOvers) {
    const component = run.components.find((each) => each.name === previous.component);
    if (component === undefined || component.container !== previous.container) {
      throw workflowFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: `${service}/${previous.component}`, cause: `it belongs to the container ${previous.container}, which this service does not name`, hint: 'A restore into other containers is undone by restoring into them again.' });
    }
    const target = await inspectLive(run, component, previous);
    facts.push(target.facts);
    prepared.push(await run.host.long.prepareUndoOf({ service, component, previous, ...(target.unusable === null ? {} : { unusable: target.unusable }) }));
  }
  return { facts, prepared };
}

/** Redis's files are exchanged whether a server answers on those that are there or not; a PostgreSQL that holds both databases has to. */
async function inspectLive(run: Run<UndoRestoreInput>, component: Component, previous: ComponentCutOver): Promise<Target> {
  if (previous.engine === 'redis') return inspectOrReplace(run, component, false);
  return { facts: await inspectTarget(run, component, replacesWholeServer(previous)), unusable: null };
}

function planBody(run: Run<UndoRestoreInput>, rollback: Rollback, facts: readonly ComponentFacts[], prepared: readonly PreparedComponent[]): PlanBody {
  const tables = prepared.flatMap((each) => each.tables ?? []);
  const restarts = prepared.every(({ cutOver }) => leavesOpen(cutOver)) ? [] : run.service.definition.application?.containers ?? [];
  return {
    format: 1,
    operation: 'undo',
    service: run.input.service,
    backup: null,
    rollbackOf: rollback.record.runId,
    stores: facts.map((each) => each.pinned),
    restarts,
    steps: planSteps(prepared.map((each) => ({ engine: each.cutOver.engine, ...each.steps })), restarts),
    losses: prepared.filter((each) => each.tables === undefined).map((each) => each.loss),
    ...(tables.length === 0 ? {} : { tables }),
    compared: prepared.map((each) => each.compared),
    notCompared: prepared.flatMap((each) => each.notCompared),
    notes: prepared.flatMap((each) => each.notes),
    wayBack: prepared.some(({ cutOver }) => replacementIn(cutOver) !== null) ? 'holdfast undo of this very run: what is live now is copied to the repository before it is dropped' : 'holdfast undo of this very run: what is live now is set aside and kept',
  };
}
