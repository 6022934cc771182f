/** File systems that really run full: small ones in memory, mounted for the test. Needs the right to mount (CAP_SYS_ADMIN). */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import type { BackupStorage } from '../../../src/storage/storage.ts';
import { failing } from '../../support/failing.ts';

const run = promisify(execFile);
const page = 4096;
const step = 64 * 1024;

async function withMount<T>(sizeBytes: number, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-full-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'tmpfs', directory]);
    try {
      return await work(directory);
    } finally {
      await run('umount', [directory]);
    }
  } finally {
    await rmdir(directory);
  }
}

/** The work while only so many bytes are free; then the ballast goes. */
async function withFree<T>(directory: string, freeBytes: number, work: () => Promise<T>): Promise<T> {
  const { bavail, bsize } = await statfs(directory);
  const ballast = join(directory, 'ballast');
  await writeFile(ballast, Buffer.alloc(bavail * bsize - freeBytes));
  try {
    return await work();
  } finally {
    await rm(ballast);
  }
}

const chunks = (bytes: Buffer): Readable => Readable.from((function* () {
  for (let offset = 0; offset < bytes.byteLength; offset += 10_000) yield bytes.subarray(offset, offset + 10_000);
})());

async function fails(storage: BackupStorage, directory: string, put: () => Promise<unknown>): Promise<void> {
  await failing('DiskFull', put);
  expect(await storage.stat('shop/object')).toBeNull();
  expect(await readdir(join(directory, '.tmp'))).toEqual([]);
  expect((await readdir(directory, { recursive: true })).filter((name) => name.endsWith('object') || name.includes('.claim'))).toEqual([]);
}

describe.each([{ withoutLinks: false }, { withoutLinks: true }])('a full file system ($withoutLinks)', (options) => {
  const bytes = randomBytes(1024 * 1024);

  it('keeps nothing of a stream, wherever it runs full, and works again with space', async () => {
    await withMount(4 * 1024 * 1024, async (directory) => {
      const storage = createLocalStorage(directory, options);
      for (let free = 0; free < bytes.byteLength; free += step) {
        await withFree(directory, free, () => fails(storage, directory, () => storage.putStream('shop/object', chunks(bytes))));
        expect((await storage.putStream('shop/object', chunks(bytes))).sizeBytes).toBe(bytes.byteLength);
        await storage.remove('shop/object');
      }
    });
  });

  it('keeps nothing of a small object, wherever it runs full', async () => {
    await withMount(1024 * 1024, async (directory) => {
      const storage = createLocalStorage(directory, options);
      const small = bytes.subarray(0, 10 * page);
      for (let free = 0; free < small.byteLength; free += page) {
        await withFree(directory, free, () => fails(storage, directory, () => storage.createExclusive('shop/object', small)));
        await storage.createExclusive('shop/object', small);
        await storage.remove('shop/object');
      }
    });
  });

  it.each([16, 40, 100, 248, 600])('of %i KiB says what it is', async (kibibytes) => {
    await withMount(kibibytes * 1024, async (directory) => {
      const storage = createLocalStorage(directory, options);
      expect(await storage.freeBytes()).toBeLessThanOrEqual(kibibytes * 1024);
      await fails(storage, directory, () => storage.putStream('shop/object', chunks(bytes)));
      await storage.createExclusive('shop/small', Buffer.from('x'));
    });
  });
});

describe('a file system that cannot be written', () => {
  it('is unreachable, not full, and still read', async () => {
    await withMount(1024 * 1024, async (directory) => {
      const storage = createLocalStorage(directory);
      await storage.createExclusive('x', Buffer.from('x'));
      await run('mount', ['-o', 'remount,ro', directory]);
      await failing('RepositoryUnreachable', storage.createExclusive('y', Buffer.from('y')));
      await failing('RepositoryUnreachable', storage.remove('x'));
      expect((await storage.readSmall('x', 1)).toString()).toBe('x');
    });
  });
});
