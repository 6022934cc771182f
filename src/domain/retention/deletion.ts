/** May somebody remove a backup before its time? What retention keeps for its age alone, yes; what it promised, no. Pure. */
import type { RetentionPlan } from './plan-retention.ts';
import { binding } from './rules/keep-rules.ts';
import { sentenceOf } from './rules/keep-sentence.ts';

/** Why it cannot be removed now, a sentence; null where it can. @param plan of the repository that it is in */
export function obstacleTo(backupId: string, { decisions, upTo }: Pick<RetentionPlan, 'decisions' | 'upTo'>): string | null {
  const reasons = binding(decisions.find((each) => each.backupId === backupId)?.reasons ?? []);
  if (reasons.length > 0) return sentenceOf(reasons);
  return upTo === null ? 'No backup can be relied on, so none goes.' : null;
}

/** A removal as it is shown, approved by its digest, and carried out. */
export interface Deletion {
  readonly backupId: string;
  /** Those that have it, each with why it cannot go from there now; null where it can. */
  readonly repositories: readonly { readonly repository: string; readonly obstacle: string | null }[];
  /** Until when, and of which components: for whoever is asked. */
  readonly point: string;
  readonly components: readonly string[];
  readonly trashDays: number;
  readonly digest: string;
}

export const isRefused = ({ repositories }: Deletion): boolean => repositories.some(({ obstacle }) => obstacle !== null);
