/** What is stored of a segment, read from its source in constant memory: checked on the way, and hashed. */
import { createHash, type Hash } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { isFailure } from '../../domain/failures.ts';
import { segmentName, type Segment } from '../../domain/wal/segment.ts';
import type { SegmentSource, WalKey } from '../wal-archive.ts';
import { watchPages } from './page-heads.ts';
import { walFailure } from './wal-failure.ts';

export interface SegmentReading {
  readonly key: WalKey;
  readonly segment: Segment;
  readonly source: SegmentSource;
  /** Of the source; what lies behind is stored as zeros, up to a whole segment. */
  readonly validBytes: number;
  readonly signal: AbortSignal;
}

const zeros = Buffer.alloc(256 * 1024);

/**
 * The plaintext: the source's valid bytes, then zeros. The source is read to its end all the same: only there it says whether it was whole.
 * @throws ArtifactDamaged, WalConflict, UnwrittenPage by its pages' heads; BrokenStream where it has another length than it said
 */
export async function* plaintextOf({ key, segment, source, validBytes, signal }: SegmentReading): AsyncGenerator<Buffer> {
  const name = segmentName(segment, key.segmentSizeBytes);
  const watch = watchPages(key, segment, validBytes);
  let readBytes = 0;
  for await (const chunk of chunksOf(source, name, signal)) {
    watch(chunk);
    const valid = chunk.subarray(0, Math.max(0, validBytes - readBytes));
    readBytes += chunk.byteLength;
    if (readBytes > source.sizeBytes) break;
    if (valid.byteLength > 0) yield valid;
  }
  if (readBytes !== source.sizeBytes) throw walFailure('BrokenStream', 'archive a segment', name, `its source has ${source.sizeBytes} bytes and delivered ${readBytes > source.sizeBytes ? 'more' : readBytes}`);
  yield* zerosOf(key.segmentSizeBytes - validBytes);
}

async function* chunksOf(source: SegmentSource, name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const stream = addAbortSignal(signal, await source.open());
  // A source may fail before the first chunk is asked for; the loop below still gets to know.
  stream.on('error', () => undefined);
  try {
    for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array | string);
  } catch (error) {
    signal.throwIfAborted();
    if (isFailure(error) || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    throw walFailure('BrokenStream', 'archive a segment', name, 'the source ended before its end', error);
  } finally {
    stream.destroy();
  }
}

function* zerosOf(sizeBytes: number): Generator<Buffer> {
  for (let left = sizeBytes; left > 0; left -= zeros.byteLength) yield zeros.subarray(0, Math.min(left, zeros.byteLength));
}

export interface SegmentHashes {
  readonly sha256: string;
  /** By length: the SHA-256 that a partial segment of this length has whose log is the beginning of this one's. */
  readonly beginnings: ReadonlyMap<number, string>;
}

/** Hashes a segment's plaintext, and what partial ones of these lengths (bytes of log in them) would be of it: without reading those. */
export async function hashesOf(plaintext: AsyncIterable<Buffer>, segmentSizeBytes: number, lengths: readonly number[]): Promise<SegmentHashes> {
  const hash = createHash('sha256');
  const beginnings = new Map<number, string>();
  const cuts = [...new Set(lengths)].sort((a, b) => a - b);
  let doneBytes = 0;
  for await (const chunk of plaintext) {
    let rest = chunk;
    for (let cut = cuts[0]; cut !== undefined && cut <= doneBytes + rest.byteLength; cut = cuts[0]) {
      hash.update(rest.subarray(0, cut - doneBytes));
      rest = rest.subarray(cut - doneBytes);
      doneBytes = cut;
      beginnings.set(cut, await paddedHash(hash.copy(), segmentSizeBytes - cut));
      cuts.shift();
    }
    hash.update(rest);
    doneBytes += rest.byteLength;
  }
  return { sha256: hash.digest('hex'), beginnings };
}

async function paddedHash(hash: Hash, sizeBytes: number): Promise<string> {
  let count = 0;
  for (const chunk of zerosOf(sizeBytes)) {
    hash.update(chunk);
    // A gigabyte takes a second: others of this process go on in between.
    if ((count += 1) % 32 === 0) await turn();
  }
  return hash.digest('hex');
}
