/** What a keeper remembers, and asks for, over hours: with a source that hands out what a day would bring. What it does to a real server: log-keeper.integration.test.ts. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { HoldfastFailure } from '../../../src/domain/failures.ts';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import { testTiming, type Timing } from '../../../src/domain/timing.ts';
import { keptSamples } from '../../../src/domain/wal/exposure.ts';
import { formatLsn } from '../../../src/domain/wal/lsn.ts';
import type { LetGo, ReceivedFile, ReceiverState, WalCluster, WalReading, WalSource } from '../../../src/engines/wal-source.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import type { WalKey } from '../../../src/repository/wal-archive.ts';
import { createInMemoryStorage } from '../../../src/storage/in-memory/in-memory-storage.ts';
import { createLogKeeper } from '../../../src/worker/wal/log-keeper.ts';

const segmentSizeBytes = 1024 * 1024;
const cluster: WalCluster = { systemIdentifier: '7300000000000000001', majorVersion: 17, segmentSizeBytes };
const beganMs = Date.parse('2026-11-23T00:00:00Z');

const never = (): Promise<never> => Promise.reject(new Error('it is asked for in the same look'));

function stage(timing: Timing = testTiming, own: Pick<PostgresComponent, 'walPartialMs'> = {}, names: readonly [string, ...string[]] = ['nas']) {
  const away = new Set<string>();
  const repositoryNamed = (object: string): Repository => createRepository(object, new Proxy(createInMemoryStorage(), {
    get: (storage, name) => (...given: unknown[]) => {
      if (away.has(object)) throw new HoldfastFailure('RepositoryUnreachable', { operation: 'reach it', object, cause: 'it is away', hint: 'None.' });
      return (Reflect.get(storage, name) as (...all: unknown[]) => unknown)(...given);
    },
  }));
  const [repository, ...others] = [repositoryNamed(names[0]), ...names.slice(1).map(repositoryNamed)] as const;
  const repositories = [repository, ...others];
  const brought = { lost: null as HoldfastFailure | null, receiver: 'running' as ReceiverState, readings: [] as WalReading[], files: [] as ReceivedFile[], breaks: [] as LetGo[], renamed: '' };
  const releases: (readonly string[])[] = [];
  const source: WalSource = {
    ensure: async (_ctx, _component, options) => {
      if (brought.lost !== null && options?.acceptBreak !== true) throw brought.lost;
      brought.lost = null;
      return brought.receiver;
    },
    cluster: async () => cluster,
    look: async () => ({ readings: brought.readings.splice(0), files: brought.files, breaks: brought.breaks }),
    // A round asks with one command, but for what comes before a break.
    readings: never, files: () => (brought.lost === null ? never() : Promise.resolve(brought.files)),
    read: async (_ctx, _component, name) => {
      if (brought.renamed === name) throw new HoldfastFailure('PathNotFound', { operation: 'read', object: name, cause: 'it is not there', hint: 'None.' });
      return Readable.from([pageOf(name)], { objectMode: false });
    },
    freeBytes: async () => null, serverRoom: async () => null,
    breaks: never,
    settle: async (_ctx, _component, breaks) => void (brought.breaks = brought.breaks.filter((each) => !breaks.includes(each))),
    release: async (_ctx, _component, names) => {
      releases.push(names);
      const newest = brought.files.at(-1);
      brought.files = brought.files.filter((file) => file === newest || !names.includes(file.name));
    },
    stop: async () => undefined,
  };
  let nowMs = beganMs;
  let wished: string | null = null;
  const context = { namespaceId: 'namespace', service: 'shop', runtime: {} as never, timing, signal: new AbortController().signal, secret: async () => '' };
  const component = { engine: 'postgres', name: 'postgres', container: 'db', database: 'shop', user: 'postgres', ...own } as const;
  const keeper = createLogKeeper({ source, context, component, archives: repositories.map(({ name, wal }) => ({ name, archive: wal })), nowMs: () => nowMs, wish: async () => wished });
  const key: WalKey = { service: 'shop', component: 'postgres', systemIdentifier: cluster.systemIdentifier, segmentSizeBytes };
  return {
    repository, repositories, brought, releases, key, keeper,
    leave: (name: string = names[0]) => void away.add(name), comeBack: (name: string = names[0]) => void away.delete(name),
    later: (ms: number) => void (nowMs += ms),
    wish: () => (wished = new Date(nowMs).toISOString()),
  };
}

/** A segment of that name: its first page says which it is (docs/backup-format.md). */
function pageOf(name: string): Buffer {
  const bytes = Buffer.alloc(segmentSizeBytes);
  bytes.writeUInt16LE(0xd116, 0);
  bytes.writeUInt16LE(2, 2);
  bytes.writeUInt32LE(Number.parseInt(name.slice(0, 8), 16), 4);
  bytes.writeBigUInt64LE(BigInt(Number.parseInt(name.slice(16), 16)) * BigInt(segmentSizeBytes), 8);
  bytes.writeBigUInt64LE(BigInt(cluster.systemIdentifier), 24);
  bytes.writeUInt32LE(segmentSizeBytes, 32);
  bytes.writeUInt32LE(8192, 36);
  return bytes;
}

