/** `restoreTables`: take the rows aside as they were, compare, show which ones change, ask, put them back in one transaction. Clients go on all the while. */
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { BackupReference } from '../../activities/proof-activities.ts';
import { planSteps } from '../../domain/cut-over-steps.ts';
import type { PlanBody } from '../../domain/restore-plan.ts';
import { replacesSomething } from '../../domain/rollback.ts';
import { differenceLines, outcomeText, type TableOutcome } from '../../domain/tables/difference.ts';
import { counted } from '../../domain/wording.ts';
import type { ComponentFacts, PreparedComponent } from '../../engines/engine.ts';
import { openApprovalGate } from '../shared/approval-gate.ts';
import { bringBack, type Prepared } from '../shared/bring-back.ts';
import { discardName } from '../shared/cut-over.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { startStopwatch } from '../shared/stopwatch.ts';
import { finalFailure, workflowFailure } from '../shared/workflow-failure.ts';
import { readRestoreTablesInput, type ValidRestoreTables } from './input.ts';
import type { RestoreTablesInput, RestoreTablesResult } from './messages.ts';

export async function restoreTables(input: RestoreTablesInput): Promise<RestoreTablesResult> {
  return inFrame('restoreTables', input, readRestoreTablesInput, async (frame) => {
    const run = onPostgresAlone(frame);
    const gate = openApprovalGate(run);
    const watch = startStopwatch();
    const { service } = run.input;
    const intoSchema = run.input.intoSchema ?? null;
    watch.lap('source');
    await repairEndedRuns(run, true);
    const backup = await run.host.quick.findBackup({ service, backup: run.input.backup });
    run.step(`[1/5] Source    ${backup.backupId}: every byte is read and checked`);
    await verifySource(run, backup);
    if (run.input.dryRun === true) {
      const { body } = await prepare(run, backup);
      return { outcome: 'planned', backupId: backup.backupId, plan: await run.host.quick.planRestore({ body }), tables: [], intoSchema, rollbackRun: null };
    }
    const back = await bringBack(run, gate, watch, { operation: 'restoreTables', prepare: () => prepare(run, backup), undoneRunId: null });
    const tables = await outcomeOf(run, back.prepared);
    const replaced = back.prepared.some(({ cutOver }) => replacesSomething(cutOver));
    return { outcome: 'restored', backupId: backup.backupId, plan: back.plan, tables, intoSchema, rollbackRun: replaced ? workflowInfo().workflowId : null };
  });
}

/** The work is done, whatever becomes of the question what it came to. */
async function outcomeOf(run: Run<ValidRestoreTables>, prepared: readonly PreparedComponent[]): Promise<readonly TableOutcome[]> {
  const { service } = run.input;
  try {
    const tables = await CancellationScope.nonCancellable(() => Promise.all(prepared.map(({ cutOver }) => run.host.quick.readTables({ service, component: componentOf(run), cutOver }))));
    for (const table of tables.flat()) run.done(outcomeText(table));
    return tables.flat();
  } catch (error) {
    run.warn(`What was done could not be read back: ${finalFailure(error, service).message}`);
    return [];
  }
}

/** Whatever else the service has is not asked, and need not even run. */
function onPostgresAlone(frame: Run<ValidRestoreTables>): Run<ValidRestoreTables> {
  return { ...frame, components: frame.components.filter(({ engine }) => engine === 'postgres') };
}

/** @throws InvalidInput where the service has no PostgreSQL, or more than one */
function componentOf(run: Run<ValidRestoreTables>): Run<ValidRestoreTables>['components'][number] {
  const [only, ...others] = run.components;
  if (only !== undefined && others.length === 0) return only;
  throw workflowFailure('InvalidInput', { operation: 'find the database of the tables', object: run.input.service, cause: `the service has ${counted(run.components.length, 'PostgreSQL component')}`, hint: 'Tables are restored in a service that has one.' });
}

async function verifySource(run: Run<ValidRestoreTables>, backup: BackupReference): Promise<void> {
  const component = componentOf(run);
  if (!backup.components.some((each) => each.component === component.name)) {
    throw workflowFailure('InvalidInput', { operation: 'match the backup with the service', object: backup.backupId, cause: `it holds no ${component.name}`, hint: 'Name a backup that has it.' });
  }
  await run.host.long.verifyComponent({ service: run.input.service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component: component.name, depth: 'bytes' });
}

async function prepare(run: Run<ValidRestoreTables>, backup: BackupReference): Promise<Prepared> {
  const { service, wanted, exact, intoSchema } = run.input;
  const component = componentOf(run);
  run.step('[2/5] Prepare   beside the live data, nothing live changes');
  const { started } = await run.host.long.ensureRunning({ service, component, purpose: 'restore' });
  if (started) run.note(`${component.container} was stopped and is started`);
  const facts = await run.host.quick.inspectComponent({ service, component, purpose: 'restore' });
  for (const warning of facts.warnings) run.warn(warning);
  const prepared = await run.host.long.prepareTables({
    service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component, request: { tables: wanted, exact: exact === true, into: intoSchema ?? null },
  });
  run.compensations.add(discardName(component.name), () => run.host.quick.discardPreparedComponent({ service, component, cutOver: prepared.cutOver }));
  run.step('[3/5] Compare   the tables as they were with the live ones');
  for (const line of (prepared.tables ?? []).flatMap(differenceLines)) run.done(line);
  for (const note of prepared.notes) run.note(note);
  return { body: planBody(run, backup, facts, prepared), approvalRequired: run.service.definition.approval.required.includes('restore'), prepared: [prepared], backup };
}

function planBody(run: Run<ValidRestoreTables>, backup: BackupReference, facts: ComponentFacts, prepared: PreparedComponent): PlanBody {
  return {
    format: 1,
    operation: 'restoreTables',
    service: run.input.service,
    backup: { id: backup.backupId, manifestSha256: backup.manifestSha256, point: backup.point, skewMs: backup.skewMs },
    rollbackOf: null,
    stores: [facts.pinned],
    restarts: [],
    steps: planSteps([{ engine: 'postgres', ...prepared.steps }], []),
    losses: [],
    tables: prepared.tables ?? [],
    compared: [prepared.compared],
    notCompared: prepared.notCompared,
    notes: prepared.notes,
    wayBack: replacesSomething(prepared.cutOver) ? 'holdfast undo, until the kept rows are accepted away with holdfast accept' : `none is needed: nothing is replaced. DROP SCHEMA ${run.input.intoSchema ?? ''} CASCADE takes it away`,
  };
}
