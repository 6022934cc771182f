/** A segment as it is stored: one zstd frame with a checksum. Its plaintext has exactly a segment's length, and the SHA-256 that stands in its name. */
import { createHash } from 'node:crypto';
import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { isFailure } from '../../domain/failures.ts';
import type { BackupStorage } from '../../storage/storage.ts';
import { hashesOf, plaintextOf, type SegmentHashes, type SegmentReading } from './segment-plaintext.ts';
import { walFailure } from './wal-failure.ts';
import { walkFrame } from './zstd-frame.ts';

const chunkSize = 256 * 1024;
// Never with workers: that ends the process (nodejs/node#59899). The frame carries its content's length, which the stock tool shows.
const compression = (pledgedSrcSize: number) => ({ chunkSize, pledgedSrcSize, params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } });

/**
 * Stores what the source holds, unless it is there already; answers its stored size. The source is read once more: what it delivers now has to be what
 * was hashed before, or nothing becomes visible.
 * @throws BrokenStream where it is not, and what storage and source throw
 */
export async function keepSegment(storage: BackupStorage, path: string, reading: SegmentReading, sha256: string): Promise<number> {
  const there = await durableSize(storage, path, reading.signal);
  if (there !== null) return there;
  // Either end's failure reaches the storage through the stream that it reads.
  const compressed = pipeline(Readable.from(sameAgain(reading, sha256, path)), createZstdCompress(compression(reading.key.segmentSizeBytes)), oneFrame(), () => undefined);
  try {
    return (await storage.putStream(path, compressed, reading.signal)).sizeBytes;
  } catch (error) {
    if (!isFailure(error, 'AlreadyExists')) throw error;
  }
  const other = await storage.stat(path);
  if (other !== null) return other.sizeBytes;
  throw walFailure('BrokenStream', 'archive a segment', path, 'another writer stored it, and it is gone again');
}

/**
 * The size of what is there, or null. Its writer may have died before the name was durable, and success is taken for "it is safe to forget the source":
 * where objects are files they are synced.
 */
async function durableSize(storage: BackupStorage, path: string, signal: AbortSignal): Promise<number | null> {
  const found = await storage.stat(path);
  if (found === null) return null;
  try {
    return (await storage.hostPath(path)) === null ? found.sizeBytes : (await storage.adopt(path, signal)).sizeBytes;
  } catch (error) {
    // A partial one that a longer one has just replaced.
    if (isFailure(error, 'ObjectNotFound')) return null;
    throw error;
  }
}

async function* sameAgain(reading: SegmentReading, sha256: string, path: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of plaintextOf(reading)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== sha256) throw walFailure('BrokenStream', 'archive a segment', path, 'its source delivered other bytes the second time');
}

/**
 * Without what follows the frame. Where the source has ended before its last chunk is compressed (short chunks, a busy machine), node:zlib finishes the frame with that
 * chunk and is told to finish once more at the end, which begins and ends an empty frame (Node 24, `ZlibBase.prototype._transform` and `_flush`).
 */
function oneFrame(): Transform {
  const walk = walkFrame();
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const bytes = walk.within(chunk);
      if (bytes > 0) this.push(chunk.subarray(0, bytes));
      done();
    },
  });
}

/** The plaintext; an error instead of an end where it is not what it should be. @throws ObjectNotFound before the first byte */
export async function openStored(storage: BackupStorage, path: string, segmentSizeBytes: number, sha256: string): Promise<Readable> {
  const stored = await storage.openRead(path);
  return pipeline(stored, checkFrame(path), createZstdDecompress({ chunkSize }), checkPlaintext(path, segmentSizeBytes, sha256), () => undefined);
}

/** What partial ones of these lengths would be of a stored segment. @throws ArtifactDamaged */
export async function hashesOfStored(storage: BackupStorage, path: string, segmentSizeBytes: number, sha256: string, lengths: readonly number[]): Promise<SegmentHashes> {
  return hashesOf(await openStored(storage, path, segmentSizeBytes, sha256) as AsyncIterable<Buffer>, segmentSizeBytes, lengths);
}

function checkFrame(path: string): Transform {
  const walk = walkFrame();
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      done(walk.take(chunk) ? null : damaged(path, 'it is not one zstd frame'), chunk);
    },
    flush: (done) => done(walk.isWhole() ? null : damaged(path, 'its end is missing')),
  });
}

function checkPlaintext(path: string, segmentSizeBytes: number, sha256: string): Transform {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      done(sizeBytes > segmentSizeBytes ? damaged(path, `it holds more than ${segmentSizeBytes} bytes`) : null, chunk);
    },
    flush(done) {
      if (sizeBytes !== segmentSizeBytes) done(damaged(path, `it holds ${sizeBytes} bytes instead of ${segmentSizeBytes}`));
      else done(hash.digest('hex') === sha256 ? null : damaged(path, 'its bytes differ from the SHA-256 in its name'));
    },
    // What the decompressor says arrives here as its error.
    destroy: (error, done) => done(isDecompression(error) ? damaged(path, `it cannot be decompressed (${error.code})`, error) : error),
  });
}

const isDecompression = (error: NodeJS.ErrnoException | null): error is NodeJS.ErrnoException => /^ZSTD_|^Z_/.test(error?.code ?? '');

const damaged = (path: string, cause: string, error?: unknown): Error => walFailure('ArtifactDamaged', 'read a segment', path, cause, error);