const reading = (second: number): WalReading =>
  ({ at: new Date(beganMs + second * 1000).toISOString().replace('Z', '000Z'), lsn: BigInt(second + 1), timeline: 1, received: BigInt(second + 1), slotState: 'reserved', slotRoomBytes: null });

test('a repository that is away for a day costs no more memory than one that is away for an hour, and learns of the day', async () => {
  const { repository, brought, key, keeper, leave, comeBack, later } = stage();
  leave();
  const seconds = 60_000;
  for (let second = 0; second < seconds; second += 1) brought.readings.push(reading(second));
  later(seconds * 1000);
  expect((await keeper.round()).repositories[0]?.failure?.type).toBe('RepositoryUnreachable');
  comeBack();
  expect((await keeper.round()).repositories[0]?.failure).toBeNull();
  const samples = await repository.wal.readSamples(key);
  expect(samples.length).toBeLessThanOrEqual(keptSamples);
  expect([samples[0]?.lsn, samples.at(-1)?.lsn]).toEqual([1n, BigInt(seconds)]);
});

test('the segment that the source keeps is released with its successor, and not asked for in vain each round', async () => {
  const { brought, releases, keeper } = stage();
  const [first, second] = ['000000010000000000000003', '000000010000000000000004'];
  brought.files = [{ name: first as string, sizeBytes: segmentSizeBytes }];
  for (let round = 0; round < 3; round += 1) expect((await keeper.round()).repositories[0]?.failure).toBeNull();
  expect(releases).toEqual([[first]]);
  brought.files = [...brought.files, { name: second as string, sizeBytes: segmentSizeBytes }];
  for (let round = 0; round < 3; round += 1) await keeper.round();
  expect(releases).toEqual([[first], [first, second]]);
  expect(brought.files.map(({ name }) => name)).toEqual([second]);
});

test('while nobody reads the position of a database that runs, what would be lost grows by the clock; of one that is down it stays', async () => {
  const { brought, keeper, later } = stage();
  brought.readings = [reading(0), reading(1)];
  later(2_000);
  expect((await keeper.round()).onHost).toMatchObject({ exposureMs: 0 });
  later(58_000);
  expect((await keeper.round()).onHost).toMatchObject({ exposureMs: 59_000, coveredAt: reading(1).at });
  brought.receiver = 'waitingForDatabase';
  expect((await keeper.round()).onHost).toMatchObject({ exposureMs: 0 });
});

test('what the server let go of is on record before what follows it, and its note stays until it is', async () => {
  const { repository, brought, key, keeper, leave, comeBack } = stage();
  const [missing, next] = ['000000010000000000000003', '000000010000000000000004'] as const;
  brought.breaks = [{ segment: missing, at: '2026-11-23T00:00:05Z' }];
  brought.files = [{ name: next, sizeBytes: segmentSizeBytes }];
  leave();
  await keeper.round();
  expect(brought.breaks).toHaveLength(1);
  comeBack();
  const status = await keeper.round();
  expect(status.break).toMatchObject({ segment: missing, at: '2026-11-23T00:00:05Z', reason: expect.stringContaining('too little room') });
  expect(brought.breaks).toEqual([]);
  expect(await repository.wal.listBreaks(key)).toMatchObject([{ segment: { timeline: 1, number: 3n }, at: '2026-11-23T00:00:05Z' }]);
  expect((await keeper.round()).break?.segment).toBe(missing);
});

