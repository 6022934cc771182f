/**
 * How far an archive carries a base backup: the contiguous run of log from where its replay begins, along one path of timelines. Pure.
 * A gap anywhere ends it, however fresh what lies beyond is (databases.md §8, P10).
 */
import { beginOf, segmentOf, type Segment } from './segment.ts';
import { timelineAt, type TimelineStretch } from './timeline.ts';

/** A segment that was still being written when it was archived: its log is valid up to `end` (exclusive). */
export interface PartialSegment extends Segment {
  readonly end: bigint;
}

/** What the archive of one component of one cluster (system identifier) holds. */
export interface WalHoldings {
  readonly segmentSizeBytes: number;
  readonly complete: readonly Segment[];
  readonly partial: readonly PartialSegment[];
}

export interface Coverage {
  /** Replay gets up to here (exclusive); equal to the begin where not even the first segment is there. */
  readonly end: bigint;
  /** The timeline of the last byte. */
  readonly timeline: number;
  /** The first segment that is missing, or is there in part only. */
  readonly missing: Segment;
  /** Something lies beyond the missing one: a gap, and not merely the end of what was archived so far. */
  readonly gap: boolean;
}

/** Coverage from `begin` (a base backup's start position) along `path`. @throws RangeError where the path does not reach so far back */
export function coverageFrom(begin: bigint, path: readonly TimelineStretch[], holdings: WalHoldings): Coverage {
  if (timelineAt(path, begin) === undefined) throw new RangeError('the path of timelines does not hold the begin');
  const { segmentSizeBytes } = holdings;
  const complete = new Set(holdings.complete.map(keyOf));
  const partial = new Map(holdings.partial.map((segment) => [keyOf(segment), segment]));
  let end = begin;
  let timeline = timelineAt(path, begin)?.timeline ?? 0;
  for (let number = segmentOf(begin, segmentSizeBytes); ; number += 1n) {
    const reached = reachIn(number, path, segmentSizeBytes, complete, partial);
    if (reached !== null && reached.end > end) ({ end, timeline } = reached);
    if (reached === null || reached.end < beginOf(number + 1n, segmentSizeBytes)) {
      const missing = { timeline: timelineAt(path, beginOf(number + 1n, segmentSizeBytes) - 1n)?.timeline ?? timeline, number };
      return { end, timeline, missing, gap: liesBeyond(missing, path, holdings) };
    }
  }
}

/**
 * How far one segment's log is there. A server looks for the youngest timeline's file first, from the segment in which that timeline begins
 * (XLogFileReadAnyTLI): this file repeats what the parent wrote before the switch. A parent's own file is good up to the switch only.
 */
function reachIn(
  number: bigint, path: readonly TimelineStretch[], sizeBytes: number, complete: ReadonlySet<string>, partial: ReadonlyMap<string, PartialSegment>,
): { readonly end: bigint; readonly timeline: number } | null {
  const segmentEnd = beginOf(number + 1n, sizeBytes);
  const segmentBegin = beginOf(number, sizeBytes);
  for (const stretch of path.toReversed().filter((each) => segmentOf(each.begin, sizeBytes) <= number && (each.end === null || each.end > segmentBegin))) {
    const key = keyOf({ timeline: stretch.timeline, number });
    const written = complete.has(key) ? segmentEnd : partial.get(key)?.end;
    if (written === undefined || written <= stretch.begin) continue;
    return { end: stretch.end !== null && stretch.end < written ? stretch.end : written, timeline: stretch.timeline };
  }
  return null;
}

const liesBeyond = (missing: Segment, path: readonly TimelineStretch[], { complete, partial }: WalHoldings): boolean =>
  [...complete, ...partial].some((segment) => segment.number > missing.number && path.some(({ timeline }) => timeline === segment.timeline));

const keyOf = ({ timeline, number }: Segment): string => `${timeline}/${number}`;
