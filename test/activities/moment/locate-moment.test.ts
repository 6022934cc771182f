import { beforeEach, describe, expect, it } from 'vitest';
import type { BackupManifest, PostgresBase } from '../../../src/domain/backup-manifest.ts';
import { parsePoint } from '../../../src/domain/point.ts';
import { formatLsn } from '../../../src/domain/wal/lsn.ts';
import { locateMoment, type LocatedMoment, type MomentRequest } from '../../../src/activities/moment/locate-moment.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../../support/failing.ts';
import { base as sampleBase, run, sampleManifest, storeArtifacts } from '../../repository/sample-manifest.ts';
import { MiB, segmentBytes, sourceOf } from '../../repository/wal-sample.ts';

const systemIdentifier = '7400000000000000001';
const now = Date.parse('2026-11-29T00:00:00Z');
const key = { service: 'shop', component: 'postgres', systemIdentifier, segmentSizeBytes: MiB };
const never = new AbortController().signal;
const at = (segment: number, offset = 0): string => formatLsn(BigInt(segment) * BigInt(MiB) + BigInt(offset));
const minute = (count: number): string => `2026-11-23T01:${String(count).padStart(2, '0')}:00.000000Z`;

let objects: Map<string, Uint8Array>;
let repository: Repository;
let claims = 0;

/** Commits a base backup from one segment's middle to another's, ended at that minute. */
async function takeBase(begin: number, end: number, endMinute: number, more: Partial<PostgresBase> & { readonly timeline?: number } = {}): Promise<BackupManifest> {
  claims += 1;
  const sample = sampleManifest('shop', await repository.claimBackup('shop', run(`base-${claims}`), Date.UTC(2026, 10, 23, 1, endMinute)));
  const { timeline = 1, ...rest } = more;
  const backup: PostgresBase = {
    ...sampleBase, snapshot: { at: minute(endMinute), lsn: at(end, 100), snapshot: `${endMinute}00:${endMinute}00:` }, range: { timeline, begin: at(begin, 40), end: at(end, 100), endAt: minute(endMinute) },
    cluster: { ...sampleBase.cluster, segmentSizeBytes: MiB }, ...rest,
  };
  const manifest = { ...sample, components: [backup, ...sample.components.slice(1)] };
  await storeArtifacts(repository, manifest);
  await repository.commitManifest(manifest);
  return manifest;
}

async function store(timeline: number, ...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const segment = { timeline, number: BigInt(number) };
    await repository.wal.storeSegment(key, segment, sourceOf(segmentBytes(segment, 0, key)), never);
  }
}

const locate = (text: string, more: Partial<MomentRequest> = {}): Promise<LocatedMoment> =>
  locateMoment(repository, { service: 'shop', component: 'postgres', point: parsePoint(text, now), inclusive: true, ...more });

beforeEach(async () => {
  objects = new Map();
  repository = createRepository('nas', createInMemoryStorage(objects));
  await repository.open();
});

