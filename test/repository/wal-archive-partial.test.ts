/** Segments that are still being written: each longer one takes the place of the shorter ones, and nothing goes before what replaces it stands. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coverageFrom, type PartialSegment } from '../../src/domain/wal/coverage.ts';
import type { Segment } from '../../src/domain/wal/segment.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { StoredPartial, WalArchive } from '../../src/repository/wal-archive.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import type { BackupStorage, StoredObject } from '../../src/storage/storage.ts';
import { failing } from '../support/failing.ts';
import { around, cutOff, kept, key, MiB, never, pathsIn, places, plaintext, root, segmentBytes, sha256, sourceOf } from './wal-sample.ts';

const number = 5n;
const begin = number * BigInt(MiB);
const whole = { timeline: 1, number };
const upTo = (length: number, segment: Segment = whole): PartialSegment => ({ ...segment, end: segment.number * BigInt(MiB) + BigInt(length) });
const open = (storage: BackupStorage): WalArchive => createRepository('nas', storage).wal;
const segments = async (storage: BackupStorage): Promise<readonly string[]> => (await pathsIn(storage, root)).filter((path) => path.endsWith('.zst')).map((path) => path.slice(root.length + 1));
const died = async (): Promise<never> => { throw new Error('killed'); };

describe.each(places)('a partial segment $name', (place) => {
  let storage: BackupStorage;
  let wal: WalArchive;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ storage, remove } = await place.open());
    wal = open(storage);
  });
  afterEach(() => remove());
  const store = (length: number, seed = 0, archive = wal) => kept(archive.storePartial(key, upTo(length), sourceOf(segmentBytes(whole, seed)), never));

  it('is stored in a segment\'s length, with zeros behind its end, whatever stood there', async () => {
    const stored = await store(300_001);
    const expected = cutOff(segmentBytes(whole), 300_001);
    expect(stored).toMatchObject({ ...upTo(300_001), sha256: sha256(expected) });
    expect(await segments(storage)).toEqual([`00000001/partial/000000010000000000000005.partial-00000000005493E1-${sha256(expected)}.zst`]);
    expect((await plaintext(wal, stored)).equals(expected)).toBe(true);
    expect((await wal.holdings(key)).partial).toEqual([stored]);
    const short = await kept(open(createInMemoryStorage()).storePartial(key, upTo(300_001), sourceOf(segmentBytes(whole, 9).fill(segmentBytes(whole), 0, 300_001).subarray(0, 300_001)), never));
    expect(short.sha256).toBe(stored.sha256);
  });

  it('is replaced by a longer one, and both by the whole', async () => {
    await store(100_000);
    const longer = await store(700_000);
    expect((await wal.holdings(key)).partial).toEqual([longer]);
    const stored = await wal.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never);
    expect(await wal.holdings(key)).toMatchObject({ complete: [stored], partial: [] });
    expect(await segments(storage)).toHaveLength(1);
  });

  it('that ends where its source\'s pieces do, or where the segment does, is its beginning too', async () => {
    for (const length of [70_001, 140_002, MiB]) await store(length);
    expect((await wal.holdings(key)).partial).toMatchObject([upTo(MiB)]);
    await wal.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never);
    expect((await wal.holdings(key)).partial).toEqual([]);
  });

  it('is success again, without being written', async () => {
    const first = await store(100_000);
    const before = await pathsIn(storage);
    expect(await store(100_000, 0, open(around(storage, { putStream: died })))).toEqual(first);
    expect(await pathsIn(storage)).toEqual(before);
  });

  it('that does not begin with what an older one holds is refused, and so is such a whole one', async () => {
    await store(100_000);
    const before = await pathsIn(storage);
    await failing('WalConflict', store(100_000, 1));
    await failing('WalConflict', store(200_000, 1));
    await failing('WalConflict', wal.storeSegment(key, whole, sourceOf(segmentBytes(whole, 1)), never));
    expect(await pathsIn(storage)).toEqual(before);
  });

  it('that comes late stays beside the longer one, which counts, until the next', async () => {
    const longer = await store(700_000);
    const late = await store(100_000);
    const holdings = await wal.holdings(key);
    expect(holdings.partial).toEqual([late, longer]);
    expect(coverageFrom(begin, [{ timeline: 1, begin: 0n, end: null }], holdings).end).toBe(longer.end);
    const last = await store(800_000);
    expect((await wal.holdings(key)).partial).toEqual([last]);
  });

  it('stays where its whole one was stored by who died before removing it, until the next is stored', async () => {
    const partial = await store(100_000);
    const dying = open(around(storage, { remove: died }));
    await expect(dying.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never)).rejects.toThrow('killed');
    const { complete, partial: left } = await wal.holdings(key);
    expect([complete.length, left]).toEqual([1, [partial]]);
    const next = { timeline: 1, number: number + 1n };
    const stored = await wal.storePartial(key, upTo(50_000, next), sourceOf(segmentBytes(next)), never);
    expect((await wal.holdings(key)).partial).toEqual([stored]);
  });

  it('goes when the same work is done again after a crash between the write and the removal', async () => {
    await store(100_000);
    const dying = open(around(storage, { remove: died }));
    await expect(store(200_000, 0, dying)).rejects.toThrow('killed');
    expect((await wal.holdings(key)).partial).toHaveLength(2);
    const again = await store(200_000);
    expect((await wal.holdings(key)).partial).toEqual([again]);
    await expect(dying.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never)).rejects.toThrow('killed');
    await wal.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never);
    expect((await wal.holdings(key)).partial).toEqual([]);
  });

  describe('is listed without a gap that is none', () => {
    const path = [{ timeline: 1, begin: 0n, end: null }];
    const [earlier, next] = [{ timeline: 1, number: number - 1n }, { timeline: 1, number: number + 1n }];
    /** Whole ones are listed before something happens, partial ones after it: so may any directory give them back. */
    const meanwhile = (happens: () => Promise<unknown>): WalArchive => open(around(storage, {
      async *list(prefix: string) {
        const found: StoredObject[] = [];
        for await (const object of storage.list(prefix)) found.push(object);
        const isAll = prefix === root;
        if (isAll) await happens();
        yield* isAll ? found.filter((object) => !object.path.includes('/partial/')) : found;
        if (isAll) yield* storage.list(`${root}/00000001/partial`);
      },
    }));
    beforeEach(async () => {
      await wal.storeSegment(key, earlier, sourceOf(segmentBytes(earlier)), never);
    });

    it('where it grows', async () => {
      await store(100_000);
      const grown: StoredPartial[] = [];
      const { complete, partial } = await meanwhile(async () => grown.push(await store(300_000))).holdings(key);
      expect([complete, partial]).toMatchObject([[earlier], grown]);
    });

    it('where it becomes whole, and the next is begun', async () => {
      const partial = await store(100_000);
      const listed = await meanwhile(async () => {
        await wal.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never);
        await wal.storePartial(key, upTo(50_000, next), sourceOf(segmentBytes(next)), never);
      }).holdings(key);
      expect(coverageFrom(earlier.number * BigInt(MiB), path, listed)).toMatchObject({ end: partial.end, gap: false });
      expect(coverageFrom(earlier.number * BigInt(MiB), path, await wal.holdings(key))).toMatchObject({ end: upTo(50_000, next).end, gap: false });
    });

    it('where there was none, and the next two are begun', async () => {
      const listed = await meanwhile(async () => {
        await wal.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never);
        await wal.storePartial(key, upTo(50_000, next), sourceOf(segmentBytes(next)), never);
      }).holdings(key);
      expect(coverageFrom(earlier.number * BigInt(MiB), path, listed)).toMatchObject({ end: begin, gap: false });
    });
  });

  it('of another timeline or of a later segment is not touched', async () => {
    const parents = await store(100_000);
    const switched = { timeline: 2, number };
    await wal.storePartial(key, upTo(200_000, switched), sourceOf(segmentBytes(whole)), never);
    const later = { timeline: 2, number: number + 1n };
    const partial = await wal.storePartial(key, upTo(100_000, later), sourceOf(segmentBytes(later)), never);
    await wal.storeSegment(key, switched, sourceOf(segmentBytes(whole)), never);
    expect((await wal.holdings(key)).partial).toEqual([parents, partial]);
  });
});

