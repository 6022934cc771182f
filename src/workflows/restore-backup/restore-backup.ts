/** `restoreBackup`: check the source, make ready beside, compare, show the plan, ask, exchange, check. Everything up to the yes changes nothing live. */
import { workflowInfo } from '@temporalio/workflow';
import type { Health } from '../../activities/application-activities.ts';
import type { BackupReference } from '../../activities/proof-activities.ts';
import { planSteps } from '../../domain/cut-over-steps.ts';
import type { PlanBody } from '../../domain/restore-plan.ts';
import { replacesSomething, type ComponentCutOver } from '../../domain/rollback.ts';
import { counted, durationText, engineTitle } from '../../domain/wording.ts';
import type { ComponentFacts, PreparedComponent } from '../../engines/engine.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import { openApprovalGate } from '../shared/approval-gate.ts';
import { bringBack, type BroughtBack, type Prepared } from '../shared/bring-back.ts';
import { discardName } from '../shared/cut-over.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { startStopwatch } from '../shared/stopwatch.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import { readRestoreInput } from './input.ts';
import type { RecoveryReport, RestoreBackupInput, RestoreBackupResult } from './messages.ts';

export async function restoreBackup(input: RestoreBackupInput): Promise<RestoreBackupResult> {
  return inFrame('restoreBackup', input, readRestoreInput, async (run) => {
    const gate = openApprovalGate(run);
    const requestedAt = new Date(Date.now()).toISOString();
    const watch = startStopwatch();
    const { service } = run.input;
    const health = run.input.into === undefined ? await run.host.quick.checkHealth({ service }) : null;

    watch.lap('source');
    await repairEndedRuns(run, true);
    const backup = await run.host.quick.findBackup({ service, backup: run.input.backup });
    run.step(`[1/5] Source    ${backup.backupId}: every byte is read and checked`);
    await verifySource(run, backup);
    if (run.input.dryRun === true) {
      const { body } = await prepare(run, backup);
      return { outcome: 'planned', backupId: backup.backupId, plan: await run.host.quick.planRestore({ body }), report: null, rollbackRun: null };
    }
    const back = await bringBack(run, gate, watch, { operation: 'restore', prepare: () => prepare(run, backup), backup, undoneRunId: null });
    const report = reportOf(run.input, requestedAt, health, backup, back);
    run.done(`BACK at ${back.backAt}. RTO ${durationText(report.rtoMs)} from ${report.disaster.at} (${report.disaster.source}), ${durationText(report.rtoFromApprovalMs)} from approval. RPO ${durationText(report.rpoMs)}.`);
    return { outcome: 'restored', backupId: backup.backupId, plan: back.plan, report, rollbackRun: workflowInfo().workflowId };
  });
}

async function prepare(run: Run<RestoreBackupInput>, backup: BackupReference): Promise<Prepared> {
  run.step('[2/5] Prepare   beside the live data, nothing live changes');
  const facts = await inspectTargets(run);
  const prepared = await prepareAll(run, backup);
  run.step('[3/5] Compare   the prepared data with the manifest');
  for (const each of prepared) run.done(`${titleOf(run, each.component)}: ${counted(each.compared.objects, 'object')} equal`);
  return { body: planBody(run, backup, facts, prepared), approvalRequired: approvalRequired(run, facts), prepared };
}

async function verifySource(run: Run<RestoreBackupInput>, backup: BackupReference): Promise<void> {
  const wanted = backup.components.filter(({ component }) => run.components.some((each) => each.name === component));
  if (wanted.length !== run.components.length) {
    throw workflowFailure('InvalidInput', { operation: 'match the backup with the service', object: backup.backupId, cause: `it holds ${backup.components.map(({ component }) => component).join(', ')}, the restore asks for ${run.components.map((each) => each.name).join(', ') || 'nothing'}`, hint: 'Name only components that the backup has.' });
  }
  await allOrNone(wanted.map(({ component }) => () => run.host.long.verifyComponent({ service: run.input.service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component, depth: 'bytes' })));
}