describe('locateMoment', () => {
  let first: BackupManifest;
  let second: BackupManifest;
  beforeEach(async () => {
    first = await takeBase(2, 2, 10);
    second = await takeBase(5, 6, 20);
    await store(1, 2, 3, 4, 5, 6, 7, 8);
  });

  it('finds base, position and files of a time', async () => {
    const found = await locate('2026-11-23T02:15:00+01:00');
    expect(found).toMatchObject({ base: { backupId: first.backupId }, timeline: 1, inclusive: true, moment: { kind: 'time', at: minute(15) }, key });
    expect(found.files.map(({ name }) => name)).toEqual([2, 3, 4, 5, 6, 7, 8].map((number) => `0000000100000000${number.toString(16).toUpperCase().padStart(8, '0')}`));
    for (const { path, sizeBytes } of found.files) expect([objects.has(`shop/wal/postgres/${systemIdentifier}/${path}`), sizeBytes]).toEqual([true, MiB]);
  });

  it.each([['latest', 'second'], ['xid:2050', 'second'], ['xid:1500', 'first'], [`lsn:${at(7)}`, 'second'], [`lsn:${at(6)}`, 'first']])('%s begins with the %s base', async (text, which) => {
    expect((await locate(text)).base.backupId).toBe((which === 'first' ? first : second).backupId);
  });

  it('takes a backup for its own end, and a dump for where its snapshot stood', async () => {
    expect(await locate(`backup:${first.backupId}`, { inclusive: false })).toMatchObject({ base: { backupId: first.backupId }, moment: { kind: 'consistent' }, inclusive: true });
    const sample = sampleManifest('shop', await repository.claimBackup('shop', run('dump'), Date.UTC(2026, 10, 23, 1, 30)));
    const [dump, ...others] = sample.components;
    const manifest = { ...sample, components: [{ ...dump, snapshot: { at: minute(30), lsn: at(7, 5), snapshot: '1:1:' } }, ...others] } as BackupManifest;
    await storeArtifacts(repository, manifest);
    await repository.commitManifest(manifest);
    expect(await locate(`backup:${manifest.backupId}`)).toMatchObject({ base: { backupId: second.backupId }, moment: { kind: 'lsn', lsn: BigInt(7 * MiB + 5) }, inclusive: false });
  });

  it('takes the newest base\'s own end for the latest where the server went before its log was archived', async () => {
    const third = await takeBase(9, 9, 30);
    expect(await locate('latest', { inclusive: false })).toMatchObject({ base: { backupId: third.backupId }, moment: { kind: 'consistent', backupId: third.backupId }, inclusive: true, files: [] });
    await store(1, 9);
    expect(await locate('latest')).toMatchObject({ base: { backupId: third.backupId }, moment: { kind: 'latest' } });
  });

  it('needs no history of its timeline for a base backup\'s own end, however often it is asked', async () => {
    const other = await takeBase(9, 9, 30, { timeline: 4 });
    for (const more of [{}, { timeline: 4 }]) expect(await locate(`backup:${other.backupId}`, more)).toMatchObject({ base: { backupId: other.backupId }, timeline: 4, moment: { kind: 'consistent' } });
    expect((await failing('PointUnreachable', locate(`backup:${other.backupId}`, { timeline: 5 }))).fields.cause).toContain('timeline 5');
  });

  it('takes a mark for everything before it, whatever was asked', async () => {
    await repository.recordMark('shop', { format: 1, name: 'before-deploy', component: 'postgres', systemIdentifier, timeline: 1, lsn: at(7, 64), at: minute(25) });
    for (const inclusive of [true, false]) expect(await locate('mark:before-deploy', { inclusive })).toMatchObject({ base: { backupId: second.backupId }, moment: { kind: 'lsn', lsn: BigInt(7 * MiB + 64) }, inclusive: false });
    expect((await failing('PointUnreachable', locate('mark:before-lunch'))).fields.hint).toContain('before-deploy');
    await failing('AlreadyExists', repository.recordMark('shop', { format: 1, name: 'before-deploy', component: 'postgres', systemIdentifier, timeline: 1, lsn: at(8), at: minute(26) }));
  });

  it('finds the way to a mark behind which nothing is archived yet: all there is lies before it (landing.ts)', async () => {
    await repository.recordMark('shop', { format: 1, name: 'last', component: 'postgres', systemIdentifier, timeline: 1, lsn: at(9), at: minute(25) });
    expect(await locate('mark:last')).toMatchObject({ moment: { kind: 'lsn', lsn: BigInt(9 * MiB) }, coverage: { end: BigInt(9 * MiB) } });
    expect(await locate(`lsn:${at(9)}`)).toMatchObject({ inclusive: true });
    await store(1, 9);
    expect(await locate('mark:last')).toMatchObject({ moment: { kind: 'lsn', lsn: BigInt(9 * MiB) } });
  });

  it('refuses a mark of another cluster', async () => {
    await repository.recordMark('shop', { format: 1, name: 'old', component: 'postgres', systemIdentifier: '7400000000000000002', timeline: 1, lsn: at(7), at: minute(25) });
    expect((await failing('PointUnreachable', locate('mark:old'))).fields.cause).toContain('7400000000000000002');
  });

  it('refuses what lies before the first base, behind the end, or behind a gap, and says what is nearest', async () => {
    expect((await failing('PointUnreachable', locate(minute(9)))).fields.cause).toContain(minute(10));
    expect((await failing('PointUnreachable', locate(`lsn:${at(12)}`))).fields.hint).toContain(`lsn:${at(9)}`);
    await store(1, 10, 11, 12);
    expect((await failing('PointUnreachable', locate(`lsn:${at(12)}`))).fields.cause).toContain('000000010000000000000009');
  });

  it('names whichever segment is missing between base and moment, and begins with a later base where one leads past it', async () => {
    const paths = [2, 3, 4, 5, 6, 7, 8].map((number) => [number, [...objects.keys()].find((path) => path.includes(`00000001000000000000000${number}`)) as string] as const);
    for (const [number, path] of paths) {
      const bytes = objects.get(path) as Uint8Array;
      objects.delete(path);
      expect((await failing('PointUnreachable', locate(`lsn:${at(8, 5)}`, { base: first.backupId }))).fields.cause).toContain(`00000001000000000000000${number}`);
      if (number < 5) expect((await locate(`lsn:${at(8, 5)}`)).base.backupId).toBe(second.backupId);
      else await failing('PointUnreachable', locate(`lsn:${at(8, 5)}`));
      objects.set(path, bytes);
    }
    expect((await locate(`lsn:${at(8, 5)}`, { base: first.backupId })).files).toHaveLength(7);
  });

  it('passes over a base whose manifest cannot be believed', async () => {
    const path = `shop/backups/${second.backupId}/manifest.json`;
    objects.set(path, Buffer.from(Buffer.from(objects.get(path) as Uint8Array).toString().replace('"sequence":2', '"sequence":3')));
    expect((await locate('latest')).base.backupId).toBe(first.backupId);
  });

  it('begins with an incremental one while all that it stands on is there, else with an older one', async () => {
    const linkTo = async ({ backupId }: BackupManifest) => ({ backupId, sha256: (await repository.readManifest('shop', backupId)).sha256 });
    const third = await takeBase(7, 7, 30, { chain: [await linkTo(second)] });
    const located = async (): Promise<string> => (await locate('latest')).base.backupId;
    expect(await located()).toBe(third.backupId);
    const file = `shop/backups/${second.backupId}/${sampleBase.artifacts[0]?.path}`;
    const bytes = objects.get(file) as Uint8Array;
    objects.set(file, Buffer.alloc(1));
    expect(await located()).toBe(second.backupId);
    expect((await failing('PointUnreachable', locate('latest', { base: 'none' }))).fields.cause).not.toContain('passed over');
    objects.set(file, bytes);
    expect(await located()).toBe(third.backupId);
    // Named, it is what is meant, and the recovery says what it lacks.
    objects.delete(file);
    expect((await locate(`backup:${third.backupId}`)).base.backupId).toBe(third.backupId);
    objects.set(file, bytes);
    objects.delete(`shop/backups/${second.backupId}/manifest.json`);
    expect(await located()).toBe(first.backupId);
  });

  it('refuses the archive of another cluster than the live one, and takes the live one\'s where both are there', async () => {
    expect((await failing('PointUnreachable', locate('latest', { systemIdentifier: '7400000000000000009' }))).fields.cause).toContain('7400000000000000009');
    const other = await takeBase(1, 1, 40, { server: { ...sampleBase.server, systemIdentifier: '7400000000000000009' } });
    expect((await locate('latest', { systemIdentifier })).base.backupId).toBe(second.backupId);
    expect(await locate('latest', { systemIdentifier: '7400000000000000009' })).toMatchObject({ base: { backupId: other.backupId }, moment: { kind: 'consistent' }, files: [] });
  });
});

