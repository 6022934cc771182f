/** One thing that is not as it should be with a service: what, and what to do next. Pure. */

export const findingKinds = [
  'noBackup', 'backupDamaged', 'backupOld', 'backupUndated',
  'proofFailed', 'proofOld', 'notProven',
  'exposed', 'logNotKept', 'walDiskFilling', 'exposureUnknown',
  'schedulePaused', 'scheduleMissed', 'scheduleFailed', 'scheduleDiffers', 'scheduleDormant', 'temporalSilent',
  'drillFailed', 'drillUndecided', 'drillOverdue', 'objectiveMissed', 'reportDamaged', 'reportUnknownKey',
  'leftover', 'leftoversUnknown', 'cutOverUnreadable', 'repositorySilent',
] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface StatusFinding {
  readonly kind: FindingKind;
  /** `notKnown` is never a pass, and no proof that something is wrong. */
  readonly verdict: 'wrong' | 'notKnown';
  /** What is the matter, without a full stop. */
  readonly sentence: string;
  /** What to do about it: a command, or a sentence. */
  readonly next: string;
}

export const wrong = (kind: FindingKind, sentence: string, next: string): StatusFinding => ({ kind, verdict: 'wrong', sentence, next });
export const notKnown = (kind: FindingKind, sentence: string, next: string): StatusFinding => ({ kind, verdict: 'notKnown', sentence, next });

export type Standing = 'well' | 'wrong' | 'notKnown';

/** The whole: one thing that is wrong makes it wrong, whatever else is not known. */
export function standingOf(findings: readonly Pick<StatusFinding, 'verdict'>[]): Standing {
  if (findings.some(({ verdict }) => verdict === 'wrong')) return 'wrong';
  return findings.length === 0 ? 'well' : 'notKnown';
}

/** What is wrong before what is not known; else as they came, which is from the backups to the drills. */
export const mostUrgentFirst = <T extends Pick<StatusFinding, 'verdict'>>(findings: readonly T[]): readonly T[] =>
  [...findings.filter(({ verdict }) => verdict === 'wrong'), ...findings.filter(({ verdict }) => verdict !== 'wrong')];
