/** Retention in one repository: planned, told and carried out. The whole of pruneBackups, and the end of takeBackup. */
import { isCancellation } from '@temporalio/workflow';
import type { CarriedOut } from '../../activities/retention/carry-out.ts';
import { writtenPolicy } from '../../domain/retention/policy.ts';
import type { PrunePlan } from '../../domain/retention/prune-plan.ts';
import { counted } from '../../domain/wording.ts';
import type { CommonInput, Run } from './run.ts';
import { finalFailure } from './workflow-failure.ts';

/** Plans what goes from it, and says so in the run's status. */
export async function planAndTell<I extends CommonInput>(run: Run<I>, repository: string): Promise<PrunePlan> {
  const plan = await run.host.long.planPrune({ service: run.input.service, repository });
  const { counts: { kept, removed, leaving }, remarks, logs, question, waitsFor } = plan;
  run.note(`${repository}: ${counted(kept, 'backup')} kept, ${removed} into the trash, ${leaving} out of it for good`);
  for (const { component, sentence } of logs) run.note(`${repository}: log of ${component}: ${sentence}`);
  for (const remark of remarks) run.warn(`${repository}: ${remark}`);
  if (waitsFor !== undefined) run.note(`${repository}: nothing goes as long as ${waitsFor} is restoring the service`);
  if (question !== null) run.warn(`${repository}: ${question}`);
  return plan;
}

/** @param approved a plan that asks was answered with a yes */
export async function carryOutAndTell<I extends CommonInput>(run: Run<I>, repository: string, approved: boolean): Promise<CarriedOut> {
  const carried = await run.host.long.carryOutPrune({ service: run.input.service, repository, approved });
  for (const backupId of carried.broughtBack) run.done(`${backupId} is back from the trash`);
  run.done(`${counted(carried.removed.length, 'backup')} into the trash, ${carried.gone.length} out of it for good; ${counted(carried.segments.removed, 'segment')} of the log into the trash, ${carried.segments.gone} out of it`);
  for (const backupId of carried.spared) run.note(`${backupId} stays: something needs it since it was planned`);
  return carried;
}

/** Behind a backup that is stored: what comes of age goes, in each repository. The backup is what the run is about: whatever becomes of this, also where somebody cancels it, is told and no more. */
export async function pruneBehind<I extends CommonInput>(run: Run<I>): Promise<void> {
  const { definition } = run.service;
  const written = definition.repositories.filter((repository) => writtenPolicy(definition, repository) !== null);
  if (written.length > 0) run.step('Applying the retention');
  for (const repository of written) {
    try {
      const { question, waitsFor } = await planAndTell(run, repository);
      if (question !== null) run.warn(`${repository}: nothing was removed; look at it with holdfast prune --plan`);
      else if (waitsFor === undefined) await carryOutAndTell(run, repository, false);
    } catch (error) {
      run.warn(`${repository}: the retention was not carried out to its end: ${isCancellation(error) ? 'it was cancelled' : finalFailure(error, run.input.service).message}`);
    }
  }
}
