/** What of a plan may still be carried out. Pure. */
import type { BackupDecision } from './backup-decision.ts';

/** A plan, as far as it says what goes. */
interface Removals {
  readonly decisions: readonly Pick<BackupDecision, 'backupId' | 'outcome'>[];
}

/**
 * A hold, a run or a child may have come since the plan was made, so whoever removes plans anew when one has, and every so often, and removes what both plans say. In the
 * order in which they go.
 */
export function confirmRemovals(planned: Removals, anew: Removals): readonly string[] {
  const still = new Set(anew.decisions.filter(({ outcome }) => outcome === 'remove').map(({ backupId }) => backupId));
  return planned.decisions.filter(({ backupId, outcome }) => outcome === 'remove' && still.has(backupId)).map(({ backupId }) => backupId);
}
