/** Was the service brought back lately, and did it keep to what it promises? Pure. */
import type { DueDrill } from '../drill/due-drills.ts';
import type { DrillKind, ObjectiveName } from '../drill/objectives.ts';
import type { Verdict } from '../proof.ts';
import { lastInterval } from '../schedules/last-due.ts';
import { counted, durationText } from '../wording.ts';
import { notKnown, wrong, type StatusFinding } from './finding.ts';

/** A drill as its report tells of it. */
export interface DrillFacts {
  readonly drillId: string;
  readonly kind: DrillKind;
  readonly beganAt: string;
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly missedObjectives: readonly ObjectiveName[];
}

export interface DrillStanding {
  /** Newest first, of every kind. */
  readonly drills: readonly DrillFacts[];
  /** Reports that cannot be believed, a sentence each. */
  readonly damaged: readonly { readonly drillId: string; readonly problem: string }[];
  /** Keys that signed reports and that nobody here trusts, with those drills, newest first. */
  readonly unknownKeys: readonly { readonly fingerprint: string; readonly drillIds: readonly string[] }[];
  /** Of those that are to run by themselves. */
  readonly due: readonly DueDrill[];
  /** Since when there is something to drill; null where there is nothing. */
  readonly since: string | null;
}

const dayMs = 86_400_000;
/** A drill of the last quarter before it was due counts for it: whoever drills by hand a week early has drilled. */
const earlyPart = 4;

export function judgeDrills({ drills, damaged, unknownKeys, due, since }: DrillStanding, nowMs: number): readonly StatusFinding[] {
  const newest = [...new Map([...drills].reverse().map((drill) => [drill.kind, drill])).values()];
  return [
    ...newest.flatMap(judgeLast),
    ...due.flatMap((each) => judgeDue(each, newest.find(({ kind }) => kind === each.kind)?.beganAt ?? null, since, nowMs)),
    ...damaged.map(({ drillId, problem }) => wrong('reportDamaged', `the report of drill ${drillId}: ${problem}`, 'Bring it back from another copy of the repository; holdfast report list shows the others')),
    ...unknownKeys.map(({ fingerprint, drillIds }) => notKnown('reportUnknownKey', `${counted(drillIds.length, 'report')} of drills (${drillIds[0]}${drillIds.length > 1 ? ' and before' : ''}) signed by ${fingerprint}, which nobody here trusts, counts for nothing`, `If that key is yours: reports: { keys: ["${fingerprint}"] } in holdfast.yaml; else find out who writes to the repository`)),
  ];
}

function judgeLast({ drillId, kind, verdict, sentence, missedObjectives }: DrillFacts): readonly StatusFinding[] {
  const next = `holdfast report show ${drillId}`;
  if (verdict === 'failed') return [wrong('drillFailed', `the last ${kind} drill, ${drillId}, failed: ${sentence}`, next)];
  if (verdict === 'couldNotVerify') return [notKnown('drillUndecided', `the last ${kind} drill, ${drillId}, could not verify: ${sentence}`, next)];
  return missedObjectives.length === 0 ? [] : [wrong('objectiveMissed', `the last ${kind} drill, ${drillId}, missed its objective: ${missedObjectives.join(', ')}`, next)];
}

function judgeDue({ kind, times, timeZone }: DueDrill, lastAt: string | null, since: string | null, nowMs: number): readonly StatusFinding[] {
  const interval = lastInterval(times, timeZone, nowMs - dayMs);
  if (interval === null) return [];
  const { dueMs, intervalMs } = interval;
  const next = `holdfast drill ${kind}`;
  // What came after it was due could not have been drilled then.
  if (lastAt === null) return since === null || Date.parse(since) >= dueMs ? [] : [wrong('drillOverdue', `there was never a ${kind} drill; one was due ${durationText(nowMs - dueMs)} ago`, next)];
  return Date.parse(lastAt) >= dueMs - intervalMs / earlyPart ? [] : [wrong('drillOverdue', `the last ${kind} drill was ${durationText(nowMs - Date.parse(lastAt))} ago; one was due ${durationText(nowMs - dueMs)} ago`, next)];
}
