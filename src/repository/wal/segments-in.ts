/**
 * The segments of a log in a repository. A name holds its bytes' SHA-256, so bytes that differ never meet under one name: who stores looks for other
 * names of the same segment before it writes, and again after. Of two writers with different bytes the later one to look sees both; so at most one of
 * them ever answers that its bytes are the archive's, whatever the order. Which of the two is right only a human knows: both stay.
 */
import { isFailure } from '../../domain/failures.ts';
import { beginOf, segmentName, type Segment } from '../../domain/wal/segment.ts';
import type { BackupStorage } from '../../storage/storage.ts';
import type { StoredPartial, StoredSegment, WalArchive, WalKey } from '../wal-archive.ts';
import type { ClusterRecord } from './cluster-record.ts';
import { firstPageHeadBytes, UnwrittenPage } from './page-heads.ts';
import { checkedSegmentName, completeDirectory, completePath, directoryOf, parseWalObject, partialDirectory, partialPath, type WalObject } from './object-names.ts';
import { hashesOf, plaintextOf, type SegmentHashes } from './segment-plaintext.ts';
import { hashesOfStored, keepSegment, openStored } from './stored-segment.ts';
import { refusedSegment, walFailure } from './wal-failure.ts';

type Complete = Extract<WalObject, { kind: 'complete' }>;
type Partial = Extract<WalObject, { kind: 'partial' }>;
type SegmentsArchive = Pick<WalArchive, 'storeSegment' | 'storePartial' | 'holdings' | 'openSegment' | 'removeSegments'>;

