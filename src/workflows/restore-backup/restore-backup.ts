/** `restoreBackup`: check the source, make ready beside, compare, show the plan, ask, exchange, check. Everything up to the yes changes nothing live. */
import { workflowInfo } from '@temporalio/workflow';
import type { BackupReference } from '../../activities/proof-activities.ts';
import { replacementIn } from '../../domain/rollback.ts';
import { counted, durationText, engineTitle } from '../../domain/wording.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import { allOrNone } from '../shared/all-or-none.ts';
import { openApprovalGate } from '../shared/approval-gate.ts';
import { bringBack, type Prepared } from '../shared/bring-back.ts';
import { discardName } from '../shared/cut-over.ts';
import { inspectOrReplace, targetOf, type Target } from '../shared/inspect-target.ts';
import { recoveryReport } from '../shared/recovery-report.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { approvalRequired, restoreBody } from '../shared/restore-body.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { startStopwatch } from '../shared/stopwatch.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import { readRestoreInput } from './input.ts';
import type { RestoreBackupInput, RestoreBackupResult } from './messages.ts';

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
    const back = await bringBack(run, gate, watch, { operation: 'restore', prepare: () => prepare(run, backup), undoneRunId: null });
    const report = recoveryReport({ since: run.input.since, requestedAt, health, point: backup.point }, back);
    run.done(`BACK at ${back.backAt}. RTO ${durationText(report.rtoMs)} from ${report.disaster.at} (${report.disaster.source}), ${durationText(report.rtoFromApprovalMs)} from approval. RPO ${durationText(report.rpoMs)}.`);
    return { outcome: 'restored', backupId: backup.backupId, plan: back.plan, report, rollbackRun: workflowInfo().workflowId };
  });
}

async function prepare(run: Run<RestoreBackupInput>, backup: BackupReference): Promise<Prepared> {
  run.step(run.input.replace === true ? '[2/5] Prepare   what will be dropped and what comes in its place; nothing live changes before you say yes' : '[2/5] Prepare   beside the live data, nothing live changes');
  if (run.input.replace === true && replaced(run).length === 0) throw workflowFailure('InvalidInput', { operation: 'read the input', object: 'replace', cause: `${run.input.service} has no PostgreSQL`, hint: 'Leave it out: other stores are restored beside what they hold.' });
  const targets = await inspectTargets(run, backup);
  const facts = targets.map((target) => target.facts);
  const prepared = await prepareAll(run, backup, targets);
  run.step('[3/5] Compare   the prepared data with the manifest');
  for (const each of prepared) run.done(`${titleOf(run, each.component)}: ${replacementIn(each.cutOver) === null ? `${counted(each.compared.objects, 'object')} equal` : 'compared after the old data is gone, before anybody is let in'}`);
  const body = restoreBody(run, { backup: { id: backup.backupId, manifestSha256: backup.manifestSha256, point: backup.point, skewMs: backup.skewMs }, facts, prepared });
  return { body: { ...body, notes: [...leftAsTheyAre(run), ...body.notes] }, approvalRequired: approvalRequired(run, facts), prepared, backup };
}

/** The service recovers as one unless somebody says otherwise: then the plan says it too. */
const leftAsTheyAre = ({ input, service }: Run<RestoreBackupInput>): readonly string[] =>
  service.definition.components.filter(({ name }) => input.only?.includes(name) === false).map(({ name }) => `${name} stays as it is, and is of another moment than the backup.`);

async function verifySource(run: Run<RestoreBackupInput>, backup: BackupReference): Promise<void> {
  const wanted = backup.components.filter(({ component }) => run.components.some((each) => each.name === component));
  if (wanted.length !== run.components.length) {
    throw workflowFailure('InvalidInput', { operation: 'match the backup with the service', object: backup.backupId, cause: `it holds ${backup.components.map(({ component }) => component).join(', ')}, the restore asks for ${run.components.map((each) => each.name).join(', ') || 'nothing'}`, hint: 'Name only components that the backup has.' });
  }
  await allOrNone(wanted.map(({ component }) => () => run.host.long.verifyComponent({ service: run.input.service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component, depth: 'bytes' })));
}

async function inspectTargets(run: Run<RestoreBackupInput>, backup: BackupReference): Promise<readonly Target[]> {
  const whole = new Set([...backup.components.filter((each) => each.whole === true).map(({ component }) => component), ...replaced(run)]);
  return allOrNone(run.components.map((component) => () => inspectOrReplace(run, component, whole.has(component.name))));
}

function prepareAll(run: Run<RestoreBackupInput>, backup: BackupReference, targets: readonly Target[]): Promise<readonly PreparedComponent[]> {
  const { service } = run.input;
  return allOrNone(run.components.map((component) => async () => {
    const unusable = targetOf(targets, component)?.unusable ?? null;
    const prepared = await run.host.long.prepareComponent({ service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component, ...(unusable === null ? {} : { unusable }), ...(replaced(run).includes(component.name) ? { replace: true } : {}) });
    run.compensations.add(discardName(component.name), () => run.host.quick.discardPreparedComponent({ service, component, cutOver: prepared.cutOver }));
    for (const note of prepared.notes) run.note(note);
    return prepared;
  }));
}

/** Components whose old data is dropped before the new stands: their servers need not answer. Any other is small, and takes its usual way. */
const replaced = (run: Run<RestoreBackupInput>): readonly string[] => (run.input.replace === true ? run.components.filter(({ engine }) => engine === 'postgres').map(({ name }) => name) : []);

const titleOf = (run: Run<RestoreBackupInput>, name: string): string => engineTitle(run.components.find((each) => each.name === name)?.engine ?? 'postgres');
