/** Stored segments that something changed: no byte that is wrong is ever handed out as the end of a whole segment. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { isFailure } from '../../src/domain/failures.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { StoredPartial, StoredSegment, WalArchive } from '../../src/repository/wal-archive.ts';
import { walkFrame } from '../../src/repository/wal/zstd-frame.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { around, cutOff, kept, key, MiB, never, plaintext, segmentBytes, sha256, sourceOf } from './wal-sample.ts';

const segment = { timeline: 1, number: 7n };
/** Nearly empty, so that its few stored bytes can all be tried. */
const sparse = cutOff(segmentBytes(segment), 8300);
const compressed = (bytes: Buffer, checksum = 1): Buffer => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: checksum } });
/** A frame that a decompressor leaves out, and one of nothing. */
const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
const nothing = compressed(Buffer.alloc(0));

let objects: Map<string, Uint8Array>;
let wal: WalArchive;
let stored: StoredSegment;
let path: string;
let whole: Buffer;
beforeEach(async () => {
  objects = new Map();
  wal = createRepository('nas', createInMemoryStorage(objects)).wal;
  stored = await wal.storeSegment(key, segment, sourceOf(sparse), never);
  path = [...objects.keys()].find((each) => each.endsWith('.zst')) as string;
  whole = Buffer.from(objects.get(path) as Uint8Array);
});

async function reads(bytes: Buffer): Promise<'right' | 'refused'> {
  objects.set(path, bytes);
  try {
    expect((await plaintext(wal, stored)).equals(sparse)).toBe(true);
    return 'right';
  } catch (error) {
    if (isFailure(error, 'ArtifactDamaged')) return 'refused';
    throw error;
  }
}

describe('a stored segment', () => {
  it('with a bit flipped anywhere is refused, or its plaintext is the very one', async () => {
    let unnoticed = 0;
    for (let at = 0; at < whole.byteLength; at += 1) {
      const flipped = Buffer.from(whole);
      flipped[at] = (whole[at] as number) ^ (1 << (at % 8));
      if (await reads(flipped) === 'right') unnoticed += 1;
    }
    // Bits that say how much memory to set aside, and the like.
    expect(unnoticed).toBeLessThan(whole.byteLength / 20);
    expect(whole.byteLength).toBeGreaterThan(50);
  });

  it('cut off anywhere is refused', async () => {
    for (let length = 0; length < whole.byteLength; length += 1) expect([length, await reads(whole.subarray(0, length))]).toEqual([length, 'refused']);
  });

  it.each<[string, () => Buffer]>([
    ['a byte behind it', () => Buffer.concat([whole, Buffer.alloc(1)])],
    ['zeros behind it', () => Buffer.concat([whole, Buffer.alloc(4096)])],
    ['itself behind it', () => Buffer.concat([whole, whole])],
    ['a frame of nothing behind it', () => Buffer.concat([whole, nothing])],
    ['a frame of nothing before it', () => Buffer.concat([nothing, whole])],
    ['a frame that is left out behind it', () => Buffer.concat([whole, skippable])],
    ['a frame that is left out before it', () => Buffer.concat([skippable, whole])],
    ['no checksum', () => compressed(sparse, 0)],
    ['two frames', () => Buffer.concat([compressed(sparse.subarray(0, MiB / 2)), compressed(sparse.subarray(MiB / 2))])],
    ['other bytes', () => compressed(segmentBytes(segment, 1))],
    ['less than a segment', () => compressed(sparse.subarray(0, MiB - 1))],
    ['more than a segment', () => compressed(Buffer.concat([sparse, sparse]))],
    ['many times a segment', () => compressed(Buffer.alloc(40 * MiB))],
    ['the segment as it is', () => sparse],
  ])('with %s is refused', async (_what, bytes) => {
    expect(await reads(bytes())).toBe('refused');
  });

  it('that unfolds to more than a segment is not unfolded further', async () => {
    objects.set(path, compressed(Buffer.alloc(40 * MiB)));
    let readBytes = 0;
    const reading = (async () => {
      for await (const chunk of await wal.openSegment(key, stored)) readBytes += (chunk as Buffer).byteLength;
    })();
    await failing('ArtifactDamaged', reading);
    expect(readBytes).toBeLessThan(2 * MiB);
  });

  it('of another length is refused, whatever its name says', async () => {
    for (const short of [Buffer.alloc(0), sparse.subarray(0, MiB - 1)]) {
      objects.set(path.replace(stored.sha256, sha256(short)), compressed(short));
      await failing('ArtifactDamaged', plaintext(wal, { ...stored, sha256: sha256(short) }));
    }
  });

  it('whose head says what Holdfast never writes is refused', async () => {
    for (const bit of [2, 3, 4]) {
      const flipped = Buffer.from(whole);
      flipped[4] = (whole[4] as number) ^ (1 << bit);
      expect([bit, await reads(flipped), walkFrame().take(flipped)]).toEqual([bit, 'refused', false]);
    }
  });

  it('fails for a reader who begins late, and harms nobody when none reads', async () => {
    objects.set(path, whole.subarray(0, whole.byteLength - 1));
    const stream = await wal.openSegment(key, stored);
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    await failing('ArtifactDamaged', buffer(stream));
  });

  it('whose reader goes away is closed', async () => {
    const storage = createInMemoryStorage(objects);
    const opened: Readable[] = [];
    const watched = createRepository('nas', around(storage, {
      openRead: async () => {
        const endless = new Readable({ read() { this.push(whole.subarray(0, 8)); } });
        opened.push(endless);
        return endless;
      },
    })).wal;
    const stream = await watched.openSegment(key, stored);
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    await new Promise(setImmediate);
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it('that is partial is checked to its whole length, zeros included', async () => {
    const partial = await kept(wal.storePartial(key, { timeline: 1, number: 8n, end: 8n * BigInt(MiB) + 5000n }, sourceOf(segmentBytes({ timeline: 1, number: 8n })), never));
    const place = [...objects.keys()].find((each) => each.includes('.partial-')) as string;
    const right = cutOff(segmentBytes({ timeline: 1, number: 8n }), 5000);
    for (const wrong of [right.subarray(0, 5000), right.subarray(0, MiB - 1), Buffer.from(right).fill(1, MiB - 1)]) {
      objects.set(place, compressed(wrong));
      await failing('ArtifactDamaged', plaintext(wal, partial));
    }
    objects.set(place, compressed(right));
    expect(sha256(await plaintext(wal, partial))).toBe(partial.sha256);
  });
});

describe('a frame', () => {
  const content = fc.oneof(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 0, max: 400_000 }).map((size) => Buffer.alloc(size, 'abcdefg')), fc.constant(segmentBytes(segment)));

  it('of any content, in any pieces, ends where it ends', () => {
    fc.assert(fc.property(content, fc.integer({ min: -5, max: 19 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }), fc.nat(), (bytes, level, sizes, cut) => {
      const frame = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_compressionLevel]: level } });
      const walk = walkFrame();
      for (let at = 0, each = 0; at < frame.byteLength; each += 1) {
        expect([at, walk.isWhole()]).toEqual([at, false]);
        const size = (sizes[each % sizes.length] as number) ** 2;
        expect(walk.take(frame.subarray(at, at + size))).toBe(true);
        at += size;
      }
      expect(walk.isWhole()).toBe(true);
      expect(walk.take(Buffer.alloc(1))).toBe(false);
      const short = walkFrame();
      short.take(frame.subarray(0, cut % frame.byteLength));
      expect(short.isWhole()).toBe(false);
    }), { numRuns: 60 });
  });
});
