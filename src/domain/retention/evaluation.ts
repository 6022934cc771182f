/** What the rules say of all that there is: of what is stored, and once more of that and the trash. Pure. */
import { backupInstant } from '../identifiers.ts';
import type { RetentionFacts } from './facts.ts';
import { judgeBackups, type JudgedBackup } from './rules/judge-backups.ts';
import { keepReasons, type KeepReasons } from './rules/keep-rules.ts';
import { logNeeds, type LogNeeds } from './log/log-needs.ts';
import type { RetentionPolicy } from './policy.ts';
import { retentionClock, type RetentionClock } from './rules/retention-clock.ts';

export interface Evaluation {
  /** By number. */
  readonly backups: readonly JudgedBackup[];
  /** In the order of the logs. */
  readonly logs: readonly LogNeeds[];
  readonly reasons: KeepReasons;
}

export interface Evaluations {
  readonly clock: RetentionClock;
  /** What is in the trash is not relied upon: it may never be taken back. */
  readonly stored: Evaluation;
  /** What the rules would keep had nothing gone by mistake. The very same object where the trash is empty. */
  readonly all: Evaluation;
}

export function evaluate(facts: RetentionFacts, policy: RetentionPolicy): Evaluations {
  const everything = judgeBackups([...facts.backups, ...facts.trash], facts.nowMs);
  const clock = clockOf(facts, everything);
  const of = (backups: readonly JudgedBackup[]): Evaluation => {
    const logs = facts.logs.map((log) => logNeeds(log, { facts, policy, backups, clock }));
    return { backups, logs, reasons: keepReasons({ facts, policy, backups, clock, anchors: logs.flatMap((needs) => needs.anchors) }) };
  };
  const stored = of(facts.trash.length === 0 ? everything : judgeBackups(facts.backups, facts.nowMs));
  return { clock, stored, all: facts.trash.length === 0 ? stored : of(everything) };
}

/** What the log of this index is needed for, one way or the other. */
export const needsOf = (index: number, ...evaluations: readonly Evaluation[]): readonly LogNeeds[] =>
  [...new Set(evaluations)].map(({ logs }) => logs[index] as LogNeeds);

/** What is in the trash or gone tells time as it did before: removing a backup changes no other's age. */
function clockOf({ removed, nowMs }: RetentionFacts, everything: readonly JudgedBackup[]): RetentionClock {
  const ticks = everything.filter(({ standing }) => standing === 'sound').map(({ sequence, atMs }) => ({ sequence, atMs }));
  const gone = removed.filter(({ sound }) => sound).map(({ backupId, sequence }) => ({ sequence, atMs: Date.parse(backupInstant(backupId)) })).filter(({ atMs }) => atMs <= nowMs);
  return retentionClock(gone.length === 0 ? ticks : [...gone, ...ticks].sort((a, b) => a.sequence - b.sequence));
}
