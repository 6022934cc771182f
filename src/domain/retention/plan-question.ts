/** When a plan asks before it is carried out. Pure. */
import { counted } from '../wording.ts';
import { evaluate, needsOf } from './evaluation.ts';
import type { RetentionFacts } from './facts.ts';
import { segmentNeeds, type LogPlan } from './log/plan-log.ts';
import type { BackupDecision } from './backup-decision.ts';
import type { RetentionPolicy } from './policy.ts';
import { dayMs, type RetentionClock } from './rules/retention-clock.ts';

/** So few are never asked about: of five backups, one is a fifth. */
const unasked = 2;
/** A plan that was carried out longer ago, with so many backups since, says nothing of what is usual: a week and a bit. */
const staleDays = 8;
const staleBackups = 8;

export interface Question {
  readonly facts: RetentionFacts;
  readonly policy: RetentionPolicy;
  readonly clock: RetentionClock;
  readonly decisions: readonly BackupDecision[];
  readonly logs: readonly LogPlan[];
}

interface Overdue {
  readonly overdue: number;
  readonly total: number;
}

/**
 * What comes of age as new backups are taken goes without a word, whenever and however often one plans: in steady state there is nothing else. What should have
 * gone before by this policy is what a slip in it, the end of a hold, or the first plan of all would remove at once. Null where nothing is to be asked.
 */
export function questionOn(question: Question): string | null {
  const { facts, policy, decisions, logs } = question;
  const removed = decisions.filter(({ outcome }) => outcome === 'remove');
  const [total, segments] = [decisions.length, facts.logs.reduce((sum, { holdings }) => sum + holdings.complete.length + holdings.partial.length, 0)];
  const tooMany = ({ overdue, total: all }: Overdue): boolean => overdue > unasked && overdue * 100 > all * policy.largestSharePercent;
  // Whether all of it together would be too much is quickly told; whether it had been due before, is not.
  if (!tooMany({ overdue: removed.length, total }) && !tooMany({ overdue: logs.reduce((sum, { removes }) => sum + removes.length, 0), total: segments })) return null;
  const before = dueBefore(question, removed);
  const parts = [
    ...(tooMany({ overdue: before.backups, total }) ? [`${counted(before.backups, 'backup')} of ${total}`] : []),
    ...(tooMany({ overdue: before.segments, total: segments }) ? [`${counted(before.segments, 'segment')} of the log's ${segments}`] : []),
  ];
  return parts.length === 0 ? null : `By this policy ${parts.join(', and ')} should have gone before, which is more than ${policy.largestSharePercent} percent: is it meant so?`;
}

/** What takes a backup to its own end goes once that is gone for good, which was not due before. How much of the rest would have gone at the last plan already, had this policy been in force then. */
function dueBefore({ facts, policy, clock, logs }: Question, removed: readonly BackupDecision[]): { readonly backups: number; readonly segments: number } {
  const { lastPlan } = facts;
  if (lastPlan === null || isStale(facts, lastPlan.upTo, clock)) return { backups: removed.length, segments: logs.reduce((sum, { removes }) => sum + removes.length, 0) };
  const isOld = ({ sequence }: { readonly sequence: number | null }): boolean => sequence !== null && sequence <= lastPlan.upTo;
  // What that plan took back, because the log had come to begin with it, was not relied on when it was made.
  const wasBack = ({ backupId }: { readonly backupId: string }): boolean => lastPlan.takenBack.includes(backupId);
  const old = facts.backups.filter(isOld);
  const inTrash = [...facts.trash.filter(isOld), ...old.filter(wasBack).map((backup) => ({ ...backup, trashedUpTo: lastPlan.upTo }))];
  const then: RetentionFacts = { ...facts, backups: old.filter((each) => !wasBack(each)), trash: inTrash, removed: facts.removed.filter(isOld) };
  const { stored, all } = evaluate(then, policy);
  const segments = facts.logs.map((log, index) => {
    const isNeeded = segmentNeeds(log, needsOf(index, stored, all), [...then.backups, ...then.trash, ...facts.removed]);
    return (logs[index] as LogPlan).removes.filter((segment) => !isNeeded(segment)).length;
  });
  return {
    backups: removed.filter((each) => isOld(each) && !stored.reasons.has(each.backupId) && !all.reasons.has(each.backupId)).length,
    segments: segments.reduce((sum, each) => sum + each, 0),
  };
}

const isStale = ({ backups }: RetentionFacts, upTo: number, clock: RetentionClock): boolean =>
  clock.ageMs(upTo) > staleDays * dayMs && backups.filter(({ sequence }) => sequence > upTo).length > staleBackups;

/** A list that lacks what was there at the last plan is no list to remove by. Null where it has it. */
export function incompleteList({ lastPlan, backups, unreadable, trash, removed }: RetentionFacts): string | null {
  if (lastPlan === null) return null;
  const isThere = [backups, unreadable, trash, removed].some((list) => list.some(({ backupId }) => backupId === lastPlan.newest));
  return isThere ? null : `${lastPlan.newest}, the newest backup of the plan before, is neither there nor removed: is this the whole repository?`;
}
