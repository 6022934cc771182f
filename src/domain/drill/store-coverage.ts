/** Up to when each store of a service is there again, and all of them together. Pure. */
import type { Coverage, Covered } from './recovery-times.ts';

export interface StoreCoverage {
  readonly component: string;
  readonly covered: NonNullable<Coverage>;
  /** Does the service promise how much of it may be lost? */
  readonly promised: boolean;
}

/** A service recovers as one: to the oldest of its stores. */
export function oldestCoverage(stores: readonly StoreCoverage[]): Coverage {
  let oldest: Covered | null = null;
  for (const { component, covered } of stores) {
    if ('why' in covered) return { why: `${component}: ${covered.why}` };
    if (oldest === null || Date.parse(covered.at) < Date.parse(oldest.at)) oldest = covered;
  }
  return oldest;
}
