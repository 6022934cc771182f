/** How a service stands, in lines and in one verdict for monitoring. Pure. */
import type { RunSummary } from '../../client/list-runs.ts';
import { shownRunId } from '../../client/run-ids.ts';
import { backupInstant } from '../../domain/identifiers.ts';
import { counted, durationText } from '../../domain/wording.ts';
import type { CatalogEntry } from '../backup-catalog.ts';
import { proofReason, provenText } from './backup-table.ts';
import { copyLine, type ListedCopy } from './copy-text.ts';
import { localTime } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';

export interface ServiceState {
  readonly name: string;
  readonly newest: CatalogEntry | null;
  readonly total: number;
  readonly rollbacks: readonly { readonly workflowId: string; readonly operation: string; readonly recordedAt: string }[];
  /** Records of cut-overs that cannot be read: whether there is a way back behind one is not known. */
  readonly unreadableRollbacks: readonly { readonly runId: string; readonly cause: string }[];
  /** On the Docker engine of this machine; absent where nobody asked, null where it does not answer. */
  readonly copies?: readonly ListedCopy[] | null;
}

export function serviceLines({ name, newest, total, rollbacks, unreadableRollbacks, copies }: ServiceState, { timeZone, now }: PlanClock): readonly string[] {
  const backup = newest === null ? '  no backup yet: holdfast backup'
    : `  ${counted(total, 'backup')}, newest ${newest.id} (${localTime(backupInstant(newest.id), timeZone)}, ${ageText(newest.id, Date.parse(now))} ago), proven: ${provenText(newest, timeZone)}`;
  return [name, backup, ...rollbacks.map(({ workflowId, operation, recordedAt }) => {
    const run = shownRunId(workflowId);
    return `  rollback copy of ${run} (${operation}, ${localTime(recordedAt, timeZone)}): holdfast undo ${run} or holdfast accept ${run}`;
  }), ...unreadableRollbacks.map(({ runId, cause }) => `  the record of a cut-over (run ${runId}) cannot be read: ${cause}`),
  ...(copies === null ? ['  whether there are copies is not known: the Docker engine does not answer'] : (copies ?? []).map((copy) => `  ${copyLine(copy, Date.parse(now))}`))];
}

const ageText = (id: string, nowMs: number): string => durationText(Math.max(0, nowMs - Date.parse(backupInstant(id))));

/** Three answers, as everywhere: what is not known is no pass. */
export function judgeBackup({ newest }: Pick<ServiceState, 'newest'>, nowMs: number, maxAgeMs: number): { readonly verdict: 'ok' | 'FAIL' | 'NOT KNOWN'; readonly sentence: string } {
  if (newest === null) return { verdict: 'FAIL', sentence: 'there is no backup' };
  if (newest.damage !== null) return { verdict: 'FAIL', sentence: `${newest.id} is damaged: ${newest.damage}` };
  const ageMs = nowMs - Date.parse(backupInstant(newest.id));
  if (ageMs > maxAgeMs) return { verdict: 'FAIL', sentence: `the newest backup, ${newest.id}, is ${durationText(ageMs)} old` };
  if (newest.proof === null) return { verdict: 'NOT KNOWN', sentence: `${newest.id} was never proven` };
  if (newest.proof.verdict === 'proven') return { verdict: 'ok', sentence: `${newest.id} is proven and ${durationText(Math.max(0, ageMs))} old` };
  return { verdict: newest.proof.verdict === 'failed' ? 'FAIL' : 'NOT KNOWN', sentence: `${newest.id}: ${proofReason(newest.proof)}` };
}

/** `r-7f3a  restoreBackup of story-portal  waiting for approval  since Mon 23 Nov 02:00  → holdfast approve r-7f3a` */
export function runLine(run: RunSummary, phase: string | null, { timeZone }: PlanClock): string {
  const shown = shownRunId(run.workflowId);
  const waiting = phase === 'awaitingApproval';
  const next = waiting ? `holdfast approve ${shown}` : `holdfast watch ${shown}`;
  return `${shown}  ${run.runbook} of ${run.service ?? 'an unknown service'}  ${waiting ? 'waits for approval' : phase ?? 'no worker answers'}  since ${localTime(run.startedAt, timeZone)}  → ${next}`;
}
