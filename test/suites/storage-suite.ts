/** What every storage has to do, whatever keeps its bytes. A storage that does not pass is none; neither is a double. */
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFailure } from '../../src/domain/failures.ts';
import type { BackupStorage, StoredObject } from '../../src/storage/storage.ts';
import { writingFor } from '../../src/storage/writer-mark.ts';
import { failing } from '../support/failing.ts';

export interface StorageUnderTest {
  readonly storage: BackupStorage;
  remove(): Promise<void>;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const text = (content: string): Uint8Array => Buffer.from(content);
async function all(objects: AsyncIterable<StoredObject>): Promise<readonly StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of objects) found.push(object);
  return found;
}
const writers = 50;
const path = 'shop/backups/20261123-010000/postgres/a1-00000000/dump.tar';

/** Names that must lead nowhere, at any method. */
export const hostilePaths = [
  '..', '.', '../x', 'a/../x', 'a/..', './x', 'a/./x', '/etc/passwd', '/', 'a//b', 'a/', ' a', 'a/ b', 'a ', 'a\\b', '..\\x', 'a\0b', 'a\nb', 'ä', 'a:b', 'a*b', '~/x',
  '%2e%2e/x', '-rf', '.tmp', '.tmp/x', 'a/.tmp', 'a.claim', 'a.claim/b', 'a.claim.00000000-0000-4000-8000-000000000000', `${'a/'.repeat(500)}b`, 'a'.repeat(300),
] as const;

