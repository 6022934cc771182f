/** A second of an archived append-only file, while the archive grows; of real ones the keeper's own tests tell. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { locateInstant } from '../../../src/activities/moment/locate-instant.ts';
import type { AofLook } from '../../../src/domain/aof/aof-history.ts';
import type { AofArchive } from '../../../src/repository/aof-archive.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';

const key = { service: 'shop', component: 'redis' };
const [base, increment, second] = ['1790000000-1-77', '1790000000-1-78', 1_790_000_000];
const written = (at: number): string => `#TS:${at}\r\n*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\n1\r\n`;

let directory: string;
let archive: AofArchive;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-instant-'));
  const repository = createRepository('nas', createLocalStorage(directory));
  await repository.open();
  archive = repository.aof;
  await keepBase(base, second);
});
afterEach(() => rm(directory, { recursive: true }));

async function keepBase(id: string, createdSecond: number): Promise<void> {
  const rdb = Buffer.from('REDIS0011');
  await archive.storeBase(key, { id, createdSecond, sizeBytes: rdb.byteLength, sha256: createHash('sha256').update(rdb).digest('hex') }, async () => Readable.from([rdb]), AbortSignal.timeout(60_000));
}

/** As the keeper does it: what a record names is there before it. */
async function keep(text: string, looks: readonly AofLook[], replaces: readonly AofLook[]): Promise<void> {
  await archive.storeBlock(key, increment, 0, Buffer.from(text));
  await archive.storeChain(key, base, [increment], second + 1);
  await archive.storeLooks(key, looks, replaces);
}

const locate = (from: AofArchive, end: number): ReturnType<typeof locateInstant> => locateInstant(from, key, { at: new Date(end * 1000).toISOString(), signal: AbortSignal.timeout(60_000), onBytes: () => undefined });
const lookAt = (at: number, sizeBytes: number): AofLook => ({ second: at, state: 'on', base, coveredSecond: at - 3, increment, sizeBytes, settings: null });

test('a second in which nothing was written any more is found also where the next is written as it is looked for', async () => {
  const before = written(second + 10);
  // Of a row only the first look and the last are kept.
  const [first, last] = [lookAt(second + 13, before.length), lookAt(second + 100, before.length)];
  await keep(before, [first, last], []);
  let isGrown = false;
  /** Behind the first that is read of it. */
  const thenGrown = async <T>(reading: Promise<T>): Promise<T> => {
    const found = await reading;
    const after = before + written(second + 101);
    if (!isGrown) await keep(after, [first, lookAt(second + 105, after.length)], [first, last]);
    isGrown = true;
    return found;
  };
  const growing: AofArchive = { ...archive, holdings: (of) => thenGrown(archive.holdings(of)), looks: (of) => thenGrown(archive.looks(of)) };
  expect(await locate(growing, second + 81)).toMatchObject({ aof: { second: second + 80, increments: [{ sizeBytes: before.length }] } });
});

test('the oldest base is not asked where the archive lies: it may go in that moment', async () => {
  const text = written(second + 10);
  await keep(text, [lookAt(second + 13, text.length)], []);
  await keepBase('1780000000-1-70', 1_780_000_000);
  const storage = createLocalStorage(directory);
  const going = createRepository('nas', { ...storage, async hostPath(path) {
    await archive.remove(key, (await archive.holdings(key)).bases.filter(({ id }) => id !== base), []);
    return storage.hostPath(path);
  } }).aof;
  expect(await locate(going, second + 11)).toMatchObject({ aof: { second: second + 10, increments: [{ sizeBytes: text.length }] } });
});