describe('over a switch of timelines', () => {
  const history = `1\t${at(4, 4096)}\tbefore 2026-11-23\n`;

  beforeEach(async () => {
    await takeBase(2, 2, 10);
    await store(1, 2, 3, 4, 5, 6);
    await store(2, 4, 5);
    await repository.wal.storeHistory(key, 2, history);
  });

  it('follows the youngest, from its own file of the segment in which it begins', async () => {
    const found = await locate('latest');
    expect(found.timeline).toBe(2);
    expect(found.files.map(({ name }) => name)).toEqual(['00000002.history', '000000010000000000000002', '000000010000000000000003', '000000020000000000000004', '000000020000000000000005']);
    expect(found.coverage.end).toBe(BigInt(6 * MiB));
  });

  it('follows none that was left again: a base backup taken since lies on the old one; unless the live server is on it', async () => {
    await takeBase(6, 6, 30);
    expect(await locate('latest')).toMatchObject({ timeline: 1, base: { backup: { range: { begin: at(6, 0x28) } } } });
    expect(await locate('latest', { liveTimeline: 2 })).toMatchObject({ timeline: 2, base: { backup: { range: { begin: at(2, 0x28) } } } });
    expect((await failing('PointUnreachable', locate('latest', { liveTimeline: 3 }))).fields.hint).toContain('1, 2');
  });

  it('follows the old one where that is asked for', async () => {
    const found = await locate('latest', { timeline: 1 });
    // All histories are given, so that a new timeline takes no number of theirs; of the log only its own.
    expect(found.files.map(({ name }) => name.slice(0, 8))).toEqual(['00000002', ...Array(5).fill('00000001')]);
    expect(found.coverage.end).toBe(BigInt(7 * MiB));
  });

  it('takes a mark on the timeline that it was made on, wherever the others have got to since', async () => {
    const mark = (name: string, timeline: number, lsn: string) => repository.recordMark('shop', { format: 1, name, component: 'postgres', systemIdentifier, timeline, lsn, at: minute(25) });
    await mark('before', 1, at(4, 4096));
    await mark('undone', 1, at(4, 8192));
    await mark('after', 2, at(4, 8192));
    const found = async (name: string, more: Partial<MomentRequest> = {}): Promise<unknown> => {
      const { timeline, files } = await locate(`mark:${name}`, more);
      return [timeline, files.at(-1)?.name];
    };
    expect(await found('before')).toEqual([2, '000000020000000000000005']);
    expect(await found('before', { timeline: 1 })).toEqual([1, '000000010000000000000006']);
    expect(await found('after')).toEqual([2, '000000020000000000000005']);
    // The same position on both: on the youngest it would be another moment.
    expect(await found('undone')).toEqual([1, '000000010000000000000006']);
    expect((await failing('PointUnreachable', found('undone', { timeline: 2 }))).fields.hint).toContain('--timeline 1');
    expect((await failing('PointUnreachable', found('after', { timeline: 1 }))).fields.hint).toContain('--timeline 2');
  });

  it('refuses a timeline of which the archive knows nothing', async () => {
    expect((await failing('PointUnreachable', locate('latest', { timeline: 3 }))).fields.hint).toContain('1, 2');
    await store(3, 9);
    expect((await failing('PointUnreachable', locate('latest'))).fields.cause).toContain('timeline 3');
  });
});

it('says that there is no base where there is none', async () => {
  expect((await failing('PointUnreachable', locate('latest'))).fields.hint).toContain('backup --kind base');
});