export function describeStorage(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(name, () => {
    let made: StorageUnderTest;
    let storage: BackupStorage;
    beforeEach(async () => {
      made = await open();
      storage = made.storage;
    });
    afterEach(() => made.remove());

    const listed = async (prefix = ''): Promise<readonly string[]> => (await all(storage.list(prefix))).map((object) => object.path).sort();
    const content = async (object: string): Promise<string> => (await buffer(await storage.openRead(object))).toString();

    describe('creating', () => {
      it('keeps a small object as it was given', async () => {
        await storage.createExclusive('holdfast.json', text('{}'));
        expect(Buffer.from(await storage.readSmall('holdfast.json', 2)).toString()).toBe('{}');
        expect(await storage.stat('holdfast.json')).toEqual({ path: 'holdfast.json', sizeBytes: 2 });
      });

      it('keeps a stream and answers its size and SHA-256', async () => {
        const chunks = [randomBytes(3_000_000), randomBytes(1), randomBytes(7_000_000)];
        const whole = Buffer.concat(chunks);
        expect(await storage.putStream(path, Readable.from(chunks))).toEqual({ sizeBytes: whole.byteLength, sha256: sha256(whole) });
        expect(sha256(await buffer(await storage.openRead(path)))).toBe(sha256(whole));
      });

      it('digests what it keeps, tells how far it is, and stops when told', async () => {
        const whole = randomBytes(3_000_001);
        await storage.putStream(path, Readable.from([whole]));
        const told: number[] = [];
        expect(await storage.digest(path, undefined, (doneBytes) => void told.push(doneBytes))).toEqual({ sizeBytes: whole.byteLength, sha256: sha256(whole) });
        expect(told.at(-1)).toBe(whole.byteLength);
        expect(told).toEqual([...told].sort((a, b) => a - b));
        await expect(storage.digest(path, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
      });

      it('keeps empty objects', async () => {
        await storage.createExclusive('empty', new Uint8Array());
        expect(await storage.putStream('stream/empty', Readable.from([]))).toEqual({ sizeBytes: 0, sha256: sha256(new Uint8Array()) });
        expect([await content('empty'), await content('stream/empty'), (await storage.readSmall('empty', 0)).byteLength]).toEqual(['', '', 0]);
        expect(await listed()).toEqual(['empty', 'stream/empty']);
      });

      it('takes text and byte arrays from a source too', async () => {
        await storage.putStream('mixed', Readable.from(['grüß', new Uint8Array([33])]));
        expect(await content('mixed')).toBe('grüß!');
      });

      it.each(['createExclusive', 'putStream'] as const)('lets exactly one of many parallel writers win with %s', async (method) => {
        const outcomes = await Promise.allSettled(Array.from({ length: writers }, (_, writer) =>
          method === 'createExclusive' ? storage.createExclusive(path, text(`writer ${writer}`)) : storage.putStream(path, Readable.from([text(`writer ${writer}`)]))));
        const winners = outcomes.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []));
        expect(winners).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome.status === 'rejected' && isFailure(outcome.reason, 'AlreadyExists'))).toHaveLength(writers - 1);
        expect(await content(path)).toBe(`writer ${winners[0]}`);
        expect(await listed()).toEqual([path]);
      });

      it('never overwrites', async () => {
        await storage.createExclusive(path, text('first'));
        await failing('AlreadyExists', storage.createExclusive(path, text('first')));
        await failing('AlreadyExists', storage.putStream(path, Readable.from([text('second')])));
        expect(await content(path)).toBe('first');
      });

      it('gives a removed name free', async () => {
        await storage.createExclusive(path, text('first'));
        await storage.remove(path);
        await storage.createExclusive(path, text('second'));
        expect(await content(path)).toBe('second');
      });
    });

    describe('a source that does not end well', () => {
      const attempt = async (source: Readable, signal?: AbortSignal): Promise<unknown> => {
        const outcome = await storage.putStream(path, source, signal).then(() => 'stored', (error: unknown) => error);
        expect(await listed()).toEqual([]);
        expect(await storage.stat(path)).toBeNull();
        expect(source.destroyed).toBe(true);
        await storage.putStream(path, Readable.from([text('again')]));
        expect(await content(path)).toBe('again');
        return outcome;
      };

      it('leaves nothing when it fails, whose error is kept as it is', async () => {
        const broken = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
        expect(await attempt(Readable.from((async function* () {
          yield randomBytes(100_000);
          throw broken;
        })()))).toBe(broken);
      });

      it('leaves nothing when it failed before it was asked', async () => {
        const source = new PassThrough();
        const broken = new Error('refused');
        source.destroy(broken);
        expect(await attempt(source)).toBe(broken);
      });

      it('leaves nothing when it closes before its end', async () => {
        const source = new PassThrough();
        source.write(randomBytes(1000));
        setImmediate(() => source.destroy());
        expect(isFailure(await attempt(source), 'BrokenStream')).toBe(true);
      });

      it('leaves nothing when it is aborted while it delivers nothing', async () => {
        const source = new PassThrough();
        source.write(randomBytes(1000));
        const abort = new AbortController();
        const reason = new Error('cancelled');
        // Only when everything was taken from the source: from then on nothing but the signal can end it.
        const waiting = setInterval(() => source.readableLength === 0 && abort.abort(reason), 5);
        expect(await attempt(source, abort.signal)).toBe(reason);
        clearInterval(waiting);
      });

      it('leaves nothing when it was aborted before it began', async () => {
        const reason = new Error('cancelled');
        expect(await attempt(Readable.from([text('x')]), AbortSignal.abort(reason))).toBe(reason);
      });
    });

    describe('what is not there', () => {
      it('is said before the first byte', async () => {
        await failing('ObjectNotFound', storage.openRead(path));
        await failing('ObjectNotFound', storage.digest(path));
        await failing('ObjectNotFound', storage.readSmall(path, 10));
        await failing('ObjectNotFound', storage.hostPath(path));
        expect(await storage.stat(path)).toBeNull();
      });

      it('is not taken for the object above or below it', async () => {
        await storage.createExclusive('a/b', text('x'));
        expect([await storage.stat('a'), await storage.stat('a/b/c'), await listed('a/b/c'), await listed('a/bb'), await listed('nothing')]).toEqual([null, null, [], [], []]);
        await failing('ObjectNotFound', storage.openRead('a'));
        await failing('ObjectNotFound', storage.digest('a'));
        await failing('ObjectNotFound', storage.openRead('a/b/c'));
      });

      it('is removed without a word, and so is what is there', async () => {
        await storage.remove(path);
        await storage.removeTree('shop/backups');
        await storage.createExclusive(path, text('x'));
        await storage.createExclusive('shop/backups/other', text('x'));
        for (let round = 0; round < 2; round += 1) {
          await storage.removeTree('shop/backups/20261123-010000');
          expect(await listed()).toEqual(['shop/backups/other']);
        }
        for (let round = 0; round < 2; round += 1) {
          await storage.remove('shop/backups/other');
          expect(await listed()).toEqual([]);
        }
      });

      it('does not take neighbours along that begin alike', async () => {
        await storage.createExclusive('shop/a/x', text('x'));
        await storage.createExclusive('shop/ab/x', text('x'));
        await storage.removeTree('shop/a');
        expect(await listed()).toEqual(['shop/ab/x']);
      });
    });

    describe('listing', () => {
      const objects = ['holdfast.json', 'insurance.claims/sequence/000000001.json', 'shop/backups/1/manifest.json', 'shop/backups/1/x.claims.json', 'shop/backups/2/postgres/a1/dump', 'shop/sequence/000000001.json', 'shopping/x'];
      beforeEach(async () => {
        for (const object of objects) await storage.createExclusive(object, text(object));
      });

      it('finds every object below a prefix, with its size, and no other', async () => {
        expect(await listed()).toEqual(objects);
        expect(await all(storage.list('shop/sequence'))).toEqual([{ path: 'shop/sequence/000000001.json', sizeBytes: 28 }]);
        expect(await listed('shop')).toEqual(objects.filter((object) => object.startsWith('shop/')));
      });

      it('misses nothing that takes the place of another meanwhile', async () => {
        for (const object of ['growing/1', 'growing/2']) await storage.createExclusive(object, text(''));
        const found: string[] = [];
        for await (const object of storage.list('growing')) {
          found.push(object.path);
          if (found.length > 1) continue;
          await storage.createExclusive('growing/longer', text(''));
          await storage.remove(object.path === 'growing/1' ? 'growing/2' : 'growing/1');
        }
        expect(found).toHaveLength(2);
      });

      it('names what lies directly below', async () => {
        expect(await storage.listNames('')).toEqual(['holdfast.json', 'insurance.claims', 'shop', 'shopping']);
        expect(await storage.listNames('shop/backups')).toEqual(['1', '2']);
        expect(await storage.listNames('shop/nothing')).toEqual([]);
      });

      it('counts the bytes', async () => {
        expect(await storage.usedBytes('')).toBe(objects.join('').length);
        expect(await storage.usedBytes('shop/sequence')).toBe(28);
        expect(await storage.usedBytes('nothing')).toBe(0);
        const free = await storage.freeBytes();
        expect(free === null || free > 0).toBe(true);
      });

      it('goes on over many objects', async () => {
        for (let number = 0; number < 200; number += 1) await storage.createExclusive(`many/${number % 7}/${number}`, text(''));
        expect(await listed('many')).toHaveLength(200);
        // Each of them is synced, and the disk is everybody's.
      }, 300_000);
    });

    describe('removing what is unfinished', () => {
      it('touches nothing that is complete, whoever wrote it and however old it is', async () => {
        await writingFor('run-a', () => storage.createExclusive(path, text('first')));
        await writingFor('run-a', () => storage.putStream('stream', Readable.from([text('second')])));
        for (let round = 0; round < 2; round += 1) expect(await storage.removeTemporaries(['run-a', 'run-b'], 0)).toBe(0);
        expect([await listed(), await content(path), await content('stream')]).toEqual([[path, 'stream'], 'first', 'second']);
      });

      it('is nothing in an empty place', async () => {
        expect(await storage.removeTemporaries([], 0)).toBe(0);
        expect(await listed()).toEqual([]);
      });

      it.each(['', '..', 'a/b', 'a.b', '*', 'a'.repeat(65)])('refuses the mark %j', async (mark) => {
        await failing('InvalidInput', storage.removeTemporaries([mark], 0));
        await failing('InvalidInput', async () => writingFor(mark, async () => undefined));
      });
    });

    it('refuses to read a large object as a small one', async () => {
      await storage.createExclusive('large', text('12345'));
      await failing('RepositoryDamaged', storage.readSmall('large', 4));
    });

    it.each(hostilePaths)('refuses the path %j everywhere', async (hostile) => {
      const source = (): Readable => Readable.from([text('x')]);
      const calls: (() => Promise<unknown>)[] = [
        () => storage.createExclusive(hostile, text('x')), () => storage.putStream(hostile, source()), () => storage.openRead(hostile), () => storage.digest(hostile), () => storage.readSmall(hostile, 10),
        () => storage.stat(hostile), () => all(storage.list(hostile)), () => storage.listNames(hostile), () => storage.remove(hostile), () => storage.removeTree(hostile),
        () => storage.usedBytes(hostile), () => storage.attemptDirectory(hostile), () => storage.adopt(hostile), () => storage.hostPath(hostile),
      ];
      for (const call of calls) await failing('InvalidInput', call);
      expect(await listed()).toEqual([]);
    });

    it('refuses to remove everything, or an object without a name', async () => {
      await storage.createExclusive('x', text('x'));
      await failing('InvalidInput', storage.removeTree(''));
      await failing('InvalidInput', storage.remove(''));
      await failing('InvalidInput', storage.createExclusive('', text('x')));
      expect(await listed()).toEqual(['x']);
    });
  });
}
