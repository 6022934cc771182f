/**
 * The heads of a segment's pages: which cluster and which place in the log they are of. Recycled files keep an older use's until they are written
 * anew, and new ones are zeros; neither may be taken for log.
 * Layout: XLogPageHeaderData and, of the first, XLogLongPageHeaderData in PostgreSQL's xlog_internal.h, in the server's byte order. Little-endian only: every platform that the
 * official images run on but s390x.
 */
import { beginOf, segmentName, type Segment } from '../../domain/wal/segment.ts';
import { formatLsn } from '../../domain/wal/lsn.ts';
import type { WalKey } from '../wal-archive.ts';
import { refusedSegment, walFailure } from './wal-failure.ts';

export const firstPageHeadBytes = 40;
/** What is looked at of a later page: its magic number, and its place in the log. */
const pageHeadBytes = 16;
/** XLP_LONG_HEADER: a segment's first page has it, no other. */
const longHeader = 0x0002;

/**
 * @param head at least {@link firstPageHeadBytes} of the file's beginning
 * @throws ArtifactDamaged where no server wrote this as this segment, WalConflict where another cluster's server did
 */
function checkFirstPage({ systemIdentifier, segmentSizeBytes }: WalKey, segment: Segment, head: Buffer): void {
  const name = segmentName(segment, segmentSizeBytes);
  const begin = beginOf(segment.number, segmentSizeBytes);
  if (!isPage(head)) throw refusedSegment(name, head.every((byte) => byte === 0) ? 'it begins with zeros: nothing was written to it yet' : 'it does not begin with a page of the log');
  if ((head.readUInt16LE(2) & longHeader) === 0) throw refusedSegment(name, 'its first page is not the first of a segment');
  const writer = head.readBigUInt64LE(24);
  if (String(writer) !== systemIdentifier) throw walFailure('WalConflict', 'archive a segment', name, `it was written by the cluster ${writer}, and this is the log of ${systemIdentifier}`);
  const address = head.readBigUInt64LE(8);
  if (address !== begin) throw refusedSegment(name, `its first page belongs to ${formatLsn(address)} and not to ${formatLsn(begin)}: an older use of the file`);
  const sizeBytes = head.readUInt32LE(32);
  if (sizeBytes !== segmentSizeBytes) throw refusedSegment(name, `it is of segments of ${sizeBytes} bytes, where this log has ${segmentSizeBytes}`);
  const timeline = head.readUInt32LE(4);
  // An ancestor's too: a timeline's first segment begins with what its parent wrote before the switch.
  if (timeline < 1 || timeline > segment.timeline) throw refusedSegment(name, `its first page is of timeline ${timeline}`);
}

// The magic number changes with every major version; its upper byte has been this one since PostgreSQL 12.
const isPage = (head: Buffer): boolean => head.readUInt8(1) === 0xd1;

/** The receiver has made the file, as long as a segment, and not written all that was taken for received. */
export class UnwrittenPage extends Error {}

/**
 * Watches the heads of a segment's pages while its bytes are given piece by piece: the first page's, and of a segment that is being written those of all pages that
 * its log has reached. Not of a whole one: behind a switch to the next segment it is zeros to its end.
 * @param validBytes of log from the segment's begin
 * @throws ArtifactDamaged, WalConflict from the watch, as {@link checkFirstPage}; UnwrittenPage where the segment is being written
 */
export function watchPages(key: WalKey, segment: Segment, validBytes: number): (piece: Buffer) => void {
  const isWhole = validBytes === key.segmentSizeBytes;
  let head: Buffer = Buffer.alloc(0);
  let pageAt = 0;
  let pageBytes = key.segmentSizeBytes;
  let doneBytes = 0;
  const headBytes = (): number => (pageAt === 0 ? firstPageHeadBytes : pageHeadBytes);

  function check(): void {
    const place = beginOf(segment.number, key.segmentSizeBytes) + BigInt(pageAt);
    const name = segmentName(segment, key.segmentSizeBytes);
    if (!isWhole && head.every((byte) => byte === 0)) throw new UnwrittenPage(`${name}: nothing was written to its page ${formatLsn(place)} yet`);
    if (pageAt > 0) {
      if (!isPage(head) || head.readBigUInt64LE(8) !== place) throw refusedSegment(name, `the page at ${formatLsn(place)} has the head of another`);
      return;
    }
    checkFirstPage(key, segment, head);
    pageBytes = isWhole ? key.segmentSizeBytes : head.readUInt32LE(36);
    if (pageBytes < firstPageHeadBytes) throw refusedSegment(name, `its pages have ${pageBytes} bytes`);
  }

  return (piece) => {
    while (pageAt + headBytes() <= validBytes) {
      const from = pageAt + head.byteLength - doneBytes;
      head = Buffer.concat([head, piece.subarray(from, from + headBytes() - head.byteLength)]);
      if (head.byteLength < headBytes()) break;
      check();
      pageAt += pageBytes;
      head = Buffer.alloc(0);
    }
    doneBytes += piece.byteLength;
  };
}
