/** The archive of append-only files: what grows takes the place of what it begins with, what differs is told, and a foreign object is damage. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AofLook } from '../../src/domain/aof/aof-history.ts';
import type { AofArchive } from '../../src/repository/aof-archive.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import type { BackupStorage } from '../../src/storage/storage.ts';

const key = { service: 'shop', component: 'redis' };
const increment = '1790000000-1-77';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
let storage: BackupStorage;
let archive: AofArchive;
beforeEach(() => {
  storage = createInMemoryStorage();
  archive = createRepository('nas', storage).aof;
});

const names = async (): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { path } of storage.list('shop/aof')) found.push(path.slice('shop/aof/redis/'.length));
  return found.sort();
};

describe('a block', () => {
  it('is stored anew as it grows, and the shorter one goes', async () => {
    for (const text of ['on', 'one', 'one two']) await archive.storeBlock(key, increment, 0, Buffer.from(text));
    await archive.storeBlock(key, increment, 0, Buffer.from('one two'));
    expect(await names()).toEqual([`increments/${increment}/00000000.7.${sha256('one two')}`]);
    // Another worker, a little behind.
    await archive.storeBlock(key, increment, 0, Buffer.from('one'));
    const [block] = (await archive.holdings(key)).blocks.get(increment)!;
    expect((await buffer(await archive.open(key, block!))).toString()).toBe('one two');
    expect(await names()).toHaveLength(1);
  });

  it('that a longer one took the place of is read from that, as far as it went', async () => {
    await archive.storeBlock(key, increment, 0, Buffer.from('one'));
    const [block] = (await archive.holdings(key)).blocks.get(increment)!;
    // Once more while it is looked for.
    const openRead = storage.openRead.bind(storage);
    const grown = ['one two', 'one two three'];
    const growing = createRepository('nas', new Proxy(storage, { get: (target, name) => (name !== 'openRead' ? Reflect.get(target, name) as unknown : async (path: string) => {
      const text = grown.shift();
      if (text !== undefined) await archive.storeBlock(key, increment, 0, Buffer.from(text));
      return openRead(path);
    }) })).aof;
    expect([(await buffer(await growing.open(key, block!))).toString(), grown]).toEqual(['one', []]);
    await storage.remove(`shop/aof/redis/increments/${increment}/00000000.13.${sha256('one two three')}`);
    await expect(archive.open(key, block!)).rejects.toMatchObject({ type: 'ObjectNotFound' });
    await storage.createExclusive(`shop/aof/redis/increments/${increment}/00000000.4.${sha256('two ')}`, Buffer.from('two '));
    await expect(buffer(await archive.open(key, block!))).rejects.toMatchObject({ type: 'ArtifactDamaged' });
  });

  it('that is no continuation of what is there is refused, and nothing goes', async () => {
    await archive.storeBlock(key, increment, 0, Buffer.from('one'));
    await expect(archive.storeBlock(key, increment, 0, Buffer.from('two'))).rejects.toMatchObject({ type: 'WalConflict' });
    await expect(archive.storeBlock(key, increment, 0, Buffer.from('other'))).rejects.toMatchObject({ type: 'WalConflict' });
    expect(await names()).toEqual([`increments/${increment}/00000000.3.${sha256('one')}`]);
  });

  it('that was changed in its place ends in a failure when it is read', async () => {
    await storage.createExclusive(`shop/aof/redis/increments/${increment}/00000000.3.${sha256('one')}`, Buffer.from('onE'));
    const [block] = (await archive.holdings(key)).blocks.get(increment)!;
    await expect(buffer(await archive.open(key, block!))).rejects.toMatchObject({ type: 'ArtifactDamaged' });
  });
});

it('keeps a base only as it was said to be, and knows the increments of its newest manifest', async () => {
  const base = { id: '1790000000-4-12', createdSecond: 1790000000, sizeBytes: 4, sha256: sha256('base') };
  const store = (text: string): Promise<void> => archive.storeBase(key, base, async () => Readable.from([Buffer.from(text)]), AbortSignal.timeout(5_000));
  expect(await archive.isThere(key)).toBe(false);
  await expect(store('bass')).rejects.toMatchObject({ type: 'BrokenStream' });
  expect(await archive.isThere(key)).toBe(false);
  await store('base');
  await store('base');
  await archive.storeChain(key, base.id, [increment], 1790000001);
  await archive.storeChain(key, base.id, [increment, '1790000005-2-78'], 1790000005);
  await archive.storeEnd(key, increment, 3);
  const holdings = await archive.holdings(key);
  expect(holdings.ends.get(increment)).toBe(3);
  expect(await archive.histories(key, holdings.bases)).toEqual([{ id: base.id, sequence: 4, createdSecond: 1790000000, increments: [increment, '1790000005-2-78'] }]);
});

it('gives looks back in their order, and refuses what is none', async () => {
  const look = (second: number): AofLook => ({ second, state: 'on', base: '1790000000-4-12', coveredSecond: second - 3, increment, sizeBytes: 9, settings: null });
  expect(await archive.span(key)).toBeNull();
  await archive.storeLooks(key, [look(1000), look(1010)]);
  await archive.storeLooks(key, [look(15)]);
  await archive.storeLooks(key, [look(15), look(20)], [look(15)]);
  await archive.storeLooks(key, [look(15), look(20)], [look(15), look(20)]);
  expect((await names()).filter((name) => name.startsWith('looks/'))).toHaveLength(2);
  expect((await archive.looks(key)).map(({ second }) => second)).toEqual([15, 20, 1000, 1010]);
  expect(await archive.span(key)).toEqual({ beginSecond: 15, coveredSecond: 1007 });
  await archive.storeLooks(key, [{ ...look(5000), sizeBytes: 'many' as unknown as number }]);
  await expect(archive.looks(key)).rejects.toMatchObject({ type: 'RepositoryDamaged' });
});

it('finds the looks that took the place of those it was about to read', async () => {
  const look = (second: number): AofLook => ({ second, state: 'on', base: '1790000000-4-12', coveredSecond: second - 3, increment, sizeBytes: 9, settings: null });
  const batch = [look(1000)];
  await archive.storeLooks(key, [look(15)]);
  await archive.storeLooks(key, batch);
  const readSmall = storage.readSmall.bind(storage);
  let growths = 3;
  const growing = createRepository('nas', new Proxy(storage, { get: (target, name) => (name !== 'readSmall' ? Reflect.get(target, name) as unknown : async (path: string, maxBytes: number) => {
    if (path.includes('/looks/1000-') && growths > 0) {
      const before = [...batch];
      batch.push(look(1000 + batch.length));
      growths -= 1;
      await archive.storeLooks(key, batch, before);
    }
    return readSmall(path, maxBytes);
  }) })).aof;
  expect((await growing.looks(key)).map(({ second }) => second)).toEqual([15, 1000, 1001, 1002, 1003]);
  growths = Infinity;
  await expect(growing.span(key)).rejects.toMatchObject({ type: 'RepositoryUnreachable' });
  expect(await archive.span(key)).toMatchObject({ beginSecond: 15 });
});

it('has nothing behind a base that goes while it is read', async () => {
  const base = { id: '1790000000-4-12', createdSecond: 1_790_000_000, path: 'bases/one', sizeBytes: 1, sha256: sha256('x') };
  await archive.storeChain(key, base.id, [increment], 1_790_000_000);
  expect(await archive.histories(key, [base])).toMatchObject([{ increments: [increment] }]);
  const going = createRepository('nas', new Proxy(storage, { get: (target, name) => (name !== 'readSmall' ? Reflect.get(target, name) as unknown : async (path: string, maxBytes: number) => {
    await archive.remove(key, [base], []);
    return target.readSmall(path, maxBytes);
  }) })).aof;
  expect(await going.histories(key, [base])).toMatchObject([{ increments: [] }]);
});

it('takes a foreign object for damage', async () => {
  await archive.storeBlock(key, increment, 0, Buffer.from('one'));
  await storage.createExclusive('shop/aof/redis/increments/note.txt', Buffer.from('mine'));
  await expect(archive.holdings(key)).rejects.toMatchObject({ type: 'RepositoryDamaged' });
});
