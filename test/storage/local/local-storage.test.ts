import { createHash } from 'node:crypto';
import { mkdtemp, mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalStorage, type LocalStorageOptions } from '../../../src/storage/local/local-storage.ts';
import type { BackupStorage } from '../../../src/storage/storage.ts';
import { failing } from '../../support/failing.ts';
import { describeStorage, type StorageUnderTest } from '../../suites/storage-suite.ts';

async function inDirectory(options: LocalStorageOptions): Promise<StorageUnderTest & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast test storage '));
  return { directory, storage: createLocalStorage(directory, options), remove: () => rm(directory, { recursive: true, force: true }) };
}

describeStorage('a directory', () => inDirectory({}));
describeStorage('a directory that is told to do without hard links', () => inDirectory({ withoutLinks: true }));

describe('a directory as a storage', () => {
  let made: Awaited<ReturnType<typeof inDirectory>>;
  let storage: BackupStorage;
  beforeEach(async () => {
    made = await inDirectory({});
    storage = made.storage;
  });
  afterEach(() => made.remove());

  const list = async (prefix: string): Promise<number> => {
    let count = 0;
    for await (const _ of storage.list(prefix)) count += 1;
    return count;
  };

  describe('that is not there', () => {
    it.each(['away', 'a file'])('is said to be so by every method (%s)', async (what) => {
      await rm(made.directory, { recursive: true });
      if (what === 'a file') await writeFile(made.directory, '');
      const calls: (() => Promise<unknown>)[] = [
        () => list(''), () => list('shop'), () => storage.listNames(''), () => storage.listNames('shop/backups'), () => storage.usedBytes(''), () => storage.stat('x'), () => storage.openRead('x'), () => storage.digest('x'),
        () => storage.readSmall('x', 1), () => storage.createExclusive('x', Buffer.from('x')), () => storage.putStream('a/x', Readable.from(['x'])), () => storage.attemptDirectory('a/b'),
        () => storage.adopt('x'), () => storage.hostPath('x'), () => storage.removeTree('a'), () => storage.remove('a'), () => storage.removeTemporaries([], 0),
      ];
      for (const call of calls) await failing('RepositoryUnreachable', call);
      expect(what === 'away' && await stat(made.directory).then(() => true, () => false)).toBe(false);
    });

    it('may be a link to where the disk is mounted', async () => {
      const real = `${made.directory}/real`;
      await mkdir(real);
      await symlink(real, `${made.directory}/link`);
      storage = createLocalStorage(`${made.directory}/link`);
      await storage.createExclusive('a/b', Buffer.from('x'));
      expect(await list('')).toBe(1);
    });
  });

  describe('with something foreign in it', () => {
    it('follows no link to a file', async () => {
      await storage.createExclusive('shop/real', Buffer.from('x'));
      await symlink('/etc/hostname', join(made.directory, 'shop/link'));
      for (const call of [() => storage.stat('shop/link'), () => storage.openRead('shop/link'), () => storage.digest('shop/link'), () => storage.readSmall('shop/link', 999), () => storage.hostPath('shop/link'), () => storage.adopt('shop/link'), () => list(''), () => storage.usedBytes('shop'), () => storage.remove('shop/link')]) {
        await failing('RepositoryDamaged', call);
      }
    });

    it('follows no link to a directory, neither to read nor to write nor to remove', async () => {
      const outside = await inDirectory({});
      await outside.storage.createExclusive('kept/file', Buffer.from('x'));
      await mkdir(join(made.directory, 'shop'));
      await symlink(outside.directory, join(made.directory, 'shop/link'));
      const calls: (() => Promise<unknown>)[] = [
        () => storage.stat('shop/link/kept/file'), () => storage.openRead('shop/link/kept/file'), () => storage.digest('shop/link/kept/file'), () => storage.listNames('shop/link'), () => list('shop/link/kept'), () => storage.createExclusive('shop/link/new', Buffer.from('x')),
        () => storage.putStream('shop/link/kept/new', Readable.from(['x'])), () => storage.attemptDirectory('shop/link/a'), () => storage.remove('shop/link/kept/file'), () => storage.removeTree('shop/link/kept'), () => storage.removeTree('shop/link'),
      ];
      for (const call of calls) await failing('RepositoryDamaged', call);
      expect(await outside.storage.listNames('kept')).toEqual(['file']);
      expect(await outside.storage.listNames('')).toEqual(['kept']);
      await outside.remove();
    });

    it('takes no directory for an object', async () => {
      await mkdir(join(made.directory, 'shop/manifest.json'), { recursive: true });
      expect(await storage.stat('shop/manifest.json')).toBeNull();
      await failing('ObjectNotFound', storage.readSmall('shop/manifest.json', 10));
      await failing('AlreadyExists', storage.createExclusive('shop/manifest.json', Buffer.from('x')));
    });
  });

  describe('with an attempt directory', () => {
    const bytes = Buffer.alloc(3_000_000, 'dump');

    it('lets a helper write there, and adopts what it wrote', async () => {
      const directory = await storage.attemptDirectory('shop/backups/1/postgres/a1');
      expect(directory).toBe(join(made.directory, 'shop/backups/1/postgres/a1'));
      expect(await storage.attemptDirectory('shop/backups/1/postgres/a1')).toBe(directory);
      await writeFile(join(directory as string, 'dump.tar'), bytes);
      expect(await storage.adopt('shop/backups/1/postgres/a1/dump.tar')).toEqual({ sizeBytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') });
      expect(await storage.hostPath('shop/backups/1/postgres/a1/dump.tar')).toBe(join(directory as string, 'dump.tar'));
    });

    it('adopts nothing that is not there, and stops when it is told to', async () => {
      await failing('ObjectNotFound', storage.adopt('shop/backups/1/postgres/a1/dump.tar'));
      await storage.createExclusive('large', bytes);
      const reason = new Error('cancelled');
      await expect(storage.adopt('large', AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });

  it('leaves no temporary file behind, whatever happened', async () => {
    await storage.createExclusive('a/b', Buffer.from('x'));
    await failing('AlreadyExists', storage.createExclusive('a/b', Buffer.from('x')));
    await expect(storage.putStream('c', Readable.from((async function* () {
      yield 'x';
      throw new Error('broken');
    })()))).rejects.toThrow('broken');
    expect(await readdir(join(made.directory, '.tmp'))).toEqual([]);
  });

  describe('with what dead writers left', () => {
    const left = async (name: string, ageMs = 0, bytes = 'x'): Promise<void> => {
      const path = join(made.directory, '.tmp', name);
      await mkdir(join(made.directory, '.tmp'), { recursive: true });
      await writeFile(path, bytes);
      const then = new Date(Date.now() - ageMs);
      await utimes(path, then, then);
    };
    const temporaries = (): Promise<readonly string[]> => readdir(join(made.directory, '.tmp'));

    it('tells a run from one whose id begins alike, and the young from the old', async () => {
      for (const name of ['run-a.1', 'run-a.1.now', 'run-ab.2', 'unmarked', 'run-b.run-a.3']) await left(name);
      for (const name of ['run-c.old', 'old']) await left(name, 120_000);
      expect(await storage.removeTemporaries(['run-a'], 60_000)).toBe(4);
      expect(await temporaries()).toEqual(['run-ab.2', 'run-b.run-a.3', 'unmarked']);
    });

    it('leaves alone what it did not write itself', async () => {
      await left('run-a.1');
      await mkdir(join(made.directory, '.tmp/run-a.directory'));
      await symlink('/etc/hostname', join(made.directory, '.tmp/run-a.link'));
      await storage.removeTemporaries(['run-a'], 0);
      expect(await temporaries()).toEqual(['run-a.directory', 'run-a.link']);
      await rm(join(made.directory, '.tmp'), { recursive: true });
      const outside = await inDirectory({});
      await writeFile(join(outside.directory, 'run-a.1'), 'x');
      await symlink(outside.directory, join(made.directory, '.tmp'));
      await failing('RepositoryDamaged', storage.removeTemporaries(['run-a'], 0));
      expect(await readdir(outside.directory)).toEqual(['run-a.1']);
      await outside.remove();
    });

    it('removes the claim that a dead writer held, and no other', async () => {
      await mkdir(join(made.directory, 'shop'));
      for (const [name, token] of [['x', 'mine'], ['y', 'another']]) await writeFile(join(made.directory, `shop/${name}.claim`), token as string);
      await writeFile(join(made.directory, 'shop/x.claim.mine'), 'aside');
      for (const name of ['x', 'y', 'z']) await left(`run-a.${name}.claim`, 0, `mine\nshop/${name}.claim`);
      for (const [name, text] of [['half', 'mi'], ['empty', ''], ['hostile', 'mine\n../x.claim'], ['object', 'mine\nshop/object']]) await left(`run-a.${name}.claim`, 0, text);
      await storage.createExclusive('shop/object', Buffer.from('mine'));
      await storage.removeTemporaries(['run-a'], 60_000);
      expect([await readdir(join(made.directory, 'shop')), await temporaries()]).toEqual([['object', 'y.claim'], []]);
    });

    it('removes the claim into which a dead writer had not written yet, and not one that a living writer is just writing', async () => {
      await mkdir(join(made.directory, 'shop'));
      for (const [name, text] of [['empty', ''], ['half', 'mi'], ['living', '']]) {
        await writeFile(join(made.directory, `shop/${name}.claim`), text as string);
        await left(`run-a.${name}.claim`, 0, `mine\nshop/${name}.claim`);
      }
      const removing = storage.removeTemporaries(['run-a'], 60_000);
      await writeFile(join(made.directory, 'shop/living.claim'), 'another');
      await removing;
      expect([await readdir(join(made.directory, 'shop')), await temporaries()]).toEqual([['living.claim'], []]);
    });
  });

  it('closes what is read only in part', async () => {
    await storage.createExclusive('large', Buffer.alloc(5_000_000));
    const stream = await storage.openRead('large');
    for await (const chunk of stream) {
      expect((chunk as Buffer).byteLength).toBeGreaterThan(0);
      break;
    }
    expect(stream.destroyed).toBe(true);
    (await storage.openRead('large')).destroy();
  });

  it('goes on reading an object whose directory was moved meanwhile', async () => {
    await storage.createExclusive('a/b', Buffer.from('x'));
    const stream = await storage.openRead('a/b');
    await rename(join(made.directory, 'a'), join(made.directory, 'moved'));
    expect((await stream.toArray()).map(String)).toEqual(['x']);
  });
});

describe('a claim, where there are no hard links', () => {
  let made: Awaited<ReturnType<typeof inDirectory>>;
  beforeEach(async () => {
    made = await inDirectory({ withoutLinks: true });
    await writeFile(join(made.directory, 'x.claim'), 'another writer');
  });
  afterEach(() => made.remove());

  it('of a living writer keeps others away, and is not seen', async () => {
    await failing('RepositoryUnreachable', made.storage.createExclusive('x', Buffer.from('x')));
    expect(await made.storage.listNames('')).toEqual([]);
    expect(await readdir(made.directory)).toEqual(['.tmp', 'x.claim']);
    await rm(join(made.directory, 'x.claim'));
    await made.storage.createExclusive('x', Buffer.from('x'));
  });

  it('of a dead writer is taken over, by one of many', async () => {
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(join(made.directory, 'x.claim'), longAgo, longAgo);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, writer) => made.storage.createExclusive('x', Buffer.from(String(writer)))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(made.directory)).toEqual(['.tmp', 'x']);
    expect(await readdir(join(made.directory, '.tmp'))).toEqual([]);
  });
});
