import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { partsOf } from '../../src/domain/retention/facts.ts';
import type { Done } from '../../src/domain/retention/records.ts';
import { checkChain } from '../../src/repository/check-chain.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { BackupStorage } from '../../src/storage/storage.ts';
import { failing } from '../support/failing.ts';
import { dyingStorage, type Death, type DyingStorage } from './dying-storage.ts';
import { committed, run } from './sample-manifest.ts';

const by: Done = { at: '2026-11-23T04:00:00.000Z', run: run('prune') };
const trashing = { upTo: 3, sound: true, by };

async function allOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const places: Record<string, () => Promise<{ readonly storage: BackupStorage; readonly remove: () => Promise<void> }>> = {
  async 'a directory'() {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-trash-'));
    return { storage: createLocalStorage(directory), remove: () => rm(directory, { recursive: true }) };
  },
  'an object store': async () => ({ storage: createInMemoryStorage(), remove: async () => undefined }),
};

describe.each(Object.keys(places))('the trash in %s', (place) => {
  let dying: DyingStorage;
  let repository: Repository;
  let remove: () => Promise<void>;
  let backups: readonly [BackupManifest, BackupManifest, BackupManifest];

  beforeEach(async () => {
    const made = await (places[place] as (typeof places)[string])();
    dying = dyingStorage(made.storage);
    remove = made.remove;
    repository = createRepository('nas', dying.storage);
    backups = [await committed(repository, 'shop', 'a'), await committed(repository, 'shop', 'b'), await committed(repository, 'shop', 'c')];
  });
  afterEach(() => remove());

  const filesOf = async (backupId: string): Promise<number> => (await allOf(dying.storage.list(`shop/backups/${backupId}`))).length;
  const inTrash = async () => Promise.all((await repository.trash.list('shop')).map((entry) => entry.read()));
  const trashed = async (): Promise<readonly string[]> => (await repository.trash.list('shop')).map(({ backupId }) => backupId);

  it('takes a backup out of every list, keeps its files, and gives it back as it was', async () => {
    const [, { backupId }] = backups;
    const before = await repository.readManifest('shop', backupId);
    await repository.trash.move('shop', backupId, trashing);
    await repository.trash.move('shop', backupId, trashing);
    expect(await repository.listBackups('shop')).toEqual([backups[0].backupId, backups[2].backupId]);
    await failing('UnknownBackup', repository.readManifest('shop', backupId));
    expect(await inTrash()).toEqual([{ ...before, trashedUpTo: 3, sound: true, by }]);
    expect(await filesOf(backupId)).toBe(3);
    expect(await checkChain(repository, 'shop')).toEqual({ checked: 2, unfinished: [], damaged: [] });

    expect(await repository.trash.bringBack('shop', backupId, by)).toBe('back');
    expect(await repository.trash.bringBack('shop', backupId, by)).toBe('back');
    expect(await repository.readManifest('shop', backupId)).toEqual(before);
    expect(await trashed()).toEqual([]);
  });

  it('remembers for ever what went for good, so that nobody misses it', async () => {
    const [{ backupId }, { backupId: second }] = backups;
    for (const id of [second, backupId]) {
      await repository.trash.move('shop', id, { ...trashing, sound: id === backupId });
      expect(await repository.trash.removeForGood('shop', id, by)).toBe('gone');
      expect(await filesOf(id)).toBe(0);
      await failing('UnknownBackup', repository.trash.bringBack('shop', id, by));
    }
    expect(await trashed()).toEqual([]);
    expect(await repository.trash.removed('shop')).toMatchObject([{ backupId, sequence: 1, sound: true, parts: partsOf(backups[0]) }, { backupId: second, sequence: 2, sound: false }]);
    expect(await checkChain(repository, 'shop')).toEqual({ checked: 1, unfinished: [], damaged: [] });
  });

  it('keeps its files from whoever clears up after backups that were never finished', async () => {
    const [{ backupId }] = backups;
    await repository.trash.move('shop', backupId, trashing);
    await repository.removeUncommitted('shop', backupId);
    expect(await filesOf(backupId)).toBe(3);
  });

  it('tells how long ago by the newest stay', async () => {
    const [{ backupId }] = backups;
    await repository.trash.move('shop', backupId, trashing);
    await repository.trash.bringBack('shop', backupId, by);
    await repository.trash.move('shop', backupId, { ...trashing, upTo: 7 });
    expect(await inTrash()).toMatchObject([{ trashedUpTo: 7 }]);
    expect(await repository.trash.removeForGood('shop', backupId, by)).toBe('gone');
  });

  it('leaves alone what is not in it', async () => {
    const [{ backupId }] = backups;
    await failing('UnknownBackup', repository.trash.removeForGood('shop', backupId, by));
    await failing('UnknownBackup', repository.trash.move('shop', '20200101-000000', trashing));
    expect(await filesOf(backupId)).toBe(4);
  });

  it('comes back or goes, and never both', async () => {
    const [{ backupId }, { backupId: second }] = backups;
    await repository.trash.move('shop', backupId, trashing);
    await repository.trash.move('shop', second, trashing);
    // Somebody takes it back while it is being removed.
    const ends = await Promise.all([repository.trash.removeForGood('shop', backupId, by).catch(() => 'gone'), repository.trash.bringBack('shop', backupId, by).catch(() => 'gone')]);
    await repository.trash.settle('shop', by);
    expect(new Set(ends).size).toBe(1);
    expect((await repository.listBackups('shop')).includes(backupId)).toBe(ends[0] === 'back');
    expect(await filesOf(backupId)).toBe(ends[0] === 'back' ? 4 : 0);
  });

  it.each([['before it says so', false], ['while it says so', true]])('has gone for who wants it back and is held up %s until it was removed', async (_when, isLate) => {
    const [{ backupId }] = backups;
    await repository.trash.move('shop', backupId, trashing);
    const create = dying.storage.createExclusive.bind(dying.storage);
    const slow = createRepository('nas', new Proxy(dying.storage, { get: (target, name) => (name !== 'createExclusive' ? Reflect.get(target, name) as unknown : async (path: string, bytes: Uint8Array) => {
      if (path.endsWith('.end.json')) await repository.trash.removeForGood('shop', backupId, by);
      if (path.endsWith('.end.json') && isLate) throw new HoldfastFailure('AlreadyExists', { operation: 'create an object', object: path, cause: 'it was there', hint: 'None.' });
      return create(path, bytes);
    }) }));
    expect(await slow.trash.bringBack('shop', backupId, by)).toBe('gone');
    expect([await filesOf(backupId), (await allOf(dying.storage.list('shop/trash'))).length, await repository.trash.removed('shop')]).toMatchObject([0, 0, [{ backupId }]]);
  });

  it('puts right what a mover does that was held up until the backup had come back', async () => {
    const [{ backupId }] = backups;
    const manifest = await repository.readManifest('shop', backupId);
    await repository.trash.move('shop', backupId, trashing);
    await repository.trash.bringBack('shop', backupId, by);
    await repository.storage.remove(`shop/backups/${backupId}/manifest.json`);
    await repository.trash.settle('shop', by);
    expect(await repository.readManifest('shop', backupId)).toEqual(manifest);
  });

  it('lets alone what somebody put back from a copy after it had gone for good', async () => {
    const [{ backupId }] = backups;
    const paths = await allOf(repository.storage.list(`shop/backups/${backupId}`));
    const copies = await Promise.all(paths.map(async ({ path }) => [path, await repository.storage.readSmall(path, 1_000_000)] as const));
    await repository.trash.move('shop', backupId, trashing);
    await repository.trash.removeForGood('shop', backupId, by);
    for (const [path, bytes] of copies) await repository.storage.createExclusive(path, bytes);
    await repository.trash.settle('shop', by);
    expect(await repository.listBackups('shop')).toContain(backupId);
    // And it can go again.
    await repository.trash.move('shop', backupId, trashing);
    expect(await repository.trash.removeForGood('shop', backupId, by)).toBe('gone');
    expect([await filesOf(backupId), await repository.trash.removed('shop')]).toMatchObject([0, [{ backupId }]]);
  });

  it('is no obstacle to who reads a list of what goes to it meanwhile', async () => {
    const [, , { backupId }] = backups;
    const stat = dying.storage.stat.bind(dying.storage);
    const moving = createRepository('nas', new Proxy(dying.storage, { get: (target, name) => (name !== 'stat' ? Reflect.get(target, name) as unknown : async (path: string) => {
      const found = await stat(path);
      // It goes as soon as it has been seen.
      if (path.endsWith(`${backupId}/manifest.json`) && found !== null) await repository.trash.move('shop', backupId, trashing);
      return found;
    }) }));
    expect((await moving.newestReadable('shop'))?.manifest.backupId).toBe(backups[1].backupId);
    await repository.trash.bringBack('shop', backupId, by);
    expect(await checkChain(moving, 'shop')).toMatchObject({ checked: 2, damaged: [] });
  });

  describe('while it goes for good', () => {
    /** The same repository, in which the backup goes for good in the moment before this call to its storage. */
    function going(backupId: string, call: 'readSmall' | 'listNames', at: RegExp): Repository {
      let isGone = false;
      return createRepository('nas', new Proxy(dying.storage, { get: (target, name) => (name !== call ? Reflect.get(target, name) as unknown : async (path: string, maxBytes: number) => {
        if (!isGone && at.test(path)) await repository.trash.removeForGood('shop', backupId, by);
        isGone ||= at.test(path);
        return call === 'readSmall' ? target.readSmall(path, maxBytes) : target.listNames(path);
      }) }));
    }

    it('is gone for who had listed it', async () => {
      const [{ backupId }] = backups;
      await repository.trash.move('shop', backupId, trashing);
      const [entry] = await repository.trash.list('shop');
      await repository.trash.removeForGood('shop', backupId, by);
      expect(await entry?.read()).toBeNull();
    });

    it('leaves no proof to who had listed them', async () => {
      const { manifest: { backupId }, sha256 } = await repository.readManifest('shop', backups[0].backupId);
      await repository.recordProof({ format: 1, service: 'shop', backupId, manifestSha256: sha256, verdict: 'proven', components: [], beganAt: by.at, finishedAt: by.at, run: by.run });
      await repository.trash.move('shop', backupId, trashing);
      expect(await going(backupId, 'readSmall', /\/proofs\//).listProofs('shop', backupId)).toEqual([]);
    });

    it('is missed by nobody who follows the chain', async () => {
      const [, { backupId }] = backups;
      await repository.trash.move('shop', backupId, trashing);
      expect(await checkChain(going(backupId, 'listNames', /^shop\/trash\/backups$/), 'shop')).toMatchObject({ checked: 2, damaged: [] });
    });

    it('is removed by another at the same time without a word', async () => {
      const [{ backupId }] = backups;
      await repository.trash.move('shop', backupId, trashing);
      // Both have decided, and the other one is through when this one is to read the record.
      let reads = 0;
      const late = createRepository('nas', new Proxy(dying.storage, { get: (target, name) => (name !== 'readSmall' ? Reflect.get(target, name) as unknown : async (path: string, maxBytes: number) => {
        if (path.endsWith('000000001.json') && path.includes('/trash/') && (reads += 1) === 1) await repository.trash.removeForGood('shop', backupId, by);
        return target.readSmall(path, maxBytes);
      }) }));
      expect([await late.trash.removeForGood('shop', backupId, by), reads]).toEqual(['gone', 1]);
      expect([await filesOf(backupId), await repository.trash.removed('shop')]).toMatchObject([0, [{ backupId }]]);
    });
  });

  describe('killed at every call', () => {
    /** Does the work again and again, killed at a later call each time, until it is through; looks at what was left, and at what comes of going on. */
    async function killedEverywhere(prepare: () => Promise<void>, work: () => Promise<unknown>, look: (isDone: boolean) => Promise<void>): Promise<number> {
      let kills = 0;
      for (const when of ['before', 'after'] as const) {
        for (let atCall = 1, isDone = false; !isDone; atCall += 1) {
          await prepare();
          dying.arm({ atCall, when } satisfies Death);
          isDone = await work().then(() => true, () => false);
          dying.arm(null);
          kills += isDone ? 0 : 1;
          await look(false);
          await repository.trash.settle('shop', by);
          await look(false);
          await work();
          await look(true);
          await work().catch(() => undefined);
          await look(true);
          await reset();
        }
      }
      return kills;
    }

    async function reset(): Promise<void> {
      await remove();
      const made = await (places[place] as (typeof places)[string])();
      dying = dyingStorage(made.storage);
      remove = made.remove;
      repository = createRepository('nas', dying.storage);
      backups = [await committed(repository, 'shop', 'a'), await committed(repository, 'shop', 'b'), await committed(repository, 'shop', 'c')];
    }

    /** Whole means: listed with everything that its manifest names. */
    async function isWhole(backupId: string): Promise<boolean> {
      const isListed = (await repository.listBackups('shop')).includes(backupId);
      const isTrashed = (await trashed()).includes(backupId);
      expect(isListed && isTrashed).toBe(false);
      if (isListed || isTrashed) expect(await filesOf(backupId)).toBe(isListed ? 4 : 3);
      if (isListed) await repository.readManifest('shop', backupId);
      return isListed;
    }

    it('a move leaves it here or there, and ends there', async () => {
      const kills = await killedEverywhere(async () => undefined, () => repository.trash.move('shop', backups[0].backupId, trashing), async (isDone) => {
        const isListed = await isWhole(backups[0].backupId);
        if (isDone) expect(isListed).toBe(false);
        expect((await trashed()).includes(backups[0].backupId)).toBe(!isListed);
      });
      expect(kills).toBeGreaterThan(12);
    });

    it('a return leaves it here or there, and ends here', async () => {
      const kills = await killedEverywhere(() => repository.trash.move('shop', backups[0].backupId, trashing), () => repository.trash.bringBack('shop', backups[0].backupId, by), async (isDone) => {
        const isListed = await isWhole(backups[0].backupId);
        if (isDone) expect(isListed).toBe(true);
      });
      expect(kills).toBeGreaterThan(6);
    });

    it('a removal leaves nothing that looks like a backup, and its record once it began', async () => {
      const kills = await killedEverywhere(() => repository.trash.move('shop', backups[0].backupId, trashing), async () => {
        // As whoever removes does: what is not in the trash any more is gone.
        if ((await trashed()).includes(backups[0].backupId)) await repository.trash.removeForGood('shop', backups[0].backupId, by);
      }, async (isDone) => {
        const isListed = await isWhole(backups[0].backupId);
        expect(isListed).toBe(false);
        const files = await filesOf(backups[0].backupId);
        if (files < 3) expect(await repository.trash.removed('shop')).toHaveLength(1);
        if (isDone) expect([files, await trashed()]).toEqual([0, []]);
        expect((await checkChain(repository, 'shop')).damaged).toEqual([]);
      });
      expect(kills).toBeGreaterThan(12);
    });
  });
});
