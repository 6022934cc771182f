/** Backup, proof, restore, undo: on the kinds of Redis that people run. */
import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { RedisBackup } from '../../../src/domain/backup-manifest.ts';
import { cases } from '../../support/cases.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { contextOf, engine, restore, startRedis, testStore, type TestRedis, type TestStore, undo, variedData } from './redis-fixture.ts';

const docker = useDocker();
const options = { contentHashes: true, jobs: 2 };
let store: TestStore | undefined;

afterEach(() => store?.remove());

/** With one key more, which lives still when the snapshot has come: on a slow machine it needs a longer life. */
async function backUpWhileItLives(redis: TestRedis, { destination, file }: TestStore, notes: Notes): Promise<{ readonly backup: RedisBackup; readonly begunMs: number; readonly lifeMs: number }> {
  for (let lifeMs = 6_000; lifeMs <= 48_000; lifeMs *= 2) {
    const seen: string[] = [];
    const adopt: typeof destination.adopt = async (name) => {
      seen.push(await redis.cli('EXISTS', 'soon'));
      return destination.adopt(name);
    };
    await redis.cli('SET', 'soon', 'gone', 'PX', String(lifeMs));
    const begunMs = Date.now();
    const backup = await engine.backUp(contextOf(docker, notes), redis.component, { ...destination, adopt }, options) as RedisBackup;
    if (seen.at(-1) === '1') return { backup, begunMs, lifeMs };
    await rm(file);
  }
  throw new Error('no snapshot came while the key lived');
}

type Kind = readonly [name: string, image: string, args: readonly string[], further: boolean];

const always: readonly Kind[] = [
  ['redis:8, AOF on, save points', 'redis:8', ['--appendonly', 'yes'], true],
  ['redis:7, AOF on', 'redis:7', ['--appendonly', 'yes'], false],
  ['valkey:8, AOF off', 'valkey/valkey:8', [], false],
];
const long: readonly Kind[] = [
  ['redis:8, AOF on, no save points', 'redis:8', ['--appendonly', 'yes', '--save', ''], false],
  ['redis:8, AOF off, save points', 'redis:8', [], false],
  ['redis:8, AOF off, no save points', 'redis:8', ['--save', ''], true],
  ['redis:8 of Alpine, AOF on', 'redis:8-alpine', ['--appendonly', 'yes'], false],
  ['valkey:8, AOF on', 'valkey/valkey:8', ['--appendonly', 'yes'], false],
];

describe('round trip', () => {
  cases(always, long)('%s', async ([, image, args, further]) => {
    store = await testStore();
    const notes: Notes = new Map();
    const redis = await startRedis(docker, { image, args });
    await redis.feed(variedData());
    const before = await engine.readContent(contextOf(docker, notes, { run: 'look' }), redis.component, options);

    const facts = await engine.inspect(contextOf(docker, notes), redis.component, 'restore');
    expect(facts).toMatchObject({ running: true, empty: false, pinned: { volume: redis.volume, containerId: redis.id, identity: null } });
    // Lives while it is backed up, and is gone when it is restored: counted exactly, and not missed.
    const { backup, begunMs, lifeMs } = await backUpWhileItLives(redis, store, notes);
    const [first0, ...others] = before.engine === 'redis' ? before.databases : [];
    expect(backup.content.databases).toEqual([{ database: 0, keys: String(Number(first0?.keys) + 1), expires: '2' }, ...others]);
    expect(backup.content).toMatchObject({ databases: [{ database: 0, expires: '2' }, { database: 3, keys: '2', expires: '1' }, { database: 9, keys: '1', expires: '0' }], functions: '1', digest: expect.stringMatching(/^[0-9a-f]{40}$/) });
    // While it was taken, however long that took, as far as the two clocks agree.
    expect(Date.parse(backup.snapshot.at)).toBeGreaterThan(begunMs - 30_000);
    expect(Date.parse(backup.snapshot.at)).toBeLessThan(Date.now() + 30_000);
    expect(await redis.cli('CONFIG', 'GET', 'repl-diskless-sync-delay')).toBe('repl-diskless-sync-delay\n5');

    expect((await engine.verify(contextOf(docker, notes), backup, store.source)).sentence).toContain('keys');
    expect(await engine.prove(contextOf(docker, notes), backup, store.source)).toMatchObject({ verdict: 'proven', differences: [] });

    await vi.waitUntil(async () => (await redis.cli('EXISTS', 'soon')) === '0', { timeout: lifeMs + 10_000, interval: 100 });
    await redis.feed('FLUSHALL\nSET after disaster\nSELECT 5\nSET five 5');
    const lost = await engine.readContent(contextOf(docker, notes, { run: 'look' }), redis.component, options);
    const first = await restore(contextOf(docker, notes, { run: 'restore' }), redis, backup, store.source);
    expect(await redis.cli('GET', 'text')).toBe('hello');
    expect(await redis.cli('FCALL', 'answer', '0')).toBe('42');
    expect(await redis.cli('-n', '3', 'TTL', 'session')).toMatch(/^\d{3,}$/);
    expect(await redis.cli('XINFO', 'CONSUMERS', 'stream', 'readers')).toContain('one');
    expect(await redis.cli('EXISTS', 'after', 'soon')).toBe('0');
    await redis.feed('SET written-after-restore 1');

    const second = await undo(contextOf(docker, notes, { run: 'undo' }), redis, first);
    expect(await engine.readContent(contextOf(docker, notes, { run: 'look' }), redis.component, options)).toEqual(lost);
    if (!further) {
      await engine.discardRollback(contextOf(docker, notes, { run: 'accept' }), redis.component, second);
      return;
    }
    const third = await undo(contextOf(docker, notes, { run: 'undo-of-undo' }), redis, second);
    expect(await redis.cli('GET', 'written-after-restore')).toBe('1');
    expect(await redis.cli('GET', 'text')).toBe('hello');

    await redis.restart();
    expect(await redis.cli('GET', 'text')).toBe('hello');
    await redis.cli('BGREWRITEAOF');
    await engine.discardRollback(contextOf(docker, notes, { run: 'accept' }), redis.component, third);
    await engine.discardRollback(contextOf(docker, notes, { run: 'accept' }), redis.component, third);
    await expect(redis.exec('test', '-e', '/data/.holdfast')).rejects.toThrow();
    expect(await redis.cli('GET', 'text')).toBe('hello');
  });
});