test('what somebody waits for is brought at once, and it is said when all of it is there', async () => {
  const { brought, keeper, later, wish, leave, comeBack } = stage({ ...testTiming, walPartialMs: 600_000 });
  const bytes = (count: number): bigint => 3n * BigInt(segmentSizeBytes) + BigInt(count);
  const written = (second: number, count: number, received = count): WalReading => ({ ...reading(second), lsn: bytes(count), received: bytes(received) });
  const durable = async (): Promise<readonly unknown[]> => {
    const { repositories: [first], brought: said } = await keeper.round();
    return [first?.durable, said];
  };
  brought.files = [{ name: '000000010000000000000003.partial', sizeBytes: segmentSizeBytes }];
  brought.readings = [written(0, 100)];
  expect(await durable()).toEqual([formatLsn(bytes(100)), undefined]);
  later(1_000);
  brought.readings = [written(1, 200)];
  expect(await durable()).toEqual([formatLsn(bytes(100)), undefined]);
  later(500);
  const wished = wish();
  // It goes, but what was committed until the wish is not known to be in it; nor is it while part of that is not received.
  expect(await durable()).toEqual([formatLsn(bytes(200)), undefined]);
  later(500);
  brought.readings = [written(2, 300, 250)];
  expect(await durable()).toEqual([formatLsn(bytes(250)), undefined]);
  brought.readings = [written(3, 300)];
  expect(await durable()).toEqual([formatLsn(bytes(300)), wished]);
  brought.readings = [written(4, 400)];
  expect(await durable()).toEqual([formatLsn(bytes(300)), wished]);

  // A database that is down writes nothing more; a repository that is away holds nobody up.
  later(5_000);
  brought.receiver = 'waitingForDatabase';
  const whenDown = wish();
  expect(await durable()).toEqual([formatLsn(bytes(400)), whenDown]);
  brought.receiver = 'running';
  later(1_000);
  const whenAway = wish();
  leave();
  expect((await keeper.round()).brought).toBe(whenAway);
  comeBack();
  // One that nobody waits for any more is none.
  later(1_000);
  wish();
  later(testTiming.walBringMs);
  brought.readings = [written(30, 500)];
  expect(await durable()).toEqual([formatLsn(bytes(400)), whenAway]);
});

test('a segment that is filled between being listed and being read is no failure, and comes as a whole one', async () => {
  const { brought, keeper, later } = stage();
  const name = '000000010000000000000003';
  const at = (count: bigint): bigint => 3n * BigInt(segmentSizeBytes) + count;
  brought.files = [{ name: `${name}.partial`, sizeBytes: segmentSizeBytes }];
  brought.readings = [{ ...reading(0), lsn: at(100n), received: at(100n) }];
  brought.renamed = `${name}.partial`;
  expect((await keeper.round()).repositories).toMatchObject([{ failure: null, durable: null }]);
  later(500);
  brought.files = [{ name, sizeBytes: segmentSizeBytes }];
  expect((await keeper.round()).repositories).toMatchObject([{ failure: null, durable: formatLsn(at(BigInt(segmentSizeBytes))) }]);
});

test('the segment that is being written goes away as often as its component says', async () => {
  const { brought, keeper, later } = stage(testTiming, { walPartialMs: 45_000 });
  const at = (count: number): bigint => 3n * BigInt(segmentSizeBytes) + BigInt(count);
  const storedAfter = async (second: number): Promise<unknown> => {
    brought.readings = [{ ...reading(second), lsn: at(100 + second), received: at(100 + second) }];
    const { repositories: [first], partialMs } = await keeper.round();
    return [first?.durable, partialMs];
  };
  brought.files = [{ name: '000000010000000000000003.partial', sizeBytes: segmentSizeBytes }];
  expect(await storedAfter(0)).toEqual([formatLsn(at(100)), 45_000]);
  later(44_000);
  expect(await storedAfter(44)).toEqual([formatLsn(at(100)), 45_000]);
  later(1_000);
  expect(await storedAfter(45)).toEqual([formatLsn(at(145)), 45_000]);
});