export function segmentsIn(storage: BackupStorage, cluster: ClusterRecord): SegmentsArchive {
  const pathOf = (key: WalKey, found: Complete | Partial): string =>
    `${directoryOf(key)}/${found.kind === 'complete' ? completePath(found.segment, key.segmentSizeBytes, found.sha256) : partialPath(found.segment, key.segmentSizeBytes, found.sha256)}`;

  /** Foreign names are {@link holdings}' to refuse: they must not keep the log from being stored. */
  async function objectsIn(key: WalKey, below: string): Promise<readonly WalObject[]> {
    const names = await storage.listNames(`${directoryOf(key)}/${below}`);
    return names.map((name) => parseWalObject(`${below}/${name}`, key.segmentSizeBytes)).filter((found) => found !== null);
  }

  const completesOf = async (key: WalKey, { number }: Segment, below: string): Promise<readonly Complete[]> =>
    (await objectsIn(key, below)).filter((found): found is Complete => found.kind === 'complete' && found.segment.number === number);

  const partialsOf = async (key: WalKey, timeline: number): Promise<readonly Partial[]> =>
    (await objectsIn(key, partialDirectory(timeline))).filter((found): found is Partial => found.kind === 'partial');

  async function removeAll(key: WalKey, partials: readonly Partial[], signal: AbortSignal): Promise<void> {
    for (const partial of partials) {
      signal.throwIfAborted();
      await storage.remove(pathOf(key, partial));
    }
  }

  async function storeSegment(...[key, { timeline, number }, source, signal]: Parameters<WalArchive['storeSegment']>): Promise<StoredSegment> {
    const segment = { timeline, number };
    directoryOf(key);
    const name = checkedSegmentName(segment, key.segmentSizeBytes);
    const below = completeDirectory(segment, key.segmentSizeBytes);
    if (source.sizeBytes !== key.segmentSizeBytes) throw refusedSegment(name, `it has ${source.sizeBytes} bytes, a segment has ${key.segmentSizeBytes}`);
    const reading = { key, segment, source, signal, validBytes: key.segmentSizeBytes };
    const shorter = (await partialsOf(key, timeline)).filter((partial) => partial.segment.number === number);
    const hashes = await hashesOf(plaintextOf(reading), key.segmentSizeBytes, shorter.map((partial) => lengthOf(key, partial)));
    requireBeginnings(key, shorter, hashes);
    requireAlone(name, await completesOf(key, segment, below), hashes.sha256);
    await cluster.require(key);
    const storedSizeBytes = await keepSegment(storage, pathOf(key, { kind: 'complete', segment, sha256: hashes.sha256 }), reading, hashes.sha256);
    requireAlone(name, await completesOf(key, segment, below), hashes.sha256);
    await removeAll(key, shorter, signal);
    return { ...segment, sha256: hashes.sha256, storedSizeBytes };
  }

  async function storePartial(...given: Parameters<WalArchive['storePartial']>): Promise<StoredPartial | null> {
    try {
      return await storeWritten(...given);
    } catch (error) {
      if (error instanceof UnwrittenPage) return null;
      throw error;
    }
  }

  async function storeWritten(...[key, { timeline, number, end }, source, signal]: Parameters<WalArchive['storePartial']>): Promise<StoredPartial> {
    const segment = { timeline, number, end };
    directoryOf(key);
    const name = checkedSegmentName(segment, key.segmentSizeBytes);
    const validBytes = Number(end - beginOf(number, key.segmentSizeBytes));
    if (validBytes < firstPageHeadBytes || validBytes > key.segmentSizeBytes) throw walFailure('InvalidInput', 'archive a segment', name, 'its end does not lie behind its first page\'s head and within it');
    if (source.sizeBytes < validBytes || source.sizeBytes > key.segmentSizeBytes) throw refusedSegment(name, `it has ${source.sizeBytes} bytes, ${validBytes} of them log, a segment has ${key.segmentSizeBytes}`);
    const reading = { key, segment, source, signal, validBytes };
    const others = (await partialsOf(key, timeline)).filter((partial) => partial.segment.number === number && partial.segment.end <= end);
    const hashes = await hashesOf(plaintextOf(reading), key.segmentSizeBytes, others.map((partial) => lengthOf(key, partial)));
    requireBeginnings(key, others, hashes);
    await cluster.require(key);
    const storedSizeBytes = await keepSegment(storage, pathOf(key, { kind: 'partial', segment, sha256: hashes.sha256 }), reading, hashes.sha256);
    const now = await partialsOf(key, timeline);
    requireAlone(name, now.filter((partial) => partial.segment.number === number && partial.segment.end === end), hashes.sha256);
    await removeAll(key, others.filter((partial) => partial.segment.end < end), signal);
    await removeCompleted(key, now.filter((partial) => partial.segment.number < number), signal);
    return { ...segment, sha256: hashes.sha256, storedSizeBytes };
  }

  /**
   * Partial ones whose segment was stored whole by somebody who died before removing them. They go when the whole one was read and begins with them: it
   * may have been damaged since, and then the partial one is the only copy.
   */
  async function removeCompleted(key: WalKey, partials: readonly Partial[], signal: AbortSignal): Promise<void> {
    for (const partial of partials) {
      const [whole, ...more] = await completesOf(key, partial.segment, completeDirectory(partial.segment, key.segmentSizeBytes));
      if (whole === undefined || more.length > 0) continue;
      signal.throwIfAborted();
      const hashes = await hashesOfStored(storage, pathOf(key, whole), key.segmentSizeBytes, whole.sha256, [lengthOf(key, partial)]).catch((error: unknown) => {
        if (isFailure(error, 'ArtifactDamaged')) return null;
        throw error;
      });
      if (hashes === null) continue;
      requireBeginnings(key, [partial], hashes);
      await removeAll(key, [partial], signal);
    }
  }

  /** Of every timeline. */
  async function partialsIn(key: WalKey): Promise<readonly StoredPartial[]> {
    const directory = directoryOf(key);
    const partials: StoredPartial[] = [];
    for (const timeline of (await storage.listNames(directory)).filter((name) => /^[0-9A-F]{8}$/.test(name))) {
      for await (const { path, sizeBytes } of storage.list(`${directory}/${partialDirectory(Number.parseInt(timeline, 16))}`)) {
        const found = parseWalObject(path.slice(directory.length + 1), key.segmentSizeBytes);
        if (found?.kind === 'partial') partials.push({ ...found.segment, sha256: found.sha256, storedSizeBytes: sizeBytes });
      }
    }
    return partials;
  }

  async function holdings(key: WalKey): ReturnType<WalArchive['holdings']> {
    const directory = directoryOf(key);
    await cluster.known(key);
    const complete: StoredSegment[] = [];
    const before = await partialsIn(key);
    let isEmpty = true;
    for await (const { path, sizeBytes } of storage.list(directory)) {
      isEmpty = false;
      const found = parseWalObject(path.slice(directory.length + 1), key.segmentSizeBytes);
      if (found === null) throw walFailure('RepositoryDamaged', 'list the archive of a log', path, 'Holdfast writes no object of that name');
      if (found.kind === 'complete') complete.push({ ...found.segment, sha256: found.sha256, storedSizeBytes: sizeBytes });
    }
    const partial = goingWith(before, await partialsIn(key));
    // Asked again: the first to store may have come in between.
    if (!isEmpty && !(await cluster.known(key))) throw walFailure('RepositoryDamaged', 'list the archive of a log', directory, 'its cluster.json is gone');
    complete.sort((a, b) => compare(a, b));
    partial.sort((a, b) => compare(a, b) || Number(a.end - b.end));
    requireOneEach(key, complete, (a, b) => compare(a, b) === 0);
    requireOneEach(key, partial, (a, b) => compare(a, b) === 0 && a.end === b.end);
    return { segmentSizeBytes: key.segmentSizeBytes, complete, partial };
  }

  async function openSegment(key: WalKey, segment: StoredSegment | StoredPartial) {
    const { sha256 } = segment;
    const path = pathOf(key, objectOf(segment));
    if (parseWalObject(path.slice(directoryOf(key).length + 1), key.segmentSizeBytes) === null) throw walFailure('InvalidInput', 'read a segment', path, 'there is no object of that name');
    return openStored(storage, path, key.segmentSizeBytes, sha256);
  }

  async function removeSegments(key: WalKey, segments: readonly (StoredSegment | StoredPartial)[], signal: AbortSignal): Promise<void> {
    for (const segment of segments) {
      signal.throwIfAborted();
      await storage.remove(pathOf(key, objectOf(segment)));
    }
  }

  return { storeSegment, storePartial, holdings, openSegment, removeSegments };
}

