/** Which rules keep which backups. Pure. */
import { holdsOn } from '../../hold.ts';
import { counted } from '../../wording.ts';
import type { BackupFacts, RetentionFacts } from '../facts.ts';
import { periodKeepers, type PeriodName } from './grandfather-father-son.ts';
import { linksOf, type JudgedBackup } from './judge-backups.ts';
import type { LogAnchor } from '../log/log-needs.ts';
import type { RetentionPolicy } from '../policy.ts';
import { dayMs, type RetentionClock } from './retention-clock.ts';

export type KeepRule = 'held' | 'inUse' | 'restoring' | 'newestProven' | 'newest' | 'copies' | 'days' | PeriodName | 'log' | 'needed' | 'nothingSound' | 'future' | 'imported' | 'unreadable';

export interface KeepReason {
  readonly rule: KeepRule;
  /** To be read behind "it", without a full stop. */
  readonly text: string;
}

/** Why each is kept, by id; one that is not in it is kept by nothing. */
export type KeepReasons = ReadonlyMap<string, readonly KeepReason[]>;

export interface Survey {
  readonly facts: Pick<RetentionFacts, 'holds' | 'uses' | 'restoring'>;
  readonly policy: RetentionPolicy;
  /** All that there is, by number. */
  readonly backups: readonly JudgedBackup[];
  readonly clock: RetentionClock;
  readonly anchors: readonly LogAnchor[];
}

type Keep = (backup: Pick<BackupFacts, 'backupId'>, rule: KeepRule, text: string) => void;

export function keepReasons(survey: Survey): KeepReasons {
  const reasons = new Map<string, KeepReason[]>();
  const keep: Keep = ({ backupId }, rule, text) => {
    const known = reasons.get(backupId);
    if (known === undefined) reasons.set(backupId, [{ rule, text }]);
    else known.push({ rule, text });
  };
  keepAsked(survey, keep);
  keepPromised(survey, keep);
  keepAged(survey, keep);
  keepNeeded(survey, reasons, keep);
  const { facts: { restoring }, backups } = survey;
  if (restoring !== null) for (const backup of backups) keep(backup, 'restoring', `stays as long as ${restoring} is restoring the service`);
  return reasons;
}

/** What somebody said, or is at. */
function keepAsked({ facts, backups }: Survey, keep: Keep): void {
  for (const backup of backups) {
    for (const hold of holdsOn(facts.holds, backup.sequence)) {
      keep(backup, 'held', hold.component === undefined ? `is on hold (${hold.reason})` : `is held with all that are older than ${hold.backupId}, when a damaged page of ${hold.component} was found`);
    }
  }
  for (const { backupId, by } of facts.uses) keep({ backupId }, 'inUse', by);
}

/** What the service is promised: G7, and a way back that does not hang on one copy. */
function keepPromised({ policy, backups, anchors }: Survey, keep: Keep): void {
  const sound = backups.filter(({ standing }) => standing === 'sound');
  if (sound.length === 0) {
    for (const backup of backups) keep(backup, 'nothingSound', 'stays as long as no backup can be relied on');
    return;
  }
  for (const [group, members] of byGroup(sound)) {
    const proven = members.findLast(({ isProven }) => isProven);
    const newest = members.at(-1) as JudgedBackup;
    if (proven !== undefined) keep(proven, 'newestProven', `is the newest proven ${group}`);
    if (newest !== proven) keep(newest, 'newest', `is the newest ${group}`);
  }
  for (const component of new Set(sound.flatMap(({ parts }) => parts.map((part) => part.component)))) {
    for (const copy of copiesOf(component, sound, policy.minimumCopies)) keep(copy, 'copies', `is one of the ${policy.minimumCopies} copies of ${component} that there have to be at least`);
  }
  for (const { base, text } of anchors) keep(base, 'log', text);
}

/** The newest that do not stand on each other: proven ones, and others only where there are too few of those. */
function copiesOf(component: string, sound: readonly JudgedBackup[], count: number): readonly JudgedBackup[] {
  const roots = new Map<string, JudgedBackup>();
  for (const wanted of [true, false]) {
    for (let index = sound.length - 1; index >= 0 && roots.size < count; index -= 1) {
      const backup = sound[index] as JudgedBackup;
      const part = backup.isProven === wanted ? backup.parts.find((each) => each.component === component) : undefined;
      if (part === undefined) continue;
      const root = part.chain[0]?.backupId ?? backup.backupId;
      if (!roots.has(root)) roots.set(root, backup);
    }
  }
  return [...roots.values()];
}

function keepAged({ policy, backups, clock }: Survey, keep: Keep): void {
  for (const backup of backups) {
    const ageMs = clock.ageMs(backup.sequence);
    // Its clock was wrong, or ours is: nothing is told of its age before the two agree.
    if (backup.standing === 'future') keep(backup, 'future', `${backup.cause}, and stays until then`);
    // Whoever imported it wants it, and its age by its number would be a guess.
    else if (backup.standing === 'imported') keep(backup, 'imported', 'was imported, which no retention counts or removes');
    else if (ageMs <= policy.days * dayMs) keep(backup, 'days', `is ${ageText(ageMs)} old, and each is kept for ${counted(policy.days, 'day')}`);
  }
  const periods: readonly (readonly [PeriodName, number])[] = [['day', policy.daily], ['week', policy.weekly], ['month', policy.monthly]];
  if (periods.every(([, count]) => count === 0)) return;
  const future = backups.filter(({ standing }) => standing === 'future').map(({ sequence }) => sequence);
  for (const [group, members] of byGroup(backups.filter(({ standing }) => standing === 'sound'))) {
    for (const [period, count] of periods) {
      for (const backup of periodKeepers(period, count, members, { clock, future })) keep(backup, period, `is the newest ${group} of its ${period}, and ${counted(count, period)} ${count === 1 ? 'is' : 'are'} kept`);
    }
  }
}

/** What a kept one stands on. */
function keepNeeded({ backups }: Survey, reasons: KeepReasons, keep: Keep): void {
  const there = new Set(backups.map(({ backupId }) => backupId));
  // A manifest names all that it takes, so there is nothing to be followed from link to link.
  for (const backup of backups.toReversed()) {
    if (!reasons.has(backup.backupId)) continue;
    for (const backupId of linksOf(backup)) {
      // The newest of those that stand on it is named: the others do not stand without it either.
      if (there.has(backupId) && !(reasons.get(backupId) ?? []).some(({ rule }) => rule === 'needed')) keep({ backupId }, 'needed', `is what ${backup.backupId} stands on`);
    }
  }
}

function byGroup(backups: readonly JudgedBackup[]): ReadonlyMap<string, readonly JudgedBackup[]> {
  const groups = new Map<string, JudgedBackup[]>();
  for (const backup of backups) {
    for (const group of backup.groups) {
      const known = groups.get(group);
      if (known === undefined) groups.set(group, [backup]);
      else known.push(backup);
    }
  }
  return groups;
}

/** Without a fraction, and never more than it is: `3 days`, `11 hours`. */
export const ageText = (ageMs: number): string => (ageMs >= dayMs ? counted(Math.floor(ageMs / dayMs), 'day') : counted(Math.floor(ageMs / 3_600_000), 'hour'));

/** Rules that a person may go before. */
const byAge: ReadonlySet<KeepRule> = new Set(['days', 'day', 'week', 'month', 'future', 'imported']);

/** Reasons that hold whoever asks. */
export const binding = (reasons: readonly KeepReason[]): readonly KeepReason[] => reasons.filter(({ rule }) => !byAge.has(rule));
