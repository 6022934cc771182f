/** Is this the state at the end of a second? Judged from what the archive holds of one base and the increments behind it. Pure. */
import type { AofPeriod } from './aof-history.ts';
import type { ScannedIncrement } from './scan-increment.ts';

/** An increment as far as it was read: from its beginning, without a gap. */
export interface ReadIncrement extends ScannedIncrement {
  readonly id: string;
  readonly sizeBytes: number;
  /** Is this all that was ever written into it? */
  readonly isWhole: boolean;
}

/** An increment up to a place between two commands. */
export interface IncrementPart {
  readonly id: string;
  readonly sizeBytes: number;
}

export type InstantJudgement =
  /** These, behind the base, are all that was written until the end of the second, and nothing else. */
  | { readonly kind: 'exact'; readonly increments: readonly IncrementPart[] }
  /** Not known so far; until the end of this earlier second it is. */
  | { readonly kind: 'earlier'; readonly second: number }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * @param read in their order, scanned for that second; reading ends with the first that holds something later, or with one that is not whole
 * @param second the last one that belongs to what is wanted
 */
export function judgeInstant(period: AofPeriod, read: readonly ReadIncrement[], second: number): InstantJudgement {
  const reason = refusal(period, read, second);
  if (reason !== null) return { kind: 'none', reason };
  const cut = read.findIndex(({ cutBytes }) => cutBytes !== null);
  if (cut >= 0) return { kind: 'exact', increments: partsOf(read.slice(0, cut + 1).map(({ id, wholeBytes, cutBytes }) => ({ id, sizeBytes: cutBytes ?? wholeBytes }))) };
  const reached = reachOf(period, read);
  if (reached >= second) return { kind: 'exact', increments: partsOf(read.map(({ id, wholeBytes }) => ({ id, sizeBytes: wholeBytes }))) };
  if (reached >= period.base.createdSecond) return { kind: 'earlier', second: reached };
  return { kind: 'none', reason: `what was written behind base ${period.base.id} is not archived` };
}

const partsOf = (parts: readonly IncrementPart[]): readonly IncrementPart[] => parts.filter(({ sizeBytes }) => sizeBytes > 0);

function refusal({ base, follows, looks }: AofPeriod, read: readonly ReadIncrement[], second: number): string | null {
  if (second < base.createdSecond) return `base ${base.id} was begun later`;
  if (follows) return null;
  const firstSecond = read.find((each) => each.firstSecond !== null)?.firstSecond ?? Number.POSITIVE_INFINITY;
  const isAnnotated = read.every(({ beginsAnnotated, sizeBytes }, index) => index > 0 || beginsAnnotated || sizeBytes === 0);
  // Of a second that nobody saw, and before the first that is written down, the server may have had other data.
  const begin = isAnnotated ? Math.min(firstSecond, looks[0]?.second ?? Number.POSITIVE_INFINITY) : firstSecond;
  return second < begin ? `nothing tells whether base ${base.id} was in use by then` : null;
}

/** The last second of which everything is there: the one before the newest annotation, or before the rewrite, or the one that a look covers. */
function reachOf({ base, looks, rewrittenAs }: AofPeriod, read: readonly ReadIncrement[]): number {
  const newest = Math.max(...read.map(({ lastSecond }) => lastSecond ?? Number.NEGATIVE_INFINITY));
  const holds = (increment: string | null, sizeBytes: number): boolean => {
    const index = read.findIndex(({ id }) => id === increment);
    return increment === null ? sizeBytes === 0 : index >= 0 && (read[index]?.sizeBytes ?? 0) >= sizeBytes && read.slice(0, index).every(({ isWhole }) => isWhole);
  };
  const isWhole = (id: string): boolean => read.some((each) => each.id === id && each.isWhole);
  // Of a base that no manifest is known of, nobody knows what was written behind it.
  const rewritten = rewrittenAs !== null && base.increments.length > 0 && base.increments.every((id) => isWhole(id) || rewrittenAs.increments.includes(id)) ? rewrittenAs.createdSecond - 1 : Number.NEGATIVE_INFINITY;
  return Math.max(newest - 1, rewritten, ...looks.filter(({ increment, sizeBytes }) => holds(increment, sizeBytes)).map(({ coveredSecond }) => coveredSecond));
}
