/** Why a drill is no success: its checks, and whatever was promised and not kept. Pure. */
import type { Verdict } from '../proof.ts';

export interface DrillOutcome {
  readonly verdict: Verdict;
  /** The whole in a sentence. */
  readonly sentence: string;
  /** What was promised and not kept, a sentence each. */
  readonly breaches: readonly string[];
}

/** A clause without its full stop; null of one that is proven and kept all that was promised. */
export function shortcoming({ verdict, sentence, breaches }: DrillOutcome): string | null {
  const missed = breaches.map(bare).join('; ');
  if (verdict !== 'proven') return missed === '' ? bare(sentence) : `${bare(sentence)}; and missed: ${missed}`;
  return missed === '' ? null : `the service came back as it was, but ${missed}`;
}

const bare = (sentence: string): string => sentence.replace(/\.$/, '');
