/** Segments as a server writes them, as far as the archive looks: a first page that says whose they are, and some log. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beginOf, type Segment } from '../../src/domain/wal/segment.ts';
import type { SegmentSource, StoredPartial, StoredSegment, WalArchive, WalKey } from '../../src/repository/wal-archive.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { BackupStorage } from '../../src/storage/storage.ts';

export const MiB = 1024 * 1024;
export const key: WalKey = { service: 'shop', component: 'postgres', systemIdentifier: '7312345678901234567', segmentSizeBytes: MiB };
export const root = 'shop/wal/postgres/7312345678901234567';
export const never = new AbortController().signal;

export const places = [
  { name: 'in memory', open: async () => ({ storage: createInMemoryStorage(), remove: async () => undefined }) },
  {
    name: 'in a directory',
    open: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'holdfast test wal '));
      return { storage: createLocalStorage(directory), remove: () => rm(directory, { recursive: true }) };
    },
  },
] as const satisfies readonly { name: string; open(): Promise<{ storage: BackupStorage; remove(): Promise<void> }> }[];

/** A whole segment; another `seed` is other log. */
export function segmentBytes({ timeline, number }: Segment, seed = 0, { systemIdentifier, segmentSizeBytes } = key): Buffer {
  const bytes = Buffer.alloc(segmentSizeBytes);
  bytes.writeUInt16LE(0xd116, 0);
  bytes.writeUInt16LE(0x0002, 2);
  bytes.writeUInt32LE(timeline, 4);
  bytes.writeBigUInt64LE(beginOf(number, segmentSizeBytes), 8);
  bytes.writeBigUInt64LE(BigInt(systemIdentifier), 24);
  bytes.writeUInt32LE(segmentSizeBytes, 32);
  bytes.writeUInt32LE(8192, 36);
  for (let at = 8192; at + 64 <= bytes.byteLength; at += 8192) {
    bytes.writeUInt16LE(0xd116, at);
    bytes.writeBigUInt64LE(beginOf(number, segmentSizeBytes) + BigInt(at), at + 8);
    createHash('sha256').update(`${number} ${seed} ${at}`).digest().copy(bytes, at + 24);
  }
  return bytes;
}

/** In pieces of a size that fits nothing else. */
export function sourceOf(bytes: Buffer, pieceBytes = 70_001): SegmentSource & { opened: number } {
  const source = {
    sizeBytes: bytes.byteLength,
    opened: 0,
    async open() {
      source.opened += 1;
      return Readable.from(pieces(bytes, pieceBytes), { objectMode: false });
    },
  };
  return source;
}

function* pieces(bytes: Buffer, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What is stored of a segment whose log ends there. */
export function cutOff(bytes: Buffer, lengthBytes: number): Buffer {
  const cut = Buffer.from(bytes);
  cut.fill(0, lengthBytes);
  return cut;
}

export async function pathsIn(storage: BackupStorage, prefix = ''): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of storage.list(prefix)) paths.push(path);
  return paths.sort();
}

export const plaintext = async (wal: WalArchive, segment: StoredSegment | StoredPartial): Promise<Buffer> => buffer(await wal.openSegment(key, segment));

/** The storage, with something happening at its calls. */
export const around = (storage: BackupStorage, hooks: Partial<BackupStorage>): BackupStorage => ({ ...storage, ...hooks });

/** A partial one whose source is written as far as it is said. */
export async function kept(partial: Promise<StoredPartial | null>): Promise<StoredPartial> {
  const found = await partial;
  if (found === null) throw new Error('it was not stored');
  return found;
}