describe('a partial segment whose whole one is damaged', () => {
  it('is the only copy, and stays', async () => {
    const objects = new Map<string, Uint8Array>();
    const storage = createInMemoryStorage(objects);
    const wal = open(storage);
    const partial = await kept(wal.storePartial(key, upTo(100_000), sourceOf(segmentBytes(whole)), never));
    await expect(open(around(storage, { remove: died })).storeSegment(key, whole, sourceOf(segmentBytes(whole)), never)).rejects.toThrow('killed');
    const path = [...objects.keys()].find((each) => /\/00000000\/.*\.zst$/.test(each)) as string;
    const bytes = objects.get(path) as Uint8Array;
    bytes[bytes.byteLength >> 1] = (bytes[bytes.byteLength >> 1] as number) ^ 1;
    const next = { timeline: 1, number: number + 1n };
    const stored = await wal.storePartial(key, upTo(50_000, next), sourceOf(segmentBytes(next)), never);
    expect((await wal.holdings(key)).partial).toEqual([partial, stored]);
    expect((await plaintext(wal, partial)).equals(cutOff(segmentBytes(whole), 100_000))).toBe(true);
  });

  it('or begins with other bytes is told, and stays', async () => {
    const storage = createInMemoryStorage();
    const wal = open(storage);
    await wal.storeSegment(key, whole, sourceOf(segmentBytes(whole)), never);
    const other = await wal.storePartial(key, upTo(100_000), sourceOf(segmentBytes(whole, 1)), never);
    const next = { timeline: 1, number: number + 1n };
    await failing('WalConflict', wal.storePartial(key, upTo(50_000, next), sourceOf(segmentBytes(next)), never));
    expect((await wal.holdings(key)).partial).toMatchObject([other, upTo(50_000, next)]);
  });
});

