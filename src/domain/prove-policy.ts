/** Which backups are proven right after they were taken. Pure. */
export const provePolicies = ['always', 'daily', 'weekly', 'never'] as const;
export type ProvePolicy = (typeof provePolicies)[number];

const hourMs = 3_600_000;
/** A little less than the period: a backup that is taken at two each night must not wait for the night after, because the last proof ended at ten past. */
const periodMs: Readonly<Record<'daily' | 'weekly', number>> = { daily: 20 * hourMs, weekly: (7 * 24 - 4) * hourMs };

/** What a run was told decides, else the policy; a service that was resolved before there was one says only yes or no. */
export const proofIsWanted = (asked: boolean | undefined, { prove, proveAfterBackup }: { readonly prove?: ProvePolicy; readonly proveAfterBackup: boolean }, newestProofAt: string | null, nowMs: number): boolean =>
  asked ?? (prove === undefined ? proveAfterBackup : proofIsDue(prove, newestProofAt, nowMs));

/**
 * Is the backup that was just taken to be proven?
 * @param newestProofAt when the newest proof that came out as proven ended; null where there is none. One of the future is none: some clock was wrong, and
 * waiting until then would leave everything unproven
 */
export function proofIsDue(policy: ProvePolicy, newestProofAt: string | null, nowMs: number): boolean {
  if (policy === 'always' || policy === 'never') return policy === 'always';
  const ageMs = newestProofAt === null ? Number.NaN : nowMs - Date.parse(newestProofAt);
  return !(ageMs >= 0 && ageMs < periodMs[policy]);
}
