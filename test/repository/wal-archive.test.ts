/** Segments in an archive: stored once, named by their bytes, never one beside another. */
import { pbkdf2 } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HoldfastFailure, isFailure } from '../../src/domain/failures.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { StoredSegment, WalArchive, WalKey } from '../../src/repository/wal-archive.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import type { BackupStorage } from '../../src/storage/storage.ts';
import { failing } from '../support/failing.ts';
import { around, key, MiB, never, pathsIn, places, plaintext, root, segmentBytes, sha256, sourceOf } from './wal-sample.ts';

const segment = { timeline: 1, number: 0x1003n };
const name = '000000010000000100000003';
const directory = `${root}/00000001/00000001`;
const open = (storage: BackupStorage): WalArchive => createRepository('nas', storage).wal;

describe.each(places)('a segment $name', (place) => {
  let storage: BackupStorage;
  let wal: WalArchive;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ storage, remove } = await place.open());
    wal = open(storage);
  });
  afterEach(() => remove());

  it('is stored compressed under its name and SHA-256, for the stock tool to read, and comes back', async () => {
    const bytes = segmentBytes(segment);
    const stored = await wal.storeSegment(key, segment, sourceOf(bytes), never);
    const path = `${directory}/${name}-${sha256(bytes)}.zst`;
    expect(await pathsIn(storage, root)).toEqual([path, `${root}/cluster.json`]);
    expect(stored).toEqual({ ...segment, sha256: sha256(bytes), storedSizeBytes: (await storage.stat(path))?.sizeBytes });
    expect(stored.storedSizeBytes).toBeLessThan(MiB / 10);
    expect(zstdDecompressSync(await storage.readSmall(path, MiB)).equals(bytes)).toBe(true);
    expect((await plaintext(wal, stored)).equals(bytes)).toBe(true);
    expect(await wal.holdings(key)).toEqual({ segmentSizeBytes: MiB, complete: [stored], partial: [] });
  });

  it('is one frame also of a source that has ended before its last bytes are compressed', async () => {
    const bytes = segmentBytes(segment);
    const last = 20_000;
    const open = async (): Promise<Readable> => Readable.from((async function* pieces() {
      yield bytes.subarray(0, -2 * last);
      // Whatever compresses has to wait for these, and the end does not.
      const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)('', '', 100_000, 64, 'sha512'));
      yield bytes.subarray(-2 * last, -last);
      yield bytes.subarray(-last);
      void Promise.all(busy);
    })(), { objectMode: false });
    const stored = await wal.storeSegment(key, segment, { sizeBytes: bytes.byteLength, open }, never);
    expect((await plaintext(wal, stored)).equals(bytes)).toBe(true);
  });

  it('is success again with the same bytes: looked up, made durable, not written', async () => {
    const bytes = segmentBytes(segment);
    const first = await wal.storeSegment(key, segment, sourceOf(bytes), never);
    const before = await pathsIn(storage);
    const adopted: string[] = [];
    const again = open(around(storage, {
      putStream: async () => { throw new Error('nothing is to be written'); },
      openRead: async () => { throw new Error('nothing is to be read'); },
      adopt: async (path, signal) => (adopted.push(path), storage.adopt(path, signal)),
    }));
    const source = sourceOf(bytes);
    expect(await again.storeSegment(key, segment, source, never)).toEqual(first);
    expect([source.opened, await pathsIn(storage)]).toEqual([1, before]);
    expect(adopted).toHaveLength(place.name === 'in memory' ? 0 : 1);
  });

  it('is refused with other bytes, and what was there stays', async () => {
    const first = await wal.storeSegment(key, segment, sourceOf(segmentBytes(segment)), never);
    const before = await pathsIn(storage);
    await failing('WalConflict', wal.storeSegment(key, segment, sourceOf(segmentBytes(segment, 1)), never));
    expect(await pathsIn(storage)).toEqual(before);
    expect((await plaintext(wal, first)).equals(segmentBytes(segment))).toBe(true);
  });

  it('has one object when many store the same at once', async () => {
    const bytes = segmentBytes(segment);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => wal.storeSegment(key, segment, sourceOf(bytes), never)));
    expect(new Set(outcomes.map(({ storedSizeBytes }) => storedSizeBytes)).size).toBe(1);
    expect((await wal.holdings(key)).complete).toEqual([outcomes[0]]);
  });

  it('of exactly one length is taken', async () => {
    for (const bytes of [segmentBytes(segment).subarray(0, MiB - 1), Buffer.concat([segmentBytes(segment), Buffer.alloc(1)]), Buffer.alloc(0)]) {
      await failing('ArtifactDamaged', wal.storeSegment(key, segment, sourceOf(bytes), never));
    }
    expect(await pathsIn(storage)).toEqual([]);
  });

  it('whose source delivers less or more than it said, or other bytes the second time, leaves nothing', async () => {
    const bytes = segmentBytes(segment);
    for (const delivered of [bytes.subarray(0, MiB - 1), Buffer.concat([bytes, bytes])]) {
      await failing('BrokenStream', wal.storeSegment(key, segment, { ...sourceOf(delivered), sizeBytes: MiB }, never));
    }
    let opened = 0;
    await failing('BrokenStream', wal.storeSegment(key, segment, { sizeBytes: MiB, open: () => sourceOf(segmentBytes(segment, opened += 1)).open() }, never));
    expect((await pathsIn(storage)).filter((path) => path.endsWith('.zst'))).toEqual([]);
  });

  it('whose source fails, in the first or the second reading, fails as it does', async () => {
    for (const failingAt of [1, 2]) {
      let opened = 0;
      const open = async (): Promise<Readable> => {
        opened += 1;
        if (opened !== failingAt) return sourceOf(segmentBytes(segment)).open();
        return Readable.from((function* () {
          yield segmentBytes(segment).subarray(0, 100_000);
          throw new HoldfastFailure('BrokenStream', { operation: 'read', object: 'x', cause: 'the engine went away', hint: 'It is tried again.' });
        })(), { objectMode: false });
      };
      expect((await failing('BrokenStream', wal.storeSegment(key, segment, { sizeBytes: MiB, open }, never))).fields.cause).toBe('the engine went away');
    }
    expect((await pathsIn(storage)).filter((path) => path.endsWith('.zst'))).toEqual([]);
  });

  it('stops when told, also while its source stalls, and is stored after that', async () => {
    const told = new AbortController();
    const stalling = { sizeBytes: MiB, open: async () => (setImmediate(() => told.abort(new Error('told'))), new PassThrough()) };
    await expect(wal.storeSegment(key, segment, stalling, told.signal)).rejects.toThrow('told');
    await expect(wal.storeSegment(key, segment, sourceOf(segmentBytes(segment)), told.signal)).rejects.toThrow('told');
    expect(await pathsIn(storage)).toEqual([]);
    await wal.storeSegment(key, segment, sourceOf(segmentBytes(segment)), never);
  });

  it('is not stored where the repository is not the one it was', async () => {
    await wal.storeSegment(key, segment, sourceOf(segmentBytes(segment)), never);
    await storage.remove('holdfast.json');
    const next = { timeline: 1, number: segment.number + 1n };
    await failing('RepositoryUnreachable', wal.storeSegment(key, next, sourceOf(segmentBytes(next)), never));
    await failing('RepositoryDamaged', open(storage).storeSegment(key, next, sourceOf(segmentBytes(next)), never));
    expect((await wal.holdings(key)).complete).toHaveLength(1);
  });

  it('of a cluster with segments of another size is refused, in whatever way the archive is asked', async () => {
    await wal.storeSegment(key, segment, sourceOf(segmentBytes(segment)), never);
    const before = await pathsIn(storage);
    const other = { ...key, segmentSizeBytes: 2 * MiB };
    await failing('WalConflict', wal.storeSegment(other, segment, sourceOf(segmentBytes(segment, 0, other)), never));
    await failing('WalConflict', wal.holdings(other));
    await failing('WalConflict', wal.histories(other));
    await failing('WalConflict', wal.recordBreak(other, segment, 'gone', '2026-11-23T01:00:00Z'));
    await failing('WalConflict', wal.storeSamples(other, [{ at: '2026-11-23T01:00:00Z', lsn: 1n }]));
    expect(await pathsIn(storage)).toEqual(before);
  });
});

