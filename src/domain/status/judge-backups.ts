/** Is there a backup that is young enough, and proven as the policy says? Pure. */
import type { Verdict } from '../proof.ts';
import type { ProvePolicy } from '../prove-policy.ts';
import { durationText } from '../wording.ts';
import { notKnown, wrong, type StatusFinding } from './finding.ts';

/** Instants are ISO 8601 UTC. */
export interface BackupFacts {
  /** The one that a restore means by `latest`. `at`: its moment, by its id. */
  readonly newest: { readonly id: string; readonly at: string; readonly damage: string | null; readonly isProofOut: boolean } | null;
  /** Of the newest backup that has a proof at all. */
  readonly newestProof: { readonly id: string; readonly verdict: Verdict; readonly reason: string } | null;
  readonly newestProven: { readonly id: string; readonly at: string } | null;
  /** When it was first told to be backed up by itself; null where it never was, or nobody knows. */
  readonly scheduledSince: string | null;
}

export interface BackupTerms {
  readonly nowMs: number;
  readonly maxAgeMs: number;
  readonly prove: ProvePolicy;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** What a backup and its proof may take, from the moment that the backup is of: it began when it was due, and counts once it is stored. */
export const runAllowanceMs = 2 * hourMs;
/** Clocks of machines may differ by so much. */
const clockSkewMs = 5 * 60_000;

/** How old the newest backup may be: a day, or as long as its schedule leaves between two, and the time that one takes. */
export const ageLimitMs = (intervalMs: number | null): number => Math.max(dayMs, intervalMs ?? 0) + runAllowanceMs;

/** How old the newest backup that is proven may be, by the policy; null where it sets no time. */
export function provenLimitMs(prove: ProvePolicy, maxAgeMs: number): number | null {
  if (prove === 'never') return null;
  return prove === 'weekly' ? maxAgeMs + 7 * dayMs : prove === 'daily' ? maxAgeMs + dayMs : maxAgeMs;
}

export function judgeBackups(facts: BackupFacts, terms: BackupTerms): readonly StatusFinding[] {
  const { newest } = facts;
  if (newest === null) return [missing(facts.scheduledSince, terms)];
  return [...ageFindings(newest, terms), ...proofFindings(facts, newest, terms)];
}

/** One that has only just been set up has not failed at anything yet; it is not well, either. */
function missing(scheduledSince: string | null, { nowMs, maxAgeMs }: BackupTerms): StatusFinding {
  const ageMs = scheduledSince === null ? null : nowMs - Date.parse(scheduledSince);
  return ageMs !== null && ageMs <= maxAgeMs
    ? notKnown('noBackup', `there is no backup yet; its schedule was made ${durationText(Math.max(0, ageMs))} ago`, 'holdfast backup, or wait for the first')
    : wrong('noBackup', 'there is no backup', 'holdfast backup');
}

function ageFindings({ id, at, damage }: NonNullable<BackupFacts['newest']>, { nowMs, maxAgeMs }: BackupTerms): readonly StatusFinding[] {
  if (damage !== null) return [wrong('backupDamaged', `the newest backup, ${id}, is damaged: ${damage}`, 'holdfast backup')];
  const ageMs = nowMs - Date.parse(at);
  if (ageMs < -clockSkewMs) return [notKnown('backupUndated', `the newest backup, ${id}, is of the future: a clock was wrong, and its age is not known`, 'Set the clock right, then: holdfast backup')];
  return ageMs > maxAgeMs ? [wrong('backupOld', `the newest backup, ${id}, is ${durationText(ageMs)} old (the limit is ${durationText(maxAgeMs)})`, 'holdfast backup')] : [];
}

function proofFindings({ newestProof, newestProven }: BackupFacts, newest: NonNullable<BackupFacts['newest']>, terms: BackupTerms): readonly StatusFinding[] {
  const { nowMs, maxAgeMs, prove } = terms;
  if (newestProof?.verdict === 'failed') return [wrong('proofFailed', `the newest proof FAILED: ${newestProof.id}: ${newestProof.reason}`, `holdfast show ${newestProof.id}; then take another: holdfast backup`)];
  const next = `holdfast prove ${newest.id}`;
  if (newestProof?.verdict === 'couldNotVerify') return [notKnown('notProven', `the newest proof could not verify ${newestProof.id}: ${newestProof.reason}`, `holdfast prove ${newestProof.id}`)];
  const isFresh = nowMs - Date.parse(newest.at) <= runAllowanceMs;
  if (newestProven === null) return isFresh && prove !== 'never' ? [notKnown('notProven', 'no backup is proven yet', next)] : [notKnown('notProven', 'no backup was ever proven', next)];
  const ageMs = nowMs - Date.parse(newestProven.at);
  const limitMs = provenLimitMs(prove, maxAgeMs);
  if (limitMs !== null && ageMs < -clockSkewMs) return newestProven.id === newest.id ? [] : [notKnown('backupUndated', `the newest backup that is proven, ${newestProven.id}, is of the future: how old it is, is not known`, next)];
  if (limitMs !== null && !(ageMs <= limitMs)) return [wrong('proofOld', `the newest backup that is proven, ${newestProven.id}, is ${durationText(ageMs)} old (the limit is ${durationText(limitMs)}, by prove: ${prove})`, next)];
  // Each one is to be proven; whoever looks while it is being proven is not to be alarmed.
  return prove === 'always' && !newest.isProofOut && !isFresh ? [notKnown('notProven', `the newest backup, ${newest.id}, was never proven`, next)] : [];
}
