/** `restoreTables`: take the rows aside as they were, compare, show which ones change, ask, put them back in one transaction. Clients go on all the while. */
import { workflowInfo } from '@temporalio/workflow';
import { replacesSomething } from '../../domain/rollback.ts';
import { openApprovalGate } from '../shared/approval-gate.ts';
import { bringBack } from '../shared/bring-back.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { startStopwatch } from '../shared/stopwatch.ts';
import { readRestoreTablesInput, type ValidRestoreTables } from './input.ts';
import type { RestoreTablesInput, RestoreTablesResult } from './messages.ts';
import { outcomeOf, sourceOf } from './sources.ts';

export async function restoreTables(input: RestoreTablesInput): Promise<RestoreTablesResult> {
  return inFrame('restoreTables', input, readRestoreTablesInput, async (frame) => {
    const run = onPostgresAlone(frame);
    const gate = openApprovalGate(run);
    const watch = startStopwatch();
    const intoSchema = run.input.intoSchema ?? null;
    watch.lap('source');
    await repairEndedRuns(run, true);
    const prepare = await sourceOf(run);
    if (run.input.dryRun === true) {
      const { body } = await prepare();
      return { outcome: 'planned', backupId: body.backup?.id ?? '', plan: await run.host.quick.planRestore({ body }), tables: [], intoSchema, rollbackRun: null };
    }
    const back = await bringBack(run, gate, watch, { operation: 'restoreTables', prepare, undoneRunId: null });
    const tables = await outcomeOf(run, back.prepared);
    const replaced = back.prepared.some(({ cutOver }) => replacesSomething(cutOver));
    return { outcome: 'restored', backupId: back.plan.body.backup?.id ?? '', plan: back.plan, tables, intoSchema, rollbackRun: replaced ? workflowInfo().workflowId : null };
  });
}

/** Whatever else the service has is not asked, and need not even run. */
function onPostgresAlone(frame: Run<ValidRestoreTables>): Run<ValidRestoreTables> {
  return { ...frame, components: frame.components.filter(({ engine }) => engine === 'postgres') };
}