describe('the first page', () => {
  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = segmentBytes(segment);
    change(bytes);
    return bytes;
  };
  it.each<[string, 'ArtifactDamaged' | 'WalConflict', Buffer]>([
    ['zeros', 'ArtifactDamaged', Buffer.alloc(MiB)],
    ['no page of a log', 'ArtifactDamaged', Buffer.alloc(MiB, 'x')],
    ['a magic number of something else', 'ArtifactDamaged', changed((bytes) => bytes.writeUInt16LE(0x1234, 0))],
    ['the head of a later page', 'ArtifactDamaged', changed((bytes) => bytes.writeUInt16LE(0, 2))],
    ['an older use of the file', 'ArtifactDamaged', segmentBytes({ timeline: 1, number: segment.number - 64n })],
    ['a later timeline', 'ArtifactDamaged', segmentBytes({ timeline: 2, number: segment.number })],
    ['no timeline', 'ArtifactDamaged', segmentBytes({ timeline: 0, number: segment.number })],
    ['segments of another size', 'ArtifactDamaged', changed((bytes) => bytes.writeUInt32LE(16 * MiB, 32))],
    ['another cluster', 'WalConflict', segmentBytes(segment, 0, { ...key, systemIdentifier: '7312345678901234568' })],
    ['big-endian numbers', 'ArtifactDamaged', changed((bytes) => bytes.subarray(0, 8).swap16())],
  ])('with %s is refused as %s, before anything is stored', async (_what, type, bytes) => {
    const objects = new Map<string, Uint8Array>();
    const wal = open(createInMemoryStorage(objects));
    await failing(type, wal.storeSegment(key, segment, sourceOf(bytes), never));
    // What is being written may not have come to it yet.
    const partial = wal.storePartial(key, { ...segment, end: segment.number * BigInt(MiB) + 8192n }, sourceOf(bytes, 7), never);
    if (bytes.some((byte) => byte !== 0)) await failing(type, partial);
    else expect(await partial).toBeNull();
    expect(objects.size).toBe(0);
  });

  it.each([0xd10d, 0xd110, 0xd113, 0xd116, 0xd118])('with the magic number %i of a major version, or an ancestor\'s timeline, is taken', async (magic) => {
    const late = { timeline: 3, number: segment.number };
    const bytes = segmentBytes({ timeline: 2, number: segment.number });
    bytes.writeUInt16LE(magic, 0);
    await open(createInMemoryStorage()).storeSegment(key, late, sourceOf(bytes, 4_001), never);
  });
});