describe('a partial segment that was not written as far as it is said', () => {
  const zeroed = (from: number, to: number): Buffer => segmentBytes(whole).fill(0, from, to);
  it.each<[string, number, Buffer]>([
    ['from its beginning on', 100, zeroed(0, MiB)],
    ['from a page on', 700_000, zeroed(40 * 8192, MiB)],
    ['in a page between', 700_000, zeroed(40 * 8192, 41 * 8192)],
    ['in the last page', 3 * 8192 + 16, zeroed(3 * 8192, MiB)],
  ])('%s is not stored, and asked for again', async (_where, length, bytes) => {
    for (const pieceBytes of [4097, 70_001, MiB]) {
      const objects = new Map<string, Uint8Array>();
      const wal = open(createInMemoryStorage(objects));
      expect(await wal.storePartial(key, upTo(length), sourceOf(bytes, pieceBytes), never)).toBeNull();
      expect(objects.size).toBe(0);
      await kept(wal.storePartial(key, upTo(length), sourceOf(segmentBytes(whole), pieceBytes), never));
    }
  });

  it('behind its end alone, is', async () => {
    const wal = open(createInMemoryStorage());
    await kept(wal.storePartial(key, upTo(3 * 8192 + 15), sourceOf(zeroed(3 * 8192, MiB), 4097), never));
  });

  it('with a page of another place is refused', async () => {
    const bytes = segmentBytes(whole);
    segmentBytes({ timeline: 1, number: 4n }).copy(bytes, 8192 * 9, 8192 * 9, 8192 * 10);
    await failing('ArtifactDamaged', open(createInMemoryStorage()).storePartial(key, upTo(700_000), sourceOf(bytes), never));
  });
});

describe('a partial segment\'s end', () => {
  it.each([-1, 0, 1, 39, MiB + 1])('of %i bytes behind its begin is none', async (length) => {
    const objects = new Map<string, Uint8Array>();
    await failing('InvalidInput', open(createInMemoryStorage(objects)).storePartial(key, upTo(length), sourceOf(segmentBytes(whole)), never));
    expect(objects.size).toBe(0);
  });

  it('lies within what the source has', async () => {
    const wal = open(createInMemoryStorage());
    await failing('ArtifactDamaged', wal.storePartial(key, upTo(5000), sourceOf(segmentBytes(whole).subarray(0, 4999)), never));
    await failing('ArtifactDamaged', wal.storePartial(key, upTo(5000), sourceOf(Buffer.concat([segmentBytes(whole), Buffer.alloc(1)])), never));
    for (const length of [40, 8192, MiB]) expect((await plaintext(wal, await kept(wal.storePartial(key, upTo(length), sourceOf(segmentBytes(whole)), never)))).equals(cutOff(segmentBytes(whole), length))).toBe(true);
  });
});

describe('whatever is stored in whatever order, killed or not,', () => {
  const step = fc.oneof(
    fc.record({ what: fc.constant('partial' as const), at: fc.integer({ min: 0, max: 1 }), length: fc.integer({ min: 40, max: MiB }), removals: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ what: fc.constant('whole' as const), at: fc.integer({ min: 0, max: 1 }), length: fc.constant(MiB), removals: fc.integer({ min: 0, max: 2 }) }),
  );

  it('the archive reaches as far as the furthest that was stored, and everything in it can be read', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      const storage = createInMemoryStorage();
      const reached = [0, 0];
      for (const { what, at, length, removals } of steps) {
        let left = removals;
        // The process dies at one of its removals.
        const mortal = open(around(storage, { remove: async (path) => (left-- > 0 ? storage.remove(path) : died()) }));
        const segment = { timeline: 1, number: number + BigInt(at) };
        const source = sourceOf(segmentBytes(segment), 300_000);
        const work: Promise<unknown> = what === 'whole' ? mortal.storeSegment(key, segment, source, never) : mortal.storePartial(key, upTo(length, segment), source, never);
        await work.catch((error: unknown) => expect(String(error)).toContain('killed'));
        reached[at] = Math.max(reached[at] ?? 0, length);
      }
      const wal = open(storage);
      const holdings = await wal.holdings(key);
      for (const at of [0, 1]) {
        const segment = { timeline: 1, number: number + BigInt(at) };
        expect(coverageFrom(segment.number * BigInt(MiB), [{ timeline: 1, begin: 0n, end: null }], { ...holdings, complete: holdings.complete.filter((each) => each.number === segment.number), partial: holdings.partial.filter((each) => each.number === segment.number) }).end)
          .toBe(segment.number * BigInt(MiB) + BigInt(reached[at] ?? 0));
      }
      for (const each of holdings.complete) expect((await plaintext(wal, each)).equals(segmentBytes(each))).toBe(true);
      for (const each of holdings.partial) expect((await plaintext(wal, each)).equals(cutOff(segmentBytes(each), Number(each.end - each.number * BigInt(MiB))))).toBe(true);
    }), { numRuns: 25 });
  });
});
