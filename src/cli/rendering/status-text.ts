/** How a service stands, in lines. Pure. */
import type { RunSummary } from '../../client/list-runs.ts';
import { shownRunId } from '../../client/run-ids.ts';
import { backupInstant } from '../../domain/identifiers.ts';
import { counted, durationText } from '../../domain/wording.ts';
import type { ScheduleState } from '../../client/schedules/read-schedules.ts';
import type { Measured } from '../../domain/drill/recovery-times.ts';
import type { StatusFinding } from '../../domain/status/finding.ts';
import type { CatalogEntry } from '../backup-catalog.ts';
import { provenText } from './backup-table.ts';
import { copyLine, type ListedCopy } from './copy-text.ts';
import { localTime } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';
import { verdictWord, type ListedReport } from './report-text.ts';
import { lastWord, waitsText } from './schedule-text.ts';

export interface ServiceState {
  readonly name: string;
  readonly newest: CatalogEntry | null;
  readonly total: number;
  /** Absent where nobody looked, as with all that follow. */
  readonly newestProven?: CatalogEntry | null;
  /** How much would be lost now, a line a store. */
  readonly exposure?: readonly string[];
  /** The restore that is open: retention and schedules wait for it. Null where there is none. */
  readonly restore?: string | null;
  /** The newest of each kind that has a report. */
  readonly lastDrills?: readonly ListedReport[];
  readonly schedules?: readonly ScheduleState[];
  readonly rollbacks: readonly { readonly workflowId: string; readonly operation: string; readonly recordedAt: string }[];
  /** Records of cut-overs that cannot be read: whether there is a way back behind one is not known. */
  readonly unreadableRollbacks: readonly { readonly runId: string; readonly cause: string }[];
  /** On the Docker engine of this machine; absent where nobody asked, null where it does not answer. */
  readonly copies?: readonly ListedCopy[] | null;
}

export function serviceLines(state: ServiceState, { timeZone, now }: PlanClock): readonly string[] {
  const { name, newest, total, rollbacks, unreadableRollbacks, copies } = state;
  const backup = newest === null ? '  no backup yet: holdfast backup'
    : `  ${counted(total, 'backup')}, newest ${newest.id} (${localTime(backupInstant(newest.id), timeZone)}, ${ageText(newest.id, Date.parse(now))} ago), proof: ${provenText(newest, timeZone)}`;
  return [name, backup, ...provenLines(state, timeZone, now), ...(state.exposure ?? []).map((line) => `  exposure of ${line}`), ...drillLines(state, timeZone), ...(state.restore == null ? [] : [`  ${waitsText(state.restore)}`]), ...(state.schedules ?? []).map((schedule) => scheduleLine(schedule, timeZone)), ...rollbacks.map(({ workflowId, operation, recordedAt }) => {
    const run = shownRunId(workflowId);
    return `  rollback copy of ${run} (${operation}, ${localTime(recordedAt, timeZone)}): holdfast undo ${run} or holdfast accept ${run}`;
  }), ...unreadableRollbacks.map(({ runId, cause }) => `  the record of a cut-over (run ${runId}) cannot be read: ${cause}`),
  ...(copies === null ? ['  whether there are copies is not known: the Docker engine does not answer'] : (copies ?? []).map((copy) => `  ${copyLine(copy, Date.parse(now))}`))];
}

/** The newest backup is usually it; then its own line says so. */
function provenLines({ newest, newestProven }: ServiceState, timeZone: string, now: string): readonly string[] {
  if (newest === null || newestProven === undefined || newestProven?.id === newest.id) return [];
  if (newestProven === null) return ['  none of them is proven: holdfast prove latest'];
  return [`  newest that is proven: ${newestProven.id} (${localTime(backupInstant(newestProven.id), timeZone)}, ${ageText(newestProven.id, Date.parse(now))} ago), ${provenText(newestProven, timeZone)}`];
}

const drillLines = ({ lastDrills }: ServiceState, timeZone: string): readonly string[] => (lastDrills ?? []).map(({ drillId, kind, beganAt, report }) =>
  `  last ${kind} drill: ${report === null ? 'no report' : verdictWord[report.verdict]}, ${localTime(beganAt, timeZone)} (${drillId})${report === null ? '' : `, RTO ${figureText(report.times.rto)}, RPO ${figureText(report.times.rpo)}`}`);

const figureText = ({ ms }: Measured): string => (ms === null ? 'not measured' : durationText(ms));

function scheduleLine({ own, paused, note, nextAt, last, missed, skipped }: ScheduleState, timeZone: string): string {
  const due = paused ? `paused${note === '' ? '' : ` (${note})`}` : nextAt === null ? 'never due' : `next ${localTime(nextAt, timeZone)}`;
  const counts = [...(skipped > 0 ? [`${skipped} skipped`] : []), ...(missed > 0 ? [`${missed} missed`] : [])];
  return `  schedule ${own?.verb ?? ''}: ${[due, `last ${last === null ? 'never' : `${localTime(last.startedAt, timeZone)} ${lastWord(last)}${last.skipped === null ? '' : ` (${last.skipped})`}`}`, ...counts].join(', ')}`;
}

const ageText = (id: string, nowMs: number): string => durationText(Math.max(0, nowMs - Date.parse(backupInstant(id))));

export interface ServiceFinding extends StatusFinding { readonly service: string }

/** `FAIL      shop: the newest backup, 20261123-010000, is 3 d old → holdfast backup`: one line, for people, mails and monitors alike. */
export const findingLine = ({ service, verdict, sentence, next }: ServiceFinding): string => `${(verdict === 'wrong' ? 'FAIL' : 'NOT KNOWN').padEnd(9)} ${service}: ${sentence} → ${next}`;

/** A service in `--json`: of backups what decides, of schedules and drills what they came to. */
export function serviceObject({ newest, newestProven, lastDrills, schedules, ...rest }: ServiceState): object {
  const backup = (entry: CatalogEntry | null | undefined): object | null => (entry == null ? null : { id: entry.id, at: backupInstant(entry.id), proof: entry.proof?.verdict ?? null, provenAt: entry.proof?.finishedAt ?? null, damage: entry.damage });
  return {
    ...rest, newest: backup(newest), newestProven: backup(newestProven),
    lastDrills: (lastDrills ?? []).map(({ drillId, kind, beganAt, report }) => ({ drillId, kind, beganAt, verdict: report?.verdict ?? null, rtoMs: report?.times.rto.ms ?? null, rpoMs: report?.times.rpo.ms ?? null })),
    schedules: (schedules ?? []).map(({ id, own, paused, note, nextAt, last, taken, skipped, missed, running }) => ({ id, verb: own?.verb ?? null, paused, note, nextAt, last, taken, skipped, missed, running })),
  };
}

/** `r-7f3a  restoreBackup of story-portal  waiting for approval  since Mon 23 Nov 02:00  → holdfast approve r-7f3a` */
export function runLine(run: RunSummary, phase: string | null, { timeZone }: PlanClock): string {
  const shown = shownRunId(run.workflowId);
  const waiting = phase === 'awaitingApproval';
  const next = waiting ? `holdfast approve ${shown}` : `holdfast watch ${shown}`;
  return `${shown}  ${run.runbook} of ${run.service ?? 'an unknown service'}  ${waiting ? 'waits for approval' : phase === 'awaitingKeys' ? 'waits for a key' : phase ?? 'no worker answers'}  since ${localTime(run.startedAt, timeZone)}  → ${next}`;
}
