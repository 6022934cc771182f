/**
 * The archive of one component's log in one repository: what is kept where under `<service>/wal/<component>/<system id>/` (docs/backup-format.md).
 * Everything is write-once. A segment that is there already is compared, never replaced.
 */
import type { Readable } from 'node:stream';
import type { PartialSegment, WalHoldings } from '../domain/wal/coverage.ts';
import type { LogFile } from '../domain/wal/log-file.ts';
import type { WalSample } from '../domain/wal/exposure.ts';
import type { Segment } from '../domain/wal/segment.ts';

/** Which log: two clusters never share an archive, whatever their containers are called. */
export interface WalKey {
  readonly service: string;
  readonly component: string;
  /** `system_identifier` of the cluster: decimal. */
  readonly systemIdentifier: string;
  readonly segmentSizeBytes: number;
}

export interface StoredSegment extends Segment {
  readonly sha256: string;
  readonly storedSizeBytes: number;
}

export interface StoredPartial extends PartialSegment, StoredSegment {}

export interface SegmentSource {
  readonly sizeBytes: number;
  /** From the beginning, each time the same bytes: it is read to name them, and again to store them. */
  open(): Promise<Readable>;
}

export interface WalArchive {
  /**
   * Stores a complete segment, compressed, and answers its plaintext's SHA-256. The same bytes again are success.
   * @throws WalConflict where the archive holds other bytes under this name, ArtifactDamaged where the source is not one segment long, DiskFull, RepositoryUnreachable
   */
  storeSegment(key: WalKey, segment: Segment, source: SegmentSource, signal: AbortSignal): Promise<StoredSegment>;

  /**
   * Stores the segment that is being written, its log valid before `segment.end`; then removes what older partial ones of this timeline it makes superfluous.
   * What lies behind the end is stored as zeros: it may be half a record, or of an older use of the file. Null, and nothing stored, where a page before the end
   * is zeros: whoever receives has made the file and not written all of that to it yet, or a switch to the next segment is on its way.
   * @throws as {@link storeSegment}; WalConflict also where the log does not begin with what an older partial one holds
   */
  storePartial(key: WalKey, segment: PartialSegment, source: SegmentSource, signal: AbortSignal): Promise<StoredPartial | null>;

  /** Stores a timeline's history; the same text again is success. @throws WalConflict, InvalidInput where it is no history of that timeline */
  storeHistory(key: WalKey, timeline: number, text: string): Promise<void>;

  /** Readings of the source's clock and position, kept thinly: so that the archive alone tells which times it covers. */
  storeSamples(key: WalKey, samples: readonly WalSample[]): Promise<void>;
  /** Oldest first; of the newest `batches` only, where that is given: a year has a hundred thousand. */
  readSamples(key: WalKey, batches?: number): Promise<readonly WalSample[]>;

  /** Notes for ever that the log is broken: from `segment` on something is missing that will never come. The same again is success: what was noted first stays. */
  recordBreak(key: WalKey, segment: Segment, reason: string, at: string): Promise<void>;
  listBreaks(key: WalKey): Promise<readonly { readonly segment: Segment; readonly reason: string; readonly at: string }[]>;

  /** What is there, in the log's order; of one segment's partial ones the longest last. A foreign object among it is damage, never skipped. @throws RepositoryDamaged, WalConflict where a segment is there twice */
  holdings(key: WalKey): Promise<WalHoldings & { readonly complete: readonly StoredSegment[]; readonly partial: readonly StoredPartial[] }>;
  /** History texts by timeline. @throws RepositoryDamaged, WalConflict where one is there twice */
  histories(key: WalKey): Promise<ReadonlyMap<number, string>>;
  /** The clusters whose log this component has here: system identifiers. */
  clusters(service: string, component: string): Promise<readonly string[]>;

  /** Which log a cluster's archive is, by its own record. @throws RepositoryDamaged where there is none */
  keyOf(service: string, component: string, systemIdentifier: string): Promise<WalKey>;
  /** Removes the files of segments, whole and partial, for good; no error where they are gone. The caller knows that nothing needs them. */
  removeSegments(key: WalKey, segments: readonly (StoredSegment | StoredPartial)[], signal: AbortSignal): Promise<void>;

  /** The plaintext of a stored segment; ends with ArtifactDamaged where it is not what its name says. @throws ObjectNotFound */
  openSegment(key: WalKey, segment: StoredSegment | StoredPartial): Promise<Readable>;

  /** The archive's files of these, as recovery asks for them and a stock tool finds them: below {@link hostDirectory}, whole segments and partial ones compressed with zstd. */
  logFiles(key: WalKey, segments: readonly (StoredSegment | StoredPartial)[], histories: ReadonlyMap<number, string>): readonly LogFile[];
  /** Where this cluster's archive lies on the engine's host, or null where objects are no files of it, or there is none. */
  hostDirectory(key: WalKey): Promise<string | null>;
}
