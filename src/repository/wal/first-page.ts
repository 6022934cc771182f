/**
 * The head of a segment's first page: which cluster and which place in the log it is of. Recycled files keep an older use's until they are written
 * anew, and new ones are zeros; neither may be taken for log.
 * Layout: XLogLongPageHeaderData in PostgreSQL's xlog_internal.h, in the server's byte order. Little-endian only: every platform that the
 * official images run on but s390x.
 */
import { beginOf, segmentName, type Segment } from '../../domain/wal/segment.ts';
import { formatLsn } from '../../domain/wal/lsn.ts';
import type { WalKey } from '../wal-archive.ts';
import { refusedSegment, walFailure } from './wal-failure.ts';

export const firstPageHeadBytes = 40;
/** XLP_LONG_HEADER: a segment's first page has it, no other. */
const longHeader = 0x0002;

/**
 * @param head at least {@link firstPageHeadBytes} of the file's beginning
 * @throws ArtifactDamaged where no server wrote this as this segment, WalConflict where another cluster's server did
 */
export function checkFirstPage({ systemIdentifier, segmentSizeBytes }: WalKey, segment: Segment, head: Buffer): void {
  const name = segmentName(segment, segmentSizeBytes);
  const begin = beginOf(segment.number, segmentSizeBytes);
  // The magic number changes with every major version; its upper byte has been this one since PostgreSQL 12.
  if (head.readUInt8(1) !== 0xd1) throw refusedSegment(name, head.every((byte) => byte === 0) ? 'it begins with zeros: nothing was written to it yet' : 'it does not begin with a page of the log');
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
