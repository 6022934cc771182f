/** What goes with a log's segments, names that are none, and the page that says what everything is called. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WalSample } from '../../src/domain/wal/exposure.ts';
import { segmentName } from '../../src/domain/wal/segment.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { isDamage } from '../../src/repository/documents.ts';
import type { WalArchive, WalKey } from '../../src/repository/wal-archive.ts';
import { completePath, parseWalObject, partialPath } from '../../src/repository/wal/object-names.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import type { BackupStorage } from '../../src/storage/storage.ts';
import { failing } from '../support/failing.ts';
import { around, key, MiB, never, pathsIn, places, root, segmentBytes, sha256, sourceOf } from './wal-sample.ts';

const open = (storage: BackupStorage): WalArchive => createRepository('nas', storage).wal;
const segment = { timeline: 2, number: 9n };
const second = '1\t0/5000000\tno recovery target specified\n';
const third = `${second}\n2\t0/9000000\tbefore 2026-11-23 01:00:00+00\n`;
const sample = (seconds: number, lsn: bigint): WalSample => ({ at: new Date(Date.UTC(2026, 10, 23, 1) + seconds * 1000).toISOString(), lsn });

describe.each(places)('records $name', (place) => {
  let storage: BackupStorage;
  let wal: WalArchive;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ storage, remove } = await place.open());
    wal = open(storage);
  });
  afterEach(() => remove());

  it('of timelines are kept as they are, once each, under their SHA-256', async () => {
    for (let round = 0; round < 2; round += 1) {
      await wal.storeHistory(key, 2, second);
      await wal.storeHistory(key, 3, third);
    }
    expect(await wal.histories(key)).toEqual(new Map([[2, second], [3, third]]));
    expect(Buffer.from(await storage.readSmall(`${root}/00000002.history-${sha256(Buffer.from(second))}`, 1000)).toString()).toBe(second);
    expect((await pathsIn(storage, root)).length).toBe(3);
    await failing('WalConflict', wal.storeHistory(key, 2, '1\t0/6000000\tanother promotion\n'));
    expect(await wal.histories(key)).toEqual(new Map([[2, second], [3, third]]));
  });

  it('of a timeline that two wrote at once are told from then on, and none is removed', async () => {
    const other = '1\t0/6000000\tanother promotion\n';
    const late = open(around(storage, { createExclusive: async (path, bytes) => {
      if (path.includes('.history-')) await open(storage).storeHistory(key, 2, other);
      await storage.createExclusive(path, bytes);
    } }));
    await failing('WalConflict', late.storeHistory(key, 2, second));
    for (const text of [second, other]) await failing('WalConflict', wal.storeHistory(key, 2, text));
    await failing('WalConflict', wal.histories(key));
    expect((await pathsIn(storage, root)).filter((path) => path.includes('.history-'))).toHaveLength(2);
  });

  it.each<[number, string]>([[1, ''], [2, ''], [2, '# nothing\n'], [2, '2\t0/5000000\n'], [2, 'rubbish'], [3, '2\t0/5000000\n1\t0/6000000\n'], [0, second], [-1, second], [2.5, second], [Number.NaN, second], [2, `${second}${'#'.repeat(MiB)}`]])('are no history of timeline %d: %j', async (timeline, text) => {
    await failing('InvalidInput', wal.storeHistory(key, timeline, text));
    expect(await pathsIn(storage)).toEqual([]);
  });

  it('of the clock come back oldest first, each once, however they were batched and how often', async () => {
    const samples = Array.from({ length: 12 }, (_, each) => sample(each, BigInt(each) * 1000n));
    await wal.storeSamples(key, samples.slice(6));
    await wal.storeSamples(key, samples.slice(0, 5));
    await wal.storeSamples(key, samples.slice(0, 5));
    await wal.storeSamples(key, samples.slice(0, 5).reverse());
    await wal.storeSamples(key, samples.slice(0, 8));
    await wal.storeSamples(key, [samples[0] as WalSample, samples[11] as WalSample]);
    await wal.storeSamples(key, []);
    expect(await wal.readSamples(key)).toEqual(samples);
    expect(await wal.readSamples(key, 1)).toEqual(samples.slice(6));
    expect(await wal.readSamples(key, 9)).toEqual(samples);
    expect(await pathsIn(storage, `${root}/samples`)).toHaveLength(4);
  });

  it('of breaks keep what was noted first', async () => {
    await wal.recordBreak(key, segment, 'the slot was lost', '2026-11-23T01:00:00.000Z');
    await wal.recordBreak(key, { timeline: 1, number: 4n }, 'the disk was full', '2026-11-22T01:00:00.000Z');
    await wal.recordBreak(key, segment, 'the slot was lost', '2026-11-23T01:00:05.000Z');
    expect(await wal.listBreaks(key)).toEqual([
      { segment: { timeline: 1, number: 4n }, reason: 'the disk was full', at: '2026-11-22T01:00:00.000Z' },
      { segment, reason: 'the slot was lost', at: '2026-11-23T01:00:00.000Z' },
    ]);
  });

  it('of an archive that is not there are none, and asking makes nothing', async () => {
    expect(await wal.holdings(key)).toEqual({ segmentSizeBytes: MiB, complete: [], partial: [] });
    expect([await wal.readSamples(key), await wal.listBreaks(key), await wal.histories(key), await wal.clusters('shop', 'postgres')]).toEqual([[], [], new Map(), []]);
    expect(await pathsIn(storage)).toEqual([]);
  });

  it('of a cluster whose first is written just now are not what is left of another', async () => {
    const begun = open(around(storage, {
      listNames: async (directory) => (directory === 'shop/wal/postgres' ? [key.systemIdentifier] : storage.listNames(directory)),
      async stat(path) {
        const found = await storage.stat(path);
        if (found === null) await wal.storeHistory(key, 2, second);
        return found;
      },
    }));
    await begun.clusters('shop', 'postgres');
    expect(await begun.clusters('shop', 'postgres')).toEqual([key.systemIdentifier]);
  });

  it('of two clusters never meet', async () => {
    const other: WalKey = { ...key, systemIdentifier: '99' };
    await wal.storeHistory(key, 2, second);
    await wal.storeHistory(other, 2, '1\t0/6000000\tanother cluster\n');
    await wal.recordBreak(other, segment, 'gone', '2026-11-23T01:00:00.000Z');
    expect([...await wal.clusters('shop', 'postgres')].sort()).toEqual([key.systemIdentifier, '99']);
    expect([await wal.histories(key), await wal.listBreaks(key)]).toEqual([new Map([[2, second]]), []]);
  });
});

describe('what is wrong in an archive', () => {
  let objects: Map<string, Uint8Array>;
  let wal: WalArchive;
  const lone = sha256(Buffer.from('x'));
  beforeEach(async () => {
    objects = new Map();
    wal = open(createInMemoryStorage(objects));
    await wal.storeSegment(key, segment, sourceOf(segmentBytes(segment)), never);
    await wal.storePartial(key, { timeline: 2, number: 10n, end: 10n * BigInt(MiB) + 100n }, sourceOf(segmentBytes({ timeline: 2, number: 10n })), never);
    await wal.storeHistory(key, 2, second);
    await wal.storeSamples(key, [sample(0, 1n), sample(1, 2n)]);
    await wal.recordBreak(key, segment, 'gone', '2026-11-23T01:00:00.000Z');
  });

  it('is nothing at first', async () => {
    const { complete, partial } = await wal.holdings(key);
    expect([complete.length, partial.length]).toEqual([1, 1]);
  });

  it.each([
    'x', '.DS_Store', 'cluster.json.bak', 'x/cluster.json', '00000002/x', `00000002/00000000/00000002000000000000000a-${lone}.zst`, `00000002/00000000/00000002000000000000000A-${lone}`, `00000002/00000000/00000002000000000000000A-${lone}.zst.tmp`,
    `00000002/00000000/00000002000000000000000A-${lone.slice(1)}.zst`, `00000002/00000000/00000002000000000000000A-${lone.toUpperCase()}.zst`, `00000001/00000000/00000002000000000000000A-${lone}.zst`, `00000002/00000001/00000002000000000000000A-${lone}.zst`,
    `00000002/00000002000000000000000A-${lone}.zst`, `00000000/00000000/00000000000000000000000A-${lone}.zst`, `00000002/00000000/000000020000000000001000-${lone}.zst`, `00000002/00000000/x/00000002000000000000000A-${lone}.zst`,
    `00000002/partial/00000002000000000000000A-${lone}.zst`, `00000002/partial/00000002000000000000000A.partial-0000000000A00000-${lone}.zst`, `00000002/partial/00000002000000000000000A.partial-0000000000B00001-${lone}.zst`,
    `00000002/partial/00000002000000000000000A.partial-0000000000a00001-${lone}.zst`, `00000001/partial/00000002000000000000000A.partial-0000000000A00001-${lone}.zst`, `00000002/00000000/00000002000000000000000A.partial-0000000000A00001-${lone}.zst`,
    '00000002.history', `00000000.history-${lone}`, `00000002/00000003.history-${lone}`, 'samples/x.json', 'samples/2026-11-23T010000000Z.json', 'breaks/x.json', 'breaks/00000002000000000000100A.json', 'breaks/00000002000000000000000A',
  ])('is a foreign object: %s', async (name) => {
    objects.set(`${root}/${name}`, Buffer.from('{}'));
    await failing('RepositoryDamaged', wal.holdings(key));
    // It keeps nobody from storing.
    await wal.storeSegment(key, { timeline: 2, number: 10n }, sourceOf(segmentBytes({ timeline: 2, number: 10n })), never);
  });

  it('is a cluster.json that is gone, or another cluster\'s', async () => {
    const record = objects.get(`${root}/cluster.json`) as Uint8Array;
    objects.delete(`${root}/cluster.json`);
    await failing('RepositoryDamaged', wal.holdings(key));
    await failing('RepositoryDamaged', wal.clusters('shop', 'postgres'));
    objects.set('shop/wal/postgres/99/cluster.json', record);
    await failing('RepositoryDamaged', wal.holdings({ ...key, systemIdentifier: '99' }));
    objects.set(`${root}/cluster.json`, record);
    await wal.holdings(key);
    objects.set('shop/wal/postgres/latest/cluster.json', record);
    await failing('RepositoryDamaged', wal.clusters('shop', 'postgres'));
  });

  it.each([['cluster.json', () => wal.holdings(key)], ['.history-', () => wal.histories(key)], ['samples/', () => wal.readSamples(key)], ['breaks/', () => wal.listBreaks(key)]] as const)('is any flipped bit of a record: %s', async (part, read) => {
    const path = [...objects.keys()].find((each) => each.startsWith(root) && each.includes(part)) as string;
    const whole = objects.get(path) as Uint8Array;
    await read();
    for (let bit = 0; bit < whole.byteLength * 8; bit += 3) {
      const flipped = Uint8Array.from(whole);
      flipped[bit >> 3] = (whole[bit >> 3] as number) ^ (1 << (bit & 7));
      objects.set(path, flipped);
      // The format's own digit may become a newer one's.
      expect(isDamage(await read().then(() => null, (error: unknown) => error))).toBe(true);
    }
  });

  it.each([['.history-', (path: string) => path.replace('00000002', '00000003').replace(/[0-9a-f]{64}/, lone), () => wal.histories(key)], ['samples/', (path: string) => path.replace('T01', 'T02'), () => wal.readSamples(key)], ['breaks/', (path: string) => path.replace(/9\.json/, '8.json'), () => wal.listBreaks(key)]] as const)('is a record under another\'s name: %s', async (part, rename, read) => {
    const path = [...objects.keys()].find((each) => each.startsWith(root) && each.includes(part)) as string;
    objects.set(rename(path), objects.get(path) as Uint8Array);
    expect(rename(path)).not.toBe(path);
    await failing('RepositoryDamaged', read());
  });

  it('is no reason to begin a repository anew', async () => {
    objects.delete('holdfast.json');
    await failing('RepositoryDamaged', createRepository('nas', createInMemoryStorage(objects)).open());
  });
});

describe('keys and segments from outside', () => {
  const text = '../x';
  it.each<[string, Partial<WalKey>]>([
    ['a service', { service: text }], ['no service', { service: '' }], ['a component', { component: '.tmp' }], ['a component with a slash', { component: 'a/b' }], ['a system identifier', { systemIdentifier: text }], ['no system identifier', { systemIdentifier: '' }],
    ['a system identifier of zero', { systemIdentifier: '0' }], ['a system identifier with a zero before', { systemIdentifier: '07' }], ['a system identifier of more than 64 bits', { systemIdentifier: '18446744073709551616' }],
    ['a segment size', { segmentSizeBytes: 1_000_000 }], ['a small segment size', { segmentSizeBytes: 1024 }], ['a large segment size', { segmentSizeBytes: 2048 * MiB }],
  ])('with %s that is none lead nowhere', async (_what, change) => {
    const objects = new Map<string, Uint8Array>();
    const wal = open(createInMemoryStorage(objects));
    const wrong = { ...key, ...change };
    const source = sourceOf(segmentBytes(segment));
    const calls = [
      wal.storeSegment(wrong, segment, { ...source, sizeBytes: wrong.segmentSizeBytes }, never), wal.storePartial(wrong, { ...segment, end: 9n * BigInt(wrong.segmentSizeBytes) + 100n }, source, never), wal.storeHistory(wrong, 2, second), wal.histories(wrong),
      wal.storeSamples(wrong, [sample(0, 1n)]), wal.readSamples(wrong), wal.recordBreak(wrong, segment, 'x', 'y'), wal.listBreaks(wrong), wal.holdings(wrong), wal.openSegment(wrong, { ...segment, sha256: 'a'.repeat(64), storedSizeBytes: 1 }),
    ];
    for (const outcome of await Promise.allSettled(calls)) await failing('InvalidInput', outcome.status === 'rejected' ? Promise.reject(outcome.reason as Error) : Promise.resolve());
    expect(objects.size).toBe(0);
  });

  it.each([{ timeline: 0, number: 1n }, { timeline: 2 ** 32, number: 1n }, { timeline: 1.5, number: 1n }, { timeline: Number.NaN, number: 1n }, { timeline: 1, number: -1n }, { timeline: 1, number: 1n << 44n }])('name no segment: %o', async (wrong) => {
    const wal = open(createInMemoryStorage());
    await failing('InvalidInput', wal.storeSegment(key, wrong, sourceOf(Buffer.alloc(MiB)), never));
    await failing('InvalidInput', wal.storePartial(key, { ...wrong, end: wrong.number * BigInt(MiB) + 100n }, sourceOf(Buffer.alloc(MiB)), never));
    await failing('InvalidInput', wal.recordBreak(key, wrong, 'x', 'y'));
    await failing('InvalidInput', wal.openSegment(key, { ...wrong, sha256: 'a'.repeat(64), storedSizeBytes: 1 }));
  });

  it.each(['../../x', 'A'.repeat(64), 'a'.repeat(63), ''])('open nothing with the SHA-256 %j', async (wrong) => {
    await failing('InvalidInput', open(createInMemoryStorage()).openSegment(key, { ...segment, sha256: wrong, storedSizeBytes: 1 }));
  });

  it.each(['yesterday', '2026-11-23T01:00:00+01:00', '2026-11-23', '2026-13-23T01:00:00Z', '../x', '2026-11-23T01:00:00.1234567Z'])('are no instant of a reading: %j', async (at) => {
    await failing('InvalidInput', open(createInMemoryStorage()).storeSamples(key, [sample(0, 1n), { at, lsn: 1n }]));
  });
});

describe('names', () => {
  it('are read back as they are written, and no other is like them', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(fc.property(fc.integer({ min: 1, max: 0xffff_ffff }), fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), fc.integer({ min: 0, max: 10 }), hash, (timeline, position, power, sha) => {
      const size = MiB * 2 ** power;
      const number = position / BigInt(size);
      const end = position + 1n;
      expect(parseWalObject(completePath({ timeline, number }, size, sha), size)).toEqual({ kind: 'complete', segment: { timeline, number }, sha256: sha });
      expect(parseWalObject(partialPath({ timeline, number, end }, size, sha), size)).toEqual({ kind: 'partial', segment: { timeline, number, end }, sha256: sha });
    }));
  });
});

describe('many segments', () => {
  it('are listed in the log\'s order, 100,000 of them', async () => {
    const count = 100_000;
    const storage = createInMemoryStorage();
    await open(storage).recordBreak(key, segment, 'gone', '2026-11-23T01:00:00.000Z');
    const wal = open(around(storage, {
      async *list() {
        for (let each = 0; each < count; each += 1) yield { path: `${root}/${completePath({ timeline: 1 + (each % 2), number: BigInt((each * 7919) % count) }, MiB, 'a'.repeat(64))}`, sizeBytes: 1 };
      },
    }));
    const { complete } = await wal.holdings(key);
    expect(complete).toHaveLength(count);
    const names = complete.map((each) => segmentName(each, MiB));
    expect(names).toEqual([...names].sort());
  });
});

describe('docs/backup-format.md', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'backup-format.md'), 'utf8');
  const placeholders: Readonly<Record<string, string>> = {
    service: 'shop', component: 'postgres', 'system id': '[1-9]\\d{0,19}', timeline: '[0-9A-F]{8}', upper: '[0-9A-F]{8}', segment: '[0-9A-F]{24}', end: '[0-9A-F]{16}', sha256: '[0-9a-f]{64}',
    first: '[0-9T-]+Z', last: '[0-9T-]+Z', sha16: '[0-9a-f]{16}',
  };

  it('names every object of an archive, and nothing that there is not', async () => {
    const storage = createInMemoryStorage();
    const wal = open(storage);
    await wal.storeSegment(key, segment, sourceOf(segmentBytes(segment)), never);
    await wal.storePartial(key, { timeline: 2, number: 10n, end: 10n * BigInt(MiB) + 100n }, sourceOf(segmentBytes({ timeline: 2, number: 10n })), never);
    await wal.storeHistory(key, 2, second);
    await wal.storeSamples(key, [sample(0, 1n), sample(1, 2n)]);
    await wal.recordBreak(key, segment, 'gone', '2026-11-23T01:00:00.000Z');
    const layout = page.split('\n').filter((line) => line.startsWith('<service>/wal/') && !line.includes('/… ')).map((line) => line.split(/ {2,}/)[0] as string);
    const forms = layout.map((line) => new RegExp(`^${line.replaceAll('.', '\\.').replaceAll(/<([^>]+)>/g, (_, name: string) => placeholders[name] ?? `unknown placeholder ${name}`)}$`));
    const paths = await pathsIn(storage, root);
    expect(paths.filter((path) => !forms.some((form) => form.test(path)))).toEqual([]);
    expect(layout.filter((_, each) => !paths.some((path) => forms[each]?.test(path)))).toEqual([]);
  });

  it('shows its documents as they are', async () => {
    const storage = createInMemoryStorage();
    const wal = open(storage);
    await wal.storeSamples(key, [sample(0, 1n)]);
    await wal.recordBreak(key, segment, 'gone', '2026-11-23T01:00:00.000Z');
    for (const path of await pathsIn(storage, root)) {
      const members = Object.keys(JSON.parse(Buffer.from(await storage.readSmall(path, MiB)).toString()) as object).filter((member) => member !== 'sha256');
      expect(members.filter((member) => !page.includes(`"${member}"`))).toEqual([]);
    }
  });
});
