/**
 * What is called how below `<service>/wal/<component>/<system id>` (docs/backup-format.md). A name says what an object holds, so that a listing is the
 * whole catalog; a name that is not written here is no object of the archive. Pure.
 */
import { checkName } from '../../domain/identifiers.ts';
import type { PartialSegment } from '../../domain/wal/coverage.ts';
import { beginOf, historyName, isSegmentSize, parseHistoryName, parseSegmentName, segmentName, type Segment } from '../../domain/wal/segment.ts';
import type { WalKey } from '../wal-archive.ts';
import { walFailure } from './wal-failure.ts';

/** One object of the archive, as far as its name tells. */
export type WalObject =
  | { readonly kind: 'cluster' | 'samples' | 'break' }
  | { readonly kind: 'history'; readonly timeline: number; readonly sha256: string }
  | { readonly kind: 'complete'; readonly segment: Segment; readonly sha256: string }
  | { readonly kind: 'partial'; readonly segment: PartialSegment; readonly sha256: string };

const systemIdentifierPattern = /^[1-9]\d{0,19}$/;
const limit64 = 1n << 64n;
const completePattern = /^([0-9A-F]{8})\/([0-9A-F]{8})\/([0-9A-F]{24})-([0-9a-f]{64})\.zst$/;
const partialPattern = /^([0-9A-F]{8})\/partial\/([0-9A-F]{24})\.partial-([0-9A-F]{16})-([0-9a-f]{64})\.zst$/;
const historyPattern = /^([0-9A-F]{8}\.history)-([0-9a-f]{64})$/;
const samplesPattern = /^samples\/\d{4}-\d{2}-\d{2}T\d{6,12}Z-\d{4}-\d{2}-\d{2}T\d{6,12}Z-[0-9a-f]{16}\.json$/;
const breakPattern = /^breaks\/([0-9A-F]{24})\.json$/;

export const isSystemIdentifier = (text: string): boolean => systemIdentifierPattern.test(text) && BigInt(text) < limit64;

/** Where the clusters of a component have their logs. @throws InvalidInput */
export const clustersDirectory = (service: string, component: string): string => `${checkName('service', service)}/wal/${checkName('component', component)}`;

/** Where one cluster's log is. @throws InvalidInput where the key cannot be one */
export function directoryOf({ service, component, systemIdentifier, segmentSizeBytes }: WalKey): string {
  const directory = clustersDirectory(service, component);
  if (!isSystemIdentifier(systemIdentifier)) throw walFailure('InvalidInput', 'name the archive of a log', JSON.stringify(String(systemIdentifier).slice(0, 40)), 'a system identifier is a decimal number of at most 64 bits');
  if (!isSegmentSize(segmentSizeBytes)) throw walFailure('InvalidInput', 'name the archive of a log', `${directory}/${systemIdentifier}`, `no server has segments of ${segmentSizeBytes} bytes`);
  return `${directory}/${systemIdentifier}`;
}

/** The name of a segment that there can be. @throws InvalidInput */
export function checkedSegmentName({ timeline, number }: Segment, segmentSizeBytes: number): string {
  const isTimeline = Number.isInteger(timeline) && timeline >= 1 && timeline <= 0xffff_ffff;
  if (isTimeline && number >= 0n && beginOf(number + 1n, segmentSizeBytes) < limit64) return segmentName({ timeline, number }, segmentSizeBytes);
  throw walFailure('InvalidInput', 'name a segment', `${timeline}/${number}`, 'no server writes a segment of that timeline and number');
}

/**
 * Complete segments lie in a directory for each 4 GiB of the log, 256 of the usual size: looking for one of its name stays as quick after years.
 * Below the cluster's directory.
 */
export function completeDirectory(segment: Segment, segmentSizeBytes: number): string {
  const name = checkedSegmentName(segment, segmentSizeBytes);
  return `${name.slice(0, 8)}/${name.slice(8, 16)}`;
}

export const completePath = (segment: Segment, segmentSizeBytes: number, sha256: string): string =>
  `${completeDirectory(segment, segmentSizeBytes)}/${checkedSegmentName(segment, segmentSizeBytes)}-${sha256}.zst`;

/** Partial ones lie by themselves: there are one or two at a time, and whoever clears up sees them all. */
export const partialDirectory = (timeline: number): string => `${historyName(timeline).slice(0, 8)}/partial`;

export const partialPath = (segment: PartialSegment, segmentSizeBytes: number, sha256: string): string =>
  `${partialDirectory(segment.timeline)}/${checkedSegmentName(segment, segmentSizeBytes)}.partial-${segment.end.toString(16).toUpperCase().padStart(16, '0')}-${sha256}.zst`;

export const historyPath = (timeline: number, sha256: string): string => `${historyName(timeline)}-${sha256}`;
export const breakPath = (segment: Segment, segmentSizeBytes: number): string => `breaks/${checkedSegmentName(segment, segmentSizeBytes)}.json`;
export const clusterPath = 'cluster.json';

/** What an object is by its path below the cluster's directory; null where Holdfast writes nothing of that name. */
export function parseWalObject(path: string, segmentSizeBytes: number): WalObject | null {
  if (path === clusterPath) return { kind: 'cluster' };
  return parseComplete(path, segmentSizeBytes) ?? parsePartial(path, segmentSizeBytes) ?? parseHistory(path) ?? parseRecord(path, segmentSizeBytes);
}

function parseComplete(path: string, segmentSizeBytes: number): WalObject | null {
  const [, timeline = '', upper = '', name = '', sha256 = ''] = completePattern.exec(path) ?? [];
  const segment = name.startsWith(timeline + upper) ? parseSegmentName(name, segmentSizeBytes) : null;
  return segment === null ? null : { kind: 'complete', segment, sha256 };
}

function parsePartial(path: string, segmentSizeBytes: number): WalObject | null {
  const [, timeline = '', name = '', digits = '', sha256 = ''] = partialPattern.exec(path) ?? [];
  const segment = name.startsWith(timeline) ? parseSegmentName(name, segmentSizeBytes) : null;
  if (segment === null) return null;
  const end = BigInt(`0x${digits}`);
  const isInside = end > beginOf(segment.number, segmentSizeBytes) && end <= beginOf(segment.number + 1n, segmentSizeBytes);
  return isInside ? { kind: 'partial', segment: { ...segment, end }, sha256 } : null;
}

function parseHistory(path: string): WalObject | null {
  const [, name = '', sha256 = ''] = historyPattern.exec(path) ?? [];
  const timeline = parseHistoryName(name);
  return timeline === null ? null : { kind: 'history', timeline, sha256 };
}

function parseRecord(path: string, segmentSizeBytes: number): WalObject | null {
  if (samplesPattern.test(path)) return { kind: 'samples' };
  const name = breakPattern.exec(path)?.[1];
  return name !== undefined && parseSegmentName(name, segmentSizeBytes) !== null ? { kind: 'break' } : null;
}
