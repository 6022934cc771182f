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
  const { segmentSizeBytes } = holdings;
  let reached = { end: begin, timeline: stretchOf(begin, path).timeline };
  let next = segmentOf(begin, segmentSizeBytes);
  for (const covering of filesFrom(begin, path, holdings)) {
    if (covering.end > reached.end) reached = covering;
    if (covering.end < beginOf(covering.file.number + 1n, segmentSizeBytes)) break;
    next = covering.file.number + 1n;
  }
  const missing = { timeline: timelineAt(path, beginOf(next + 1n, segmentSizeBytes) - 1n)?.timeline ?? reached.timeline, number: next };
  return { end: reached.end, timeline: reached.timeline, missing, gap: liesBeyond(missing, path, holdings) };
}

/** The files that a server would read from `begin` on, in that order, up to where {@link coverageFrom} ends; the last may be a partial one. */
export const coveringFiles = (begin: bigint, path: readonly TimelineStretch[], holdings: WalHoldings): readonly (Segment | PartialSegment)[] =>
  [...filesFrom(begin, path, holdings)].map(({ file }) => file);

interface Covering {
  readonly file: Segment | PartialSegment;
  /** How far it leads: up to where its timeline was left, at most. */
  readonly end: bigint;
  readonly timeline: number;
}

/** Each segment's file while there is one and the one before it was whole. */
function* filesFrom(begin: bigint, path: readonly TimelineStretch[], holdings: WalHoldings): Generator<Covering> {
  stretchOf(begin, path);
  const { segmentSizeBytes } = holdings;
  const files = new Map<string, Segment | PartialSegment>([...holdings.partial.toSorted((a, b) => (a.end < b.end ? -1 : 1)), ...holdings.complete].map((file) => [keyOf(file), file]));
  for (let number = segmentOf(begin, segmentSizeBytes); ; number += 1n) {
    const covering = coveringFile(number, path, segmentSizeBytes, files);
    if (covering === null) return;
    yield covering;
    if (covering.end < beginOf(number + 1n, segmentSizeBytes)) return;
  }
}

/**
 * A server looks for the youngest timeline's file first, from the segment in which that timeline begins (XLogFileReadAnyTLI): this file repeats what the
 * parent wrote before the switch. A parent's own file is good up to the switch only.
 */
function coveringFile(number: bigint, path: readonly TimelineStretch[], sizeBytes: number, files: ReadonlyMap<string, Segment | PartialSegment>): Covering | null {
  const [segmentBegin, segmentEnd] = [beginOf(number, sizeBytes), beginOf(number + 1n, sizeBytes)];
  for (const { timeline, begin, end } of path.toReversed().filter((each) => segmentOf(each.begin, sizeBytes) <= number && (each.end === null || each.end > segmentBegin))) {
    const file = files.get(keyOf({ timeline, number }));
    const written = file === undefined ? null : 'end' in file ? file.end : segmentEnd;
    if (file === undefined || written === null || written <= begin) continue;
    return { file, end: end !== null && end < written ? end : written, timeline };
  }
  return null;
}

function stretchOf(begin: bigint, path: readonly TimelineStretch[]): TimelineStretch {
  const stretch = timelineAt(path, begin);
  if (stretch === undefined) throw new RangeError('the path of timelines does not hold the begin');
  return stretch;
}

/** What a timeline wrote after the path had left it says nothing: that log leads elsewhere. */
const liesBeyond = (missing: Segment, path: readonly TimelineStretch[], { complete, partial, segmentSizeBytes }: WalHoldings): boolean =>
  [...complete, ...partial].some(({ timeline, number }) => number > missing.number && path.some((stretch) => stretch.timeline === timeline && (stretch.end === null || beginOf(number, segmentSizeBytes) < stretch.end)));

const keyOf = ({ timeline, number }: Segment): string => `${timeline}/${number}`;
