/**
 * Decides, for one service in one repository, what of its backups, logs and trash is kept, and what goes and why (docs/decisions/0019). It removes nothing:
 * whoever does carries the removals out in their order, and looks again before each (confirm-removals.ts). Pure.
 */
import type { BackupDecision } from './backup-decision.ts';
import { evaluate, needsOf, type Evaluation } from './evaluation.ts';
import type { RetentionFacts } from './facts.ts';
import { ageText, type KeepReason } from './rules/keep-rules.ts';
import { sentenceOf } from './rules/keep-sentence.ts';
import { lostMarks } from './log/lost-marks.ts';
import { planAof, type AofPlan } from './log/plan-aof.ts';
import { planLog, type LogPlan } from './log/plan-log.ts';
import { incompleteList, questionOn } from './plan-question.ts';
import { planTrash, type TrashDecision } from './plan-trash.ts';
import type { RetentionPolicy } from './policy.ts';
import { dayMs, type RetentionClock } from './rules/retention-clock.ts';

export interface RetentionPlan {
  /** Newest first: so what goes never stands on what went before it. */
  readonly decisions: readonly BackupDecision[];
  readonly logs: readonly LogPlan[];
  readonly aofs: readonly AofPlan[];
  /** Newest first. */
  readonly trash: readonly TrashDecision[];
  /** To be answered by somebody before anything of the plan is carried out; null where nothing is asked. */
  readonly question: string | null;
  /** The oldest sound backup that is kept: how far back one can come, whatever the policy was meant to say. */
  readonly oldest: string | null;
  /** What somebody should know, a sentence each: backups that cannot be read or relied on, marks that cannot be come back to any more. */
  readonly remarks: readonly string[];
  /** The restore that is open: nothing goes before it has ended, whatever would. Null where there is none. */
  readonly waitsFor: string | null;
  /** Number and id of the newest sound backup it knew, for {@link RetentionFacts.lastPlan} and {@link TrashedBackup.trashedUpTo}; null where there is none, and nothing goes. */
  readonly upTo: { readonly sequence: number; readonly backupId: string } | null;
}

export function planRetention(facts: RetentionFacts, policy: RetentionPolicy): RetentionPlan {
  const { stored, all, clock } = evaluate(facts, policy);
  const isOverdue = (trashedUpTo: number): boolean => clock.newest !== null && clock.ageMs(trashedUpTo) >= policy.trashDays * dayMs;
  const decisions = decide(facts, stored, all, clock);
  const there = [...facts.backups, ...facts.trash];
  const logs = facts.logs.map((log, index) => planLog({ log, backups: there, isOverdue, needs: needsOf(index, stored, all) }));
  const newest = stored.backups.findLast(({ standing }) => standing === 'sound');
  return {
    decisions, logs,
    aofs: facts.aofs.map((aof) => planAof(aof, facts.restoring === null ? earliestSecond(stored, clock, policy) : null)),
    trash: planTrash(facts, all.reasons, policy, isOverdue),
    question: incompleteList(facts) ?? questionOn({ facts, policy, clock, decisions, logs }),
    remarks: [...remarksOn(facts, stored, decisions), ...facts.logs.flatMap((log, index) => lostMarks(log, facts.marks, facts.backups, (logs[index] as LogPlan).removes))],
    oldest: decisions.findLast(({ outcome, sound }) => outcome === 'keep' && sound)?.backupId ?? null,
    waitsFor: facts.restoring,
    upTo: newest === undefined ? null : { sequence: newest.sequence, backupId: newest.backupId },
  };
}

function decide(facts: RetentionFacts, stored: Evaluation, all: Evaluation, clock: RetentionClock): readonly BackupDecision[] {
  const judged = stored.backups.map((backup): BackupDecision => {
    const { backupId, sequence, standing, cause } = backup;
    // Also what is kept only together with what went by mistake.
    const reasons = stored.reasons.get(backupId) ?? all.reasons.get(backupId) ?? [];
    const goes = `It ${cause === '' ? '' : `${cause}, `}is ${ageText(clock.ageMs(sequence))} old, and nothing keeps it.`;
    return { backupId, sequence, outcome: reasons.length === 0 ? 'remove' : 'keep', sound: standing === 'sound', reasons, sentence: reasons.length === 0 ? goes : sentenceOf(reasons) };
  });
  const unreadable = facts.unreadable.map(({ backupId, sequence, cause }): BackupDecision => {
    const reasons: readonly KeepReason[] = [{ rule: 'unreadable', text: `cannot be read (${cause}), and stays until somebody has looked at it` }];
    return { backupId, sequence, outcome: 'keep', sound: false, reasons, sentence: sentenceOf(reasons) };
  });
  return [...unreadable, ...judged].sort((a, b) => (b.sequence ?? Infinity) - (a.sequence ?? Infinity) || (b.backupId < a.backupId ? -1 : 1));
}

/** A failed or unreadable backup neither goes nor stays in silence. */
function remarksOn({ unreadable }: RetentionFacts, { backups }: Evaluation, decisions: readonly BackupDecision[]): readonly string[] {
  const going = new Set(decisions.filter(({ outcome }) => outcome === 'remove').map(({ backupId }) => backupId));
  return [
    ...unreadable.map(({ backupId, cause }) => `${backupId} cannot be read (${cause}): it counts for nothing, and stays.`),
    ...backups.filter(({ standing }) => standing !== 'sound').map(({ backupId, cause }) => `${backupId} ${cause}: it counts for nothing, and ${going.has(backupId) ? 'goes' : 'stays'}.`),
  ];
}

/** A day earlier than the first backup of the last days that a log begins with, by the earliest time that any since then claims: hosts' clocks differ. */
function earliestSecond({ backups, logs }: Evaluation, clock: RetentionClock, { walDays }: RetentionPolicy): number | null {
  const sound = backups.filter(({ standing }) => standing === 'sound');
  const anchors = logs.flatMap((needs) => needs.anchors.map(({ base }) => base.sequence));
  const first = anchors.length > 0 ? Math.min(...anchors) : sound.findLast(({ sequence }) => clock.ageMs(sequence) >= walDays * dayMs)?.sequence;
  if (first === undefined) return null;
  return Math.floor((Math.min(...sound.filter(({ sequence }) => sequence >= first).map(({ atMs }) => atMs)) - dayMs) / 1000);
}
