import { beforeEach, expect, it } from 'vitest';
import type { Segment } from '../../src/domain/wal/segment.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { dyingStorage, type DyingStorage } from './dying-storage.ts';
import { run } from './sample-manifest.ts';

const log = { service: 'shop', component: 'postgres', systemIdentifier: '7400000000000000001' };
const by = { at: '2026-11-23T04:00:00.000Z', run: run('prune') };
let objects: Map<string, Uint8Array>;
let dying: DyingStorage;
let repository: Repository;

beforeEach(() => {
  objects = new Map();
  dying = dyingStorage(createInMemoryStorage(objects));
  repository = createRepository('nas', dying.storage);
});

const segments = (timeline: number, ...numbers: number[]): readonly Segment[] => numbers.map((number) => ({ timeline, number: BigInt(number) }));
const marked = async (): Promise<readonly string[]> => (await repository.trash.markedSegments(log)).map(({ timeline, number, trashedUpTo }) => `${timeline}/${number} at ${trashedUpTo}`).sort();

it('keeps marks of segments, each with the newest plan that put it there', async () => {
  expect(await marked()).toEqual([]);
  await repository.trash.markSegments(log, [...segments(1, 1, 2, 3, 7), ...segments(2, 7)], 4);
  await repository.trash.markSegments(log, segments(1, 3, 4), 9);
  expect(await marked()).toEqual(['1/1 at 4', '1/2 at 4', '1/3 at 9', '1/4 at 9', '1/7 at 4', '2/7 at 4']);
  await repository.trash.unmarkSegments(log, segments(1, 2, 3, 4));
  expect(await marked()).toEqual(['1/1 at 4', '1/7 at 4', '2/7 at 4']);
  await repository.trash.unmarkSegments(log, [...segments(1, 1, 7), ...segments(2, 7)]);
  expect([await marked(), [...objects.keys()].filter((path) => path.includes('/trash/'))]).toEqual([[], []]);
});

it('never loses a mark, and never keeps one, wherever it is killed', async () => {
  let kills = 0;
  for (const when of ['before', 'after'] as const) {
    for (let atCall = 1, isDone = false; !isDone; atCall += 1) {
      objects.clear();
      dying.arm(null);
      repository = createRepository('nas', dying.storage);
      await repository.trash.markSegments(log, segments(1, 1, 2, 3), 4);
      await repository.trash.markSegments(log, segments(1, 4, 5), 5);
      dying.arm({ atCall, when });
      isDone = await repository.trash.unmarkSegments(log, segments(1, 2, 4)).then(() => true, () => false);
      kills += isDone ? 0 : 1;
      dying.arm(null);
      expect(await marked()).toEqual(expect.arrayContaining(['1/1 at 4', '1/3 at 4', '1/5 at 5']));
      await repository.trash.unmarkSegments(log, segments(1, 2, 4));
      expect(await marked()).toEqual(['1/1 at 4', '1/3 at 4', '1/5 at 5']);
    }
  }
  expect(kills).toBeGreaterThan(10);
});

it('finds the plan and the marks that took the place of what was listed', async () => {
  let happens: (() => Promise<unknown>) | null = null;
  const replaced = createRepository('nas', new Proxy(dying.storage, { get: (target, name) => (name !== 'readSmall' ? Reflect.get(target, name) as unknown : async (path: string, maxBytes: number) => {
    const now = happens;
    happens = null;
    await now?.();
    return target.readSmall(path, maxBytes);
  }) }));
  await repository.trash.recordPlan('shop', { upTo: 3, newest: '20261123-010000', takenBack: [] }, by);
  happens = () => repository.trash.recordPlan('shop', { upTo: 4, newest: '20261124-010000', takenBack: [] }, by);
  expect(await replaced.trash.lastPlan('shop')).toMatchObject({ upTo: 4 });
  await repository.trash.markSegments(log, segments(1, 1, 2, 3), 4);
  happens = () => repository.trash.unmarkSegments(log, segments(1, 2));
  expect((await replaced.trash.markedSegments(log)).map(({ number }) => number)).toEqual([1n, 3n]);
});

it('refuses what is no mark', async () => {
  await repository.trash.markSegments(log, segments(1, 1), 4);
  const [path] = [...objects.keys()].filter((each) => each.includes('/trash/'));
  objects.set(path as string, Buffer.from('{}'));
  await failing('RepositoryDamaged', repository.trash.markedSegments(log));
});

it('remembers the plan that was carried out last, and no other', async () => {
  expect(await repository.trash.lastPlan('shop')).toBeNull();
  await repository.trash.recordPlan('shop', { upTo: 3, newest: '20261123-010000', takenBack: [] }, by);
  await repository.trash.recordPlan('shop', { upTo: 4, newest: '20261124-010000', takenBack: ['20261122-010000'] }, by);
  expect(await repository.trash.lastPlan('shop')).toEqual({ upTo: 4, newest: '20261124-010000', takenBack: ['20261122-010000'] });
  expect([...objects.keys()].filter((path) => path.startsWith('shop/retention'))).toHaveLength(1);
  // As it was written before that was kept, and as nobody wrote it.
  await repository.trash.recordPlan('shop', { upTo: 5, newest: '20261125-010000', takenBack: [] }, by);
  expect([await repository.trash.lastPlan('shop'), Buffer.concat([...objects.values()]).includes('takenBack')]).toEqual([{ upTo: 5, newest: '20261125-010000', takenBack: [] }, false]);
  await repository.trash.recordPlan('shop', { upTo: 6, newest: '20261126-010000', takenBack: ['../20261122-010000'] }, by);
  await failing('RepositoryDamaged', repository.trash.lastPlan('shop'));
});
