/** Does everything that is to start by itself do so? Pure. */
import type { ScheduleDifference } from '../schedules/difference.ts';
import { lastDue } from '../schedules/last-due.ts';
import { durationText } from '../wording.ts';
import { wrong, type StatusFinding } from './finding.ts';

export interface ScheduleFacts {
  readonly difference: ScheduleDifference;
  /** Null where there is none. */
  readonly found: {
    /** When it was made, or changed last. */
    readonly since: string;
    readonly last: { readonly startedAt: string; readonly state: string | null; readonly skipped: string | null; readonly workflowId: string } | null;
    readonly running: readonly string[];
  } | null;
}

export interface ScheduleStanding {
  /** Those of one service. */
  readonly schedules: readonly ScheduleFacts[];
  /** Does holdfast.yaml itself say when its runbooks start? The defaults bind nobody who applies nothing. */
  readonly isWritten: boolean;
}

const badEnds: Readonly<Record<string, string>> = { FAILED: 'failed', TIMED_OUT: 'was ended because it took too long', TERMINATED: 'was terminated' };

export function judgeSchedules({ schedules, isWritten }: ScheduleStanding, nowMs: number, graceMs: number): readonly StatusFinding[] {
  const isApplied = schedules.some(({ difference }) => difference.found?.own != null && difference.kind !== 'elsewhere');
  if (!isApplied) return isWritten ? [wrong('scheduleDiffers', 'none of its schedules was made: nothing starts by itself', 'holdfast schedule apply')] : [];
  return schedules.flatMap((each) => judgeOne(each, nowMs, graceMs));
}

function judgeOne(facts: ScheduleFacts, nowMs: number, graceMs: number): readonly StatusFinding[] {
  const { difference, found } = facts;
  const { id } = difference;
  const differs = (what: string, next = 'holdfast schedule apply'): StatusFinding => wrong('scheduleDiffers', `schedule ${id} ${what}`, next);
  switch (difference.kind) {
    case 'foreign': case 'elsewhere': return [];
    case 'create': return [differs('is not there')];
    case 'remove': return [differs('is off in holdfast.yaml, and still there')];
    case 'taken': return [differs('was made by hand under the name of ours', `Remove or rename it: temporal schedule delete --schedule-id '${id}'`)];
    default:
  }
  const drift = difference.kind === 'drifted' ? [differs('was edited by hand', 'holdfast schedule plan; to put it right: holdfast schedule apply --correct')] : difference.kind === 'change' ? [differs('is not as holdfast.yaml says')] : [];
  const word = difference.wished.verb;
  if (difference.found.paused) return [...drift, wrong('schedulePaused', `schedule ${id} is paused${difference.found.note === '' ? '' : `: ${difference.found.note}`}`, `holdfast schedule resume ${word}`)];
  // What found no turn is no failure: where that goes on, the age of the backups tells.
  const end = found?.last?.skipped == null ? badEnds[found?.last?.state ?? ''] : undefined;
  const failed = end === undefined || found?.last == null ? [] : [wrong('scheduleFailed', `the last run of schedule ${id} ${end}`, `holdfast watch ${found.last.workflowId}`)];
  // By what times an edited one goes is not ours to say.
  return [...drift, ...failed, ...(difference.kind === 'unchanged' ? missed(facts, difference, nowMs, graceMs) : [])];
}

/** What is open is not missed: Temporal starts none beside it, and the run that takes too long is known by itself. */
function missed({ found }: ScheduleFacts, { id, wished }: Extract<ScheduleDifference, { readonly kind: 'unchanged' }>, nowMs: number, graceMs: number): readonly StatusFinding[] {
  if (found === null || found.running.length > 0) return [];
  const dueMs = lastDue(wished.times, wished.terms.timeZone, nowMs - wished.terms.jitterMs - graceMs);
  if (dueMs === null || dueMs <= Date.parse(found.since) || (found.last !== null && Date.parse(found.last.startedAt) >= dueMs)) return [];
  return [wrong('scheduleMissed', `schedule ${id} was due ${durationText(nowMs - dueMs)} ago (${new Date(dueMs).toISOString()}), and nothing began`, `holdfast schedule run ${wished.verb}`)];
}
