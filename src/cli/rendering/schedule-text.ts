/** Schedules, and what would be done about them, in lines. Pure. */
import type { Triggered } from '../../client/schedules/direct-schedule.ts';
import type { LastRun, ScheduleState } from '../../client/schedules/read-schedules.ts';
import { formatDuration } from '../../config/duration.ts';
import type { ScheduleDifference, TermChange } from '../../domain/schedules/difference.ts';
import type { ScheduleTerms } from '../../domain/schedules/schedule-terms.ts';
import { counted } from '../../domain/wording.ts';
import { localTime } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';
import { tableText } from './table.ts';

const words: { readonly [K in ScheduleDifference['kind']]: string } = {
  create: 'create', change: 'change', unchanged: 'in order', drifted: 'edited by hand', remove: 'remove', taken: 'not ours', foreign: 'foreign', elsewhere: 'left alone',
};

const termNames: { readonly [T in keyof ScheduleTerms]: string } = {
  when: 'when', timeZone: 'time zone', jitterMs: 'jitter', catchupMs: 'catch-up', overlap: 'overlap', pauseOnFailure: 'pauses after a failure', starts: 'starts', input: 'input', taskQueue: 'task queue',
  workflowId: 'workflow id', summary: 'summary', runTimeoutMs: 'run timeout', others: 'further',
};

export function differenceLines(difference: ScheduleDifference): readonly string[] {
  const { kind, id, found } = difference;
  const paused = found?.paused === true ? [`      it is paused${found.note === '' ? '' : ` (${found.note})`}, and stays so`] : [];
  const heading = (what: string): string => `  ${words[kind].padEnd(14)}  ${id}${what === '' ? '' : `: ${what}`}`;
  if (kind === 'create' || kind === 'unchanged') return [heading(termsText(difference.wished.terms)), ...paused];
  if (kind === 'change') return [heading(''), ...difference.changes.map(changeLine), ...paused];
  if (kind === 'drifted') return [heading(''), ...difference.changes.map((change) => `${changeLine(change)}${difference.edited?.includes(change.term) === true ? '   (edited)' : ''}`), ...(difference.edited === null ? ['      its action was replaced by hand: what Holdfast gave it last is not known'] : []), ...paused];
  if (kind === 'remove') return [heading('off in holdfast.yaml'), ...paused];
  if (kind === 'taken') return [heading(`made by hand under the name of ours (${termsText(difference.found.terms)}); it is left alone, and ours is not made`), ...paused];
  if (kind === 'foreign') return [heading(`made by hand (${termsText(difference.found.terms)}, input ${shortened(difference.found.terms.input)})`)];
  return [heading(`of ${difference.found.own?.service ?? ''}, which this holdfast.yaml does not have, or of a runbook that this version does not start by itself`)];
}

const changeLine = ({ term, is, wouldBe }: TermChange): string => `      ${termNames[term]}: is ${termText(term, is)}, would be ${termText(term, wouldBe)}`;

/** `0 2 * * * Europe/Berlin, up to 1m later, caught up with for 6h` */
function termsText({ starts, when, timeZone, jitterMs, catchupMs }: ScheduleTerms): string {
  return `${starts} at ${when} ${timeZone}${jitterMs === 0 ? '' : `, up to ${formatDuration(jitterMs)} later`}, caught up with for ${formatDuration(catchupMs)}`;
}

function termText(term: keyof ScheduleTerms, value: string | number | boolean): string {
  if (typeof value === 'number') return value === 0 && term === 'runTimeoutMs' ? 'none' : formatDuration(value);
  return value === '' ? 'nothing' : shortened(String(value));
}

const shortened = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text);

/** Runs that were due and did not begin are no runs that succeeded: each has its column. */
export function scheduleTable(schedules: readonly ScheduleState[], { timeZone }: Pick<PlanClock, 'timeZone'>): readonly string[] {
  return tableText([['SCHEDULE', 'WHEN', 'NEXT (LOCAL)', 'LAST (LOCAL)', 'STARTED', 'SKIPPED', 'MISSED', ''], ...schedules.map((schedule) => [
    schedule.id, `${schedule.terms.when} ${schedule.terms.timeZone}`, schedule.nextAt === null ? '-' : localTime(schedule.nextAt, timeZone), lastText(schedule, timeZone),
    `${schedule.taken}`, `${schedule.skipped}`, `${schedule.missed}`, standing(schedule),
  ])]);
}

function lastText({ last }: ScheduleState, timeZone: string): string {
  return last === null ? 'never' : `${localTime(last.startedAt, timeZone)} ${lastWord(last)}`;
}

/** Beside a service and its schedules. */
export const waitsText = (restore: string): string => `${restore} is restoring it: retention and schedules wait until that has ended`;

/** What came of asking for a run now. */
export function triggeredText({ outcome, started, running }: Triggered): string {
  if (started !== null) return `Run ${started.workflowId} was started. To follow it: holdfast watch ${started.workflowId}`;
  const open = running.length === 0 ? null : `${counted(running.length, 'run')} of it is open (${running.join(', ')})`;
  if (outcome === 'leftOut') return `Nothing was started: ${open ?? 'a run of it was open'}.`;
  return `Temporal has taken the request, and no run was seen to begin: whether one does is not known yet${open === null ? '' : `; ${open}`}. See: holdfast schedule list`;
}

/** What became of a run, in a word. */
export function lastWord({ state, skipped }: Pick<LastRun, 'state' | 'skipped'>): string {
  if (skipped !== null) return 'skipped';
  if (state === null) return 'not known any more';
  return { COMPLETED: 'done', RUNNING: 'runs', FAILED: 'FAILED', TIMED_OUT: 'TIMED OUT', TERMINATED: 'TERMINATED', CANCELLED: 'cancelled', CONTINUED_AS_NEW: 'runs' }[state] ?? state;
}

function standing({ own, paused, note, terms, last }: ScheduleState): string {
  const whose = own === null ? `foreign: starts ${terms.starts}` : '';
  return [whose, ...(last === null || last.skipped === null ? [] : [`skipped: ${last.skipped}`]), ...(paused ? [`paused${note === '' ? '' : `: ${note}`}`] : [])].filter((part) => part !== '').join('; ');
}
