/** Is there a base backup that the archived log leads on from? Where not, why; the same cause has the same name for ever, so that it is acted on once. Pure. */
import { coverageFrom, type WalHoldings } from './coverage.ts';
import { segmentName, segmentOf, type Segment } from './segment.ts';

/** A base backup of the cluster whose log this is. */
export interface KnownBase {
  readonly backupId: string;
  readonly timeline: number;
  readonly begin: bigint;
}

export interface KnownLog {
  readonly systemIdentifier: string;
  /** That the server writes now. */
  readonly timeline: number;
  readonly holdings: WalHoldings;
  /** First segments of recorded breaks. */
  readonly breaks: readonly Segment[];
  /** In any order. */
  readonly bases: readonly KnownBase[];
}

export interface BaseCause {
  /** Of letters, digits and hyphens: part of a workflow id. */
  readonly id: string;
  /** Without a full stop. */
  readonly reason: string;
}

export type BaseStanding = { readonly base: KnownBase; readonly cause: null } | { readonly base: null; readonly cause: BaseCause };

const ofTimeline = (timeline: number): string => `timeline-${timeline}`;
const causeOf = (id: string, systemIdentifier: string): string => `${id}-of-${systemIdentifier}`;

/** Of a timeline that nothing leads on from yet: {@link BaseCause.id}. */
export const timelineCause = (timeline: number, systemIdentifier: string): string => causeOf(ofTimeline(timeline), systemIdentifier);

/**
 * The newest base backup on the server's own timeline from whose begin the archive has the log without a gap; or what calls for a new one: there is none of
 * this cluster, a promotion began a new timeline, the log broke since, or something behind the newest base is missing without a record of it.
 */
export function standingBase({ systemIdentifier, timeline, holdings, breaks, bases }: KnownLog): BaseStanding {
  const { segmentSizeBytes } = holdings;
  const needed = (id: string, reason: string): BaseStanding => ({ base: null, cause: { id: causeOf(id, systemIdentifier), reason } });
  const own = bases.filter((base) => base.timeline === timeline).sort((a, b) => (a.begin < b.begin ? 1 : -1));
  const [newest] = own;
  if (newest === undefined) {
    const promoted = bases.length > 0;
    return needed(ofTimeline(timeline), promoted ? `the server is on timeline ${timeline}, and every base backup is of an earlier one` : 'there is no base backup of this cluster');
  }
  const lastBreak = breaks.filter((segment) => segment.timeline === timeline).sort((a, b) => (a.number < b.number ? 1 : -1))[0];
  if (lastBreak !== undefined && segmentOf(newest.begin, segmentSizeBytes) < lastBreak.number) {
    return needed(`break-${segmentName(lastBreak, segmentSizeBytes)}`, `the log broke at segment ${segmentName(lastBreak, segmentSizeBytes)}, and no base backup was taken since`);
  }
  // A base is followed by log of its own timeline only: an earlier one's is behind its begin.
  const { gap, missing } = coverageFrom(newest.begin, [{ timeline, begin: 0n, end: null }], holdings);
  if (!gap) return { base: newest, cause: null };
  return needed(`gap-${segmentName(missing, segmentSizeBytes)}`, `segment ${segmentName(missing, segmentSizeBytes)} behind the newest base backup is missing from the archive`);
}
