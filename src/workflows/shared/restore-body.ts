/** The plan of a restore, from what was found and made ready: of a backup as of a moment. */
import { planSteps } from '../../domain/cut-over-steps.ts';
import type { PlanBody } from '../../domain/restore-plan.ts';
import { replacementIn, replacesSomething, type ComponentCutOver } from '../../domain/rollback.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import type { ComponentFacts } from '../../engines/engine.ts';
import type { CommonInput, Run } from './run.ts';

export interface RestoreBodyParts extends Pick<PlanBody, 'moment'> {
  readonly backup: NonNullable<PlanBody['backup']>;
  readonly facts: readonly ComponentFacts[];
  readonly prepared: readonly PreparedComponent[];
}

export function restoreBody<I extends CommonInput>(run: Run<I>, { backup, facts, prepared, moment }: RestoreBodyParts): PlanBody {
  const restarts = run.input.into === undefined ? run.service.definition.application?.containers ?? [] : [];
  const sentences = prepared.map((each) => ({ engine: each.cutOver.engine, ...each.steps }));
  return {
    format: 1,
    operation: 'restore',
    service: run.input.service,
    backup,
    rollbackOf: null,
    stores: facts.map((each) => each.pinned),
    restarts,
    steps: planSteps(sentences, restarts),
    losses: prepared.map((each) => each.loss),
    compared: prepared.filter((each) => replacementIn(each.cutOver) === null).map((each) => each.compared),
    notCompared: prepared.flatMap((each) => each.notCompared),
    notes: prepared.flatMap((each) => each.notes),
    wayBack: wayBackOf(prepared.map((each) => each.cutOver)),
    ...(moment === undefined ? {} : { moment }),
  };
}

/** From a database that was not there before nothing leads back. */
function wayBackOf(cutOvers: readonly ComponentCutOver[]): string {
  const bare = cutOvers.filter((cutOver) => !replacesSomething(cutOver)).map((cutOver) => cutOver.component);
  if (bare.length === cutOvers.length) return 'none is needed: nothing is replaced';
  return `holdfast undo, until the rollback copy is accepted away with holdfast accept${bare.length === 0 ? '' : ` (${bare.join(', ')}: nothing was there before)`}`;
}

/** Into empty containers nothing is replaced, so nobody has to be asked. */
export function approvalRequired<I extends CommonInput>(run: Run<I>, facts: readonly ComponentFacts[]): boolean {
  if (run.input.into !== undefined && facts.every((each) => each.empty)) return false;
  return run.service.definition.approval.required.includes('restore');
}
