/**
 * Segments: the files that the log is kept in, and the other files of an archive. Pure.
 *
 * Names are PostgreSQL's own (XLogFileName in its xlog_internal.h): 24 hexadecimal digits, eight of the timeline, eight of the position's
 * upper half, eight of the segment's number within it. Segments have 1 MiB to 1 GiB, a power of two, chosen at initdb.
 */

export interface Segment {
  readonly timeline: number;
  /** Counted from the beginning of the log: the segment begins at `number * segmentSizeBytes`. */
  readonly number: bigint;
}

const namePattern = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;
const historyPattern = /^([0-9A-F]{8})\.history$/;
const upperHalf = 1n << 32n;
const sizes = { smallest: 1024 * 1024, largest: 1024 * 1024 * 1024 } as const;

/** Could a server have been made with segments of this size? */
export const isSegmentSize = (bytes: number): boolean =>
  Number.isSafeInteger(bytes) && bytes >= sizes.smallest && bytes <= sizes.largest && Number.isInteger(Math.log2(bytes));

/** The segment that a file name stands for; null for another name, and for one that no server with segments of this size writes. */
export function parseSegmentName(name: string, segmentSizeBytes: number): Segment | null {
  const match = namePattern.exec(name);
  if (match === null) return null;
  const [timeline, upper, within] = match.slice(1).map((digits) => BigInt(`0x${digits}`)) as [bigint, bigint, bigint];
  const perHalf = upperHalf / BigInt(segmentSizeBytes);
  return timeline === 0n || within >= perHalf ? null : { timeline: Number(timeline), number: upper * perHalf + within };
}

export function segmentName({ timeline, number }: Segment, segmentSizeBytes: number): string {
  const perHalf = upperHalf / BigInt(segmentSizeBytes);
  return `${hex8(BigInt(timeline))}${hex8(number / perHalf)}${hex8(number % perHalf)}`;
}

/** The number of the segment in which this position lies. */
export const segmentOf = (lsn: bigint, segmentSizeBytes: number): bigint => lsn / BigInt(segmentSizeBytes);

/** The number of the segment with the last byte before this position: a log that ends on a boundary needs none beyond it. */
export const lastSegmentBefore = (lsn: bigint, segmentSizeBytes: number): bigint => (lsn === 0n ? 0n : (lsn - 1n) / BigInt(segmentSizeBytes));

/** Where a segment begins. */
export const beginOf = (number: bigint, segmentSizeBytes: number): bigint => number * BigInt(segmentSizeBytes);

/** The timeline whose history a file name promises (`00000002.history`), or null. */
export function parseHistoryName(name: string): number | null {
  const match = historyPattern.exec(name);
  const timeline = match === null ? 0 : Number.parseInt(match[1] as string, 16);
  return timeline === 0 ? null : timeline;
}

export const historyName = (timeline: number): string => `${hex8(BigInt(timeline))}.history`;

const hex8 = (value: bigint): string => value.toString(16).toUpperCase().padStart(8, '0');
