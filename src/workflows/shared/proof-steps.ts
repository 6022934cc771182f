/** Proving one backup: every component restored and compared, the verdict recorded. Used by proveBackup and at the end of takeBackup. */
import type { BackupReference } from '../../activities/proof-activities.ts';
import { describeDifference } from '../../domain/content.ts';
import type { ComponentProof, Verdict } from '../../domain/proof.ts';
import { counted, engineTitle } from '../../domain/wording.ts';
import { allOrNone } from './all-or-none.ts';
import type { CommonInput, Run } from './run.ts';
import { workflowFailure } from './workflow-failure.ts';

export interface ProofOutcome {
  readonly verdict: Verdict;
  readonly components: readonly ComponentProof[];
}

/** Proves and records; never throws for a verdict: the caller decides what a `failed` means for its run. */
export async function proveAndRecord<I extends CommonInput>(run: Run<I>, backup: BackupReference): Promise<ProofOutcome> {
  const { service } = run.input;
  const beganAt = new Date(Date.now()).toISOString();
  const components = await allOrNone(backup.components.map(({ component }) => () =>
    run.host.long.proveComponent({ service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, component })));
  for (const proof of components) tellProof(run, backup, proof);
  const finishedAt = new Date(Date.now()).toISOString();
  const { verdict } = await run.host.quick.recordProof({ service, backupId: backup.backupId, manifestSha256: backup.manifestSha256, components, beganAt, finishedAt });
  return { verdict, components };
}

/** A verdict that is not `proven` ends the run as a failure of its own type: nothing that failed looks like a success. */
export function requireProven<I extends CommonInput>(run: Run<I>, backup: BackupReference, outcome: ProofOutcome): void {
  if (outcome.verdict === 'proven') return;
  const worst = outcome.components.find((proof) => proof.verdict === outcome.verdict);
  throw workflowFailure(outcome.verdict === 'failed' ? 'ProofFailed' : 'CouldNotVerify', {
    operation: 'prove the backup',
    object: `${run.input.service}/${backup.backupId}`,
    cause: worst?.sentence ?? 'no component was compared',
    hint: outcome.verdict === 'failed' ? `The backup is stored but must not be relied on; see holdfast show ${backup.backupId}.` : `Nothing is known to be wrong, and nothing is proven: try holdfast prove ${backup.backupId}.`,
  });
}

function tellProof<I extends CommonInput>(run: Run<I>, backup: BackupReference, proof: ComponentProof): void {
  const engine = backup.components.find((component) => component.component === proof.component)?.engine ?? 'postgres';
  const title = engineTitle(engine);
  if (proof.verdict === 'proven') run.done(`${title} proven: ${proof.sentence}`);
  else run.warn(`${title} ${proof.verdict === 'failed' ? 'FAILED' : 'could not be verified'}: ${proof.sentence}`);
  for (const difference of proof.differences.slice(0, 10)) run.warn(`  ${describeDifference(difference)}`);
  const notCompared = proof.notCompared.length + (proof.leftOut?.notCompared ?? 0);
  if (notCompared > 0) run.note(`Not compared (${counted(notCompared, 'item')}): ${proof.notCompared.slice(0, 3).map((item) => item.object).join(', ')}`);
}
