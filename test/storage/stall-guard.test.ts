/** A storage that stands still is told from one that is slow; nobody waits for what hangs. The storage behind it answers when the test lets it. */
import { setTimeout as pause } from 'node:timers/promises';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { withStallGuard } from '../../src/storage/stall-guard.ts';
import type { BackupStorage } from '../../src/storage/storage.ts';
import { failing } from '../support/failing.ts';
import { describeStorage } from '../suites/storage-suite.ts';

const stallMs = 150;
const never = new Promise<never>(() => undefined);

describeStorage('a guarded storage', async () => ({ storage: withStallGuard(createInMemoryStorage()), remove: async () => undefined }));

/** A storage of which some calls are the test's. */
const guarded = (changed: Partial<BackupStorage>): BackupStorage => withStallGuard({ ...createInMemoryStorage(), ...changed }, stallMs);

it('a read that stands still in the middle fails, and its source is let go of', async () => {
  const source = new PassThrough();
  source.write('begin');
  const { fields } = await failing('RepositoryUnreachable', buffer(await guarded({ openRead: async () => source }).openRead('shop/x')));
  expect(fields.cause).toContain('nothing has moved');
  expect(source.destroyed).toBe(true);
});

it('a slow read is no failure, and neither is a reader that takes its time', async () => {
  const slow = Readable.from((async function* drip() {
    for (const part of ['a', 'b', 'c', 'd']) {
      await pause(stallMs / 2);
      yield Buffer.from(part);
    }
  })());
  expect((await buffer(await guarded({ openRead: async () => slow }).openRead('shop/x'))).toString()).toBe('abcd');
  const read = await guarded({ openRead: async () => Readable.from([Buffer.alloc(200_000), Buffer.alloc(200_000)]) }).openRead('shop/x');
  let bytes = 0;
  for await (const chunk of read) {
    bytes += (chunk as Buffer).byteLength;
    await pause(stallMs * 2);
  }
  expect(bytes).toBe(400_000);
});

it('hashing fails once nothing moves, not before', async () => {
  const digest: BackupStorage['digest'] = async (_path, _signal, onBytes) => {
    for (let part = 1; part <= 4; part += 1) {
      await pause(stallMs / 2);
      onBytes?.(part);
    }
    return never;
  };
  const seen: number[] = [];
  await failing('RepositoryUnreachable', guarded({ digest }).digest('shop/x', undefined, (bytes) => seen.push(bytes)));
  expect(seen).toEqual([1, 2, 3, 4]);
});

it('storing fails where what is there is not taken, and its source is ended; one that waits for its source goes on', async () => {
  const putStream: BackupStorage['putStream'] = async () => never;
  const source = Readable.from((async function* endless() {
    for (;;) yield Buffer.alloc(64 * 1024);
  })());
  // It takes the first byte, and then none.
  await failing('RepositoryUnreachable', guarded({ putStream: async (_path, from) => { from.read(); return putStream('', from); } }).putStream('shop/x', source));
  expect(source.destroyed).toBe(true);
  const patient = Readable.from((async function* late() {
    await pause(stallMs * 2);
    yield Buffer.from('late');
  })());
  expect(await guarded({}).putStream('shop/x', patient)).toMatchObject({ sizeBytes: 4 });
});

it('what the source died of is told as it is', async () => {
  const broken = Readable.from((async function* breaking() {
    yield Buffer.from('a');
    throw new Error('the dump broke off');
  })());
  await expect(guarded({}).putStream('shop/x', broken)).rejects.toThrow('the dump broke off');
});
