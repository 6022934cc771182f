import { beforeEach, describe, expect, it } from 'vitest';
import { reachableMoments, type ReachableRequest } from '../../../src/activities/moment/reachable-moments.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { formatLsn } from '../../../src/domain/wal/lsn.ts';
import type { ReachableMoments } from '../../../src/domain/wal/reachable.ts';
import { createInMemoryStorage } from '../../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../../support/failing.ts';
import { committed } from '../../repository/sample-manifest.ts';
import { storeBase, storeSegments } from '../../repository/sample-log.ts';
import { MiB } from '../../repository/wal-sample.ts';

const systemIdentifier = '7400000000000000001';
const other = '7400000000000000009';
const position = (segment: number, offset = 0): bigint => BigInt(segment) * BigInt(MiB) + BigInt(offset);
const minute = (count: number): string => `2026-11-23T01:${String(count).padStart(2, '0')}:00.000000Z`;

let objects: Map<string, Uint8Array>;
let repository: Repository;
beforeEach(async () => {
  objects = new Map();
  repository = createRepository('nas', createInMemoryStorage(objects));
  await repository.open();
});

const takeBase = async (begin: number, end: number, endMinute: number, more: { cluster?: string; timeline?: number } = {}): Promise<string> =>
  (await storeBase(repository, 'shop', { begin, end, endAt: minute(endMinute), systemIdentifier: more.cluster ?? systemIdentifier, ...more })).backupId;
const keyOf = (cluster: string) => ({ service: 'shop', component: 'postgres', systemIdentifier: cluster, segmentSizeBytes: MiB });
const store = (numbers: readonly number[], { cluster = systemIdentifier, timeline = 1 } = {}): Promise<void> => storeSegments(repository, keyOf(cluster), numbers, timeline);

const reached = (more: Partial<ReachableRequest> = {}): Promise<ReachableMoments | null> => reachableMoments(repository, { service: 'shop', component: 'postgres', ...more });
const spans = (moments: ReachableMoments | null): unknown => moments?.windows.map(({ begin, end, gap }) => [begin.at, Number(end.lsn / BigInt(MiB)), end.at, gap === null ? null : Number(gap.number)]);

describe('reachableMoments', () => {
  it('is nothing without a base backup, and no window where its log is not archived', async () => {
    expect(await reached()).toBeNull();
    await committed(repository, 'shop', 'dump');
    expect(await reached()).toBeNull();
    const backupId = await takeBase(2, 2, 10);
    expect(await reached()).toEqual({ systemIdentifier, segmentSizeBytes: MiB, timeline: 1, historyKnown: true, windows: [], newest: { backupId, complete: false, gap: null } });
    await store([4]);
    expect(await reached()).toMatchObject({ windows: [], newest: { complete: false, gap: { timeline: 1, number: 2n } } });
    await failing('PointUnreachable', reached({ systemIdentifier: other }));
  });

  it('is told by base backups, log, and the newest reading within it', async () => {
    await takeBase(2, 2, 10);
    await takeBase(5, 6, 20);
    await store([2, 3, 5, 6, 7]);
    expect(spans(await reached())).toEqual([[minute(10), 4, minute(10), 4], [minute(20), 8, minute(20), null]]);
    await repository.wal.storeSamples(keyOf(systemIdentifier), [{ at: minute(12), lsn: position(3, 5) }, { at: minute(14), lsn: position(4, 5) }]);
    await repository.wal.storeSamples(keyOf(systemIdentifier), [{ at: minute(25), lsn: position(7, 5) }, { at: minute(26), lsn: position(8, 5) }]);
    expect(spans(await reached())).toEqual([[minute(10), 4, minute(12), 4], [minute(20), 8, minute(25), null]]);
    const asked: string[] = [];
    const known = await reached({ samples: async (cluster) => (asked.push(cluster), [{ at: minute(27), lsn: position(8) }, { at: minute(28), lsn: position(8, 1) }]) });
    expect([asked, spans(known)]).toEqual([[systemIdentifier], [[minute(10), 4, minute(12), 4], [minute(20), 8, minute(27), null]]]);
  });

  it('finds the reading of an old window among very many that came later', async () => {
    await takeBase(2, 2, 10);
    await takeBase(5, 5, 20);
    await store([2, 3, 5, 6]);
    for (let batch = 0; batch < 60; batch += 1) await repository.wal.storeSamples(keyOf(systemIdentifier), [{ at: `2026-11-23T01:${12 + Math.floor(batch / 10)}:0${batch % 10}.000000Z`, lsn: position(3, batch * 100_000) }]);
    expect(spans(await reached())).toEqual([[minute(10), 4, '2026-11-23T01:13:00.000000Z', 4], [minute(20), 7, minute(20), null]]);
  });

  it('is of the cluster of the newest base backup, or of the live one where that is known', async () => {
    await takeBase(2, 2, 10);
    await store([2, 3]);
    await takeBase(1, 1, 30, { cluster: other });
    await store([1, 2, 3, 4], { cluster: other });
    expect(await reached()).toMatchObject({ systemIdentifier: other });
    expect(spans(await reached())).toEqual([[minute(30), 5, minute(30), null]]);
    expect(spans(await reached({ systemIdentifier }))).toEqual([[minute(10), 4, minute(10), null]]);
  });

  it('follows the youngest timeline, and says what is wrong with the archive', async () => {
    await takeBase(2, 2, 10);
    await store([2, 3, 4, 5, 6]);
    await repository.wal.storeHistory(keyOf(systemIdentifier), 2, `1\t${formatLsn(position(4, 4096))}\tbefore\n`);
    await store([4], { timeline: 2 });
    expect(await reached()).toMatchObject({ timeline: 2, windows: [{ timeline: 2, end: { lsn: position(5) }, gap: null }] });
    await store([7], { timeline: 3 });
    expect(await reached()).toMatchObject({ timeline: 3, historyKnown: false, windows: [], newest: null });
    objects.set(`shop/wal/postgres/${systemIdentifier}/stranger`, Buffer.from('x'));
    await failing('RepositoryDamaged', reached());
  });
});