test('what was let go of and could not be noted is a break all the same, on record before what follows it', async () => {
  const { repository, brought, key, keeper } = stage();
  const [first, missing, next] = ['000000010000000000000003', '000000010000000000000004', '000000010000000000000005'] as const;
  brought.files = [{ name: first, sizeBytes: segmentSizeBytes }];
  expect((await keeper.round()).break).toBeNull();
  brought.files = [...brought.files, { name: next, sizeBytes: segmentSizeBytes }];
  expect((await keeper.round()).break?.segment).toBe(missing);
  expect((await repository.wal.listBreaks(key)).map(({ segment: { number } }) => number)).toEqual([4n]);
  expect((await repository.wal.holdings(key)).complete.map(({ number }) => number)).toEqual([3n, 5n]);
});

const [third, fourth, fifth] = ['000000010000000000000003', '000000010000000000000004', '000000010000000000000005'] as const;
const held = async ({ repositories, key }: Pick<ReturnType<typeof stage>, 'repositories' | 'key'>): Promise<unknown> => Promise.all(repositories.map(async ({ name, wal }) =>
  [name, (await wal.holdings(key)).complete.map(({ number }) => number), (await wal.listBreaks(key)).map(({ segment: { number } }) => number)]));

test('a slot that was lost while one of two repositories is away: the log is received again at once, and that one has the break before what follows it', async () => {
  const staged = stage(testTiming, {}, ['nas', 'offsite']);
  const { brought, keeper, leave, comeBack } = staged;
  brought.files = [{ name: third, sizeBytes: segmentSizeBytes }];
  await keeper.round();
  leave('offsite');
  brought.lost = new HoldfastFailure('WalSlotLost', { operation: 'receive the log', object: 'db', cause: 'the slot was dropped', hint: 'None.' });
  expect(await keeper.round()).toMatchObject({ receiver: 'running', break: { segment: fourth, reason: 'the slot was dropped' } });
  brought.files = [...brought.files, { name: fifth, sizeBytes: segmentSizeBytes }];
  await keeper.round();
  comeBack('offsite');
  expect((await keeper.round()).repositories.map(({ failure }) => failure)).toEqual([null, null]);
  expect(await held(staged)).toEqual([['nas', [3n, 5n], [4n]], ['offsite', [3n, 5n], [4n]]]);
});

test('a slot that was lost while no repository answers: what was received before goes first', async () => {
  const staged = stage();
  const { brought, keeper, leave, comeBack } = staged;
  brought.files = [{ name: third, sizeBytes: segmentSizeBytes }];
  leave();
  brought.lost = new HoldfastFailure('WalSlotLost', { operation: 'receive the log', object: 'db', cause: 'the slot was dropped', hint: 'None.' });
  expect(await keeper.round()).toMatchObject({ receiver: 'failing', failure: { type: 'RepositoryUnreachable' } });
  comeBack();
  expect(await keeper.round()).toMatchObject({ receiver: 'running', break: { segment: fourth } });
  expect(await held(staged)).toEqual([['nas', [3n], [4n]]]);
});

test('a hole in the log, while another repository is away, keeps nothing from the one that is there', async () => {
  const staged = stage(testTiming, {}, ['offsite', 'nas']);
  const { brought, keeper, leave, comeBack } = staged;
  brought.files = [{ name: third, sizeBytes: segmentSizeBytes }];
  await keeper.round();
  leave('offsite');
  brought.files = [...brought.files, { name: fifth, sizeBytes: segmentSizeBytes }];
  expect((await keeper.round()).repositories.map(({ failure }) => failure?.type ?? null)).toEqual(['RepositoryUnreachable', null]);
  comeBack('offsite');
  await keeper.round();
  expect(await held(staged)).toEqual([['offsite', [3n, 5n], [4n]], ['nas', [3n, 5n], [4n]]]);
});