async function inspectTargets(run: Run<RestoreBackupInput>): Promise<readonly ComponentFacts[]> {
  const { service } = run.input;
  const facts = await allOrNone(run.components.map((component) => async () => {
    const { started } = await run.host.long.ensureRunning({ service, component, purpose: 'restore' });
    if (started) run.note(`${component.container} was stopped and is started`);
    return run.host.quick.inspectComponent({ service, component, purpose: 'restore' });
  }));
  for (const warning of facts.flatMap((each) => each.warnings)) run.warn(warning);
  return facts;
}

function prepareAll(run: Run<RestoreBackupInput>, backup: BackupReference): Promise<readonly PreparedComponent[]> {
  const { service } = run.input;
  return allOrNone(run.components.map((component) => async () => {
    const prepared = await run.host.long.prepareComponent({ service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component });
    run.compensations.add(discardName(component.name), () => run.host.quick.discardPreparedComponent({ service, component, cutOver: prepared.cutOver }));
    for (const note of prepared.notes) run.note(note);
    return prepared;
  }));
}

function planBody(run: Run<RestoreBackupInput>, backup: BackupReference, facts: readonly ComponentFacts[], prepared: readonly PreparedComponent[]): PlanBody {
  const restarts = run.input.into === undefined ? run.service.definition.application?.containers ?? [] : [];
  const sentences = prepared.map((each) => ({ engine: each.cutOver.engine, ...each.steps }));
  return {
    format: 1,
    operation: 'restore',
    service: run.input.service,
    backup: { id: backup.backupId, manifestSha256: backup.manifestSha256, point: backup.point, skewMs: backup.skewMs },
    rollbackOf: null,
    stores: facts.map((each) => each.pinned),
    restarts,
    steps: planSteps(sentences, restarts),
    losses: prepared.map((each) => each.loss),
    compared: prepared.map((each) => each.compared),
    notCompared: prepared.flatMap((each) => each.notCompared),
    notes: prepared.flatMap((each) => each.notes),
    wayBack: wayBackOf(prepared.map((each) => each.cutOver)),
  };
}

/** A database that was not there before is not brought back by anything. */
function wayBackOf(cutOvers: readonly ComponentCutOver[]): string {
  const bare = cutOvers.filter((cutOver) => !replacesSomething(cutOver)).map((cutOver) => cutOver.component);
  if (bare.length === cutOvers.length) return 'none is needed: nothing is replaced';
  return `holdfast undo, until the rollback copy is accepted away with holdfast accept${bare.length === 0 ? '' : ` (${bare.join(', ')}: nothing was there before)`}`;
}

/** Into empty containers nothing is replaced, so nobody has to be asked. */
function approvalRequired(run: Run<RestoreBackupInput>, facts: readonly ComponentFacts[]): boolean {
  if (run.input.into !== undefined && facts.every((each) => each.empty)) return false;
  return run.service.definition.approval.required.includes('restore');
}

function reportOf(input: RestoreBackupInput, requestedAt: string, health: Health | null, backup: BackupReference, back: BroughtBack): RecoveryReport {
  const disaster: RecoveryReport['disaster'] = input.since !== undefined ? { at: new Date(input.since).toISOString(), source: 'since' }
    : health !== null && !health.healthy ? { at: health.at, source: 'firstFailedHealthCheck' } : { at: requestedAt, source: 'request' };
  const backMs = Date.parse(back.backAt);
  return {
    disaster,
    approvedAt: back.approvedAt,
    backAt: back.backAt,
    rtoMs: backMs - Date.parse(disaster.at),
    rtoFromApprovalMs: backMs - Date.parse(back.approvedAt),
    rpoMs: Math.max(0, Date.parse(disaster.at) - Date.parse(backup.point)),
    setAsideTransactions: back.setAside,
    phases: back.phases,
  };
}

const titleOf = (run: Run<RestoreBackupInput>, name: string): string => engineTitle(run.components.find((each) => each.name === name)?.engine ?? 'postgres');