const objectOf = ({ sha256, timeline, number, ...more }: StoredSegment | StoredPartial): Complete | Partial =>
  ('end' in more ? { kind: 'partial', segment: { timeline, number, end: more.end }, sha256 } : { kind: 'complete', segment: { timeline, number }, sha256 });

/**
 * The partial ones, of before and behind a listing, that go with the whole ones in it. One that became whole meanwhile stays: the whole one may have come into a directory that had been listed
 * already. One that was only begun is left out: what lies between may be missing in the same way, and would look like a gap.
 */
function goingWith(before: readonly StoredPartial[], now: readonly StoredPartial[]): StoredPartial[] {
  const isIn = (partials: readonly StoredPartial[]) => (partial: StoredPartial): boolean => partials.some((other) => compare(other, partial) === 0);
  return [...before.filter((partial) => !isIn(now)(partial)), ...now.filter(isIn(before))];
}

/** Bytes of log in a partial segment. */
const lengthOf = ({ segmentSizeBytes }: WalKey, { segment: { number, end } }: Partial): number => Number(end - beginOf(number, segmentSizeBytes));

/** What was flushed never changes: a log that does not begin with what was archived of it is another's. */
function requireBeginnings(key: WalKey, partials: readonly Partial[], { beginnings }: SegmentHashes): void {
  const other = partials.find((partial) => beginnings.get(lengthOf(key, partial)) !== partial.sha256);
  if (other !== undefined) throw walFailure('WalConflict', 'archive a segment', segmentName(other.segment, key.segmentSizeBytes), `the archive holds its first ${lengthOf(key, other)} bytes, and they are others`);
}

function requireAlone(name: string, found: readonly (Complete | Partial)[], sha256: string): void {
  const other = found.find((each) => each.sha256 !== sha256);
  if (other !== undefined) throw walFailure('WalConflict', 'archive a segment', name, `the archive holds it with the SHA-256 ${other.sha256}, and here it has ${sha256}`);
}

function requireOneEach<T extends StoredSegment>({ segmentSizeBytes }: WalKey, sorted: readonly T[], isSame: (a: T, b: T) => boolean): void {
  const second = sorted.find((each, index) => index > 0 && isSame(each, sorted[index - 1] as T));
  if (second !== undefined) throw walFailure('WalConflict', 'list the archive of a log', segmentName(second, segmentSizeBytes), 'the archive holds it twice, with different bytes');
}

function compare(a: Segment, b: Segment): number {
  if (a.timeline !== b.timeline) return a.timeline - b.timeline;
  return a.number < b.number ? -1 : Number(a.number > b.number);
}