describe('writers at once', () => {
  /** Every call of the storage waits for its turn, in an order that the scheduler picks. */
  function scheduled(storage: BackupStorage, scheduler: fc.Scheduler): BackupStorage {
    const turn = (): Promise<undefined> => scheduler.schedule(Promise.resolve(undefined));
    return around(storage, {
      listNames: async (path) => (await turn(), storage.listNames(path)),
      stat: async (path) => (await turn(), storage.stat(path)),
      remove: async (path) => (await turn(), storage.remove(path)),
      putStream: async (path, source, signal) => (await turn(), storage.putStream(path, source, signal)),
    });
  }

  it('with the same bytes all succeed, with different ones at most one kind of them does, and no success is without its object', async () => {
    await fc.assert(fc.asyncProperty(fc.scheduler(), fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 2, maxLength: 3 }), async (scheduler, seeds) => {
      const storage = createInMemoryStorage();
      const wal = open(scheduled(storage, scheduler));
      const outcomes = await scheduler.waitFor(Promise.allSettled(seeds.map((seed) => wal.storeSegment(key, segment, sourceOf(segmentBytes(segment, seed), MiB), never))));
      const stored = outcomes.filter((outcome): outcome is PromiseFulfilledResult<StoredSegment> => outcome.status === 'fulfilled').map(({ value }) => value);
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
      expect(refused.every((error) => isFailure(error, 'WalConflict'))).toBe(true);
      expect(new Set(stored.map((each) => each.sha256)).size).toBeLessThanOrEqual(1);
      if (new Set(seeds).size === 1) expect(refused).toEqual([]);
      else expect(refused.length).toBeGreaterThan(0);
      const paths = await pathsIn(storage, root);
      for (const each of stored) expect(paths).toContain(`${directory}/${name}-${each.sha256}.zst`);
    }), { numRuns: 40 });
  });

  it('that both wrote are both refused, nothing is removed, and the archive says so from then on', async () => {
    const storage = createInMemoryStorage();
    const { storeSegment } = open(storage);
    let other: WalKey | null = { ...key };
    const late = open(around(storage, {
      putStream: async (path, source, signal) => {
        if (other !== null) await storeSegment(other, segment, sourceOf(segmentBytes(segment, 1)), never);
        other = null;
        return storage.putStream(path, source, signal);
      },
    }));
    await failing('WalConflict', late.storeSegment(key, segment, sourceOf(segmentBytes(segment)), never));
    expect((await pathsIn(storage, directory)).length).toBe(2);
    for (const seed of [0, 1]) await failing('WalConflict', open(storage).storeSegment(key, segment, sourceOf(segmentBytes(segment, seed)), never));
    await failing('WalConflict', open(storage).holdings(key));
    expect((await pathsIn(storage, directory)).length).toBe(2);
  });
});

describe('a storage that fails', () => {
  it.each(['DiskFull', 'RepositoryUnreachable'] as const)('with %s is passed on as it is', async (type) => {
    const refuse = async (): Promise<never> => { throw new HoldfastFailure(type, { operation: 'store', object: 'x', cause: 'y', hint: 'z' }); };
    const storage = createInMemoryStorage();
    await failing(type, open(around(storage, { putStream: refuse })).storeSegment(key, segment, sourceOf(segmentBytes(segment)), never));
    await failing(type, open(around(storage, { listNames: refuse })).storeSegment(key, segment, sourceOf(segmentBytes(segment)), never));
    const stored = await open(storage).storeSegment(key, segment, sourceOf(segmentBytes(segment)), never);
    await failing(type, open(around(storage, { openRead: refuse })).openSegment(key, stored));
    const dying = async (): Promise<Readable> => new Readable({ read() { this.destroy(new HoldfastFailure(type, { operation: 'read', object: 'x', cause: 'y', hint: 'z' })); } });
    await failing(type, plaintext(open(around(storage, { openRead: dying })), stored));
    await failing('ObjectNotFound', open(storage).openSegment(key, { ...stored, sha256: 'a'.repeat(64) }));
  });
});
