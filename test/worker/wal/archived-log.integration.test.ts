/** A server that archives its log itself, kept by the worker's loop like any other: over a restart, a crash, and a spool that runs full, which is a recorded break. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testTiming } from '../../../src/domain/timing.ts';
import { alarmsOf } from '../../../src/domain/wal/log-alarms.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';
import { segmentName } from '../../../src/domain/wal/segment.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import type { WalKey } from '../../../src/repository/wal-archive.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { createLogKeeper, type LogKeeper } from '../../../src/worker/wal/log-keeper.ts';
import { archiving, startArchiving } from '../../engines/postgres/wal/archive/archive-fixture.ts';
import { contextOf, engine } from '../../engines/postgres/postgres-fixture.ts';
import { useDocker } from '../../support/docker.ts';

const docker = useDocker();
let directory: string;
let repository: Repository;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-log-'));
  repository = createRepository('nas', createLocalStorage(directory));
  await repository.open();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function until(keeper: LogKeeper, is: (status: LogStatus) => boolean): Promise<LogStatus> {
  for (const deadline = Date.now() + 60_000; ;) {
    const status = await keeper.round();
    if (is(status)) return status;
    if (Date.now() > deadline) throw new Error(`the log did not come to stand so: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A volume of 400 MB: the engine mounts it in memory, for as long as any container has it. */
async function smallVolume(target: string): Promise<string> {
  const name = docker.name('volume');
  await docker.engineCall('POST', '/volumes/create', { Name: name, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=400m' }, Labels: docker.labels });
  await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['600'], mounts: [{ type: 'volume', source: name, target }] });
  return name;
}

/** A server that is set up, and a keeper; rounds are made by hand. */
async function kept(given: Parameters<typeof startArchiving>[1] = {}) {
  const postgres = await startArchiving(docker, given);
  const wal = archiving(docker, postgres);
  const keeping = { source: wal.source, context: wal.ctx, component: wal.component, archives: [{ name: 'nas', archive: repository.wal }], nowMs: () => Date.now() };
  const keeper = (): LogKeeper => createLogKeeper(keeping);
  const keyOf = ({ systemIdentifier }: LogStatus): WalKey => ({ service: 'test-service', component: wal.component.name, systemIdentifier: systemIdentifier as string, segmentSizeBytes: 16 * 1024 ** 2 });
  const stored = async (key: WalKey): Promise<readonly string[]> => (await repository.wal.holdings(key)).complete.map((segment) => segmentName(segment, key.segmentSizeBytes));
  return { postgres, wal, keeper, keyOf, stored };
}

/** All that was committed is in both places. */
const caughtUp = ({ receiver, onHost, repositories: [nas] }: LogStatus): boolean => receiver === 'running' && onHost.durable !== null && onHost.exposureBytes === '0' && nas?.exposureBytes === '0';

test('what is archived comes into the repository and out of the spool, over a crash of the server and another keeper', async () => {
  const { postgres, wal, keeper, keyOf, stored } = await kept();
  const log = keeper();
  await until(log, ({ failure }) => failure?.type === 'WalNotArchived');
  await wal.enable();
  await wal.endSegmentsAfter('2s');
  const first = await wal.fillSegment();
  const status = await until(log, (now) => now.failure === null && caughtUp(now));
  expect(status).toMatchObject({ by: 'archive', break: null, slot: { state: null } });
  const key = keyOf(status);
  expect(await stored(key)).toContain(first);
  await wal.endSegmentsAfter('1h');
  // With what ended just before that.
  await wal.allArchived();
  await log.round();
  expect(await wal.names()).toEqual([(await stored(key)).at(-1)]);

  // Log that is written before anybody watches again; a keeper that begins anew knows what there is.
  await docker.runtime.kill(postgres.id);
  expect((await until(log, ({ receiver }) => receiver === 'waitingForDatabase')).failure).toBeNull();
  await docker.runtime.start(postgres.id);
  await engine.waitUntilReady(contextOf(docker), postgres.component);
  const second = await wal.fillSegment();
  await wal.endSegmentsAfter('2s');
  expect(await until(keeper(), caughtUp)).toMatchObject({ failure: null, break: null });
  expect(await stored(key)).toContain(second);
  await wal.forget();
});

test('where the disk of its log is full the server goes on, what it lets go of is on record, and the log goes on behind that', async () => {
  const home = '/var/lib/postgresql';
  // Data, log and spool beside each other, as this image has them.
  const { wal, keeper, keyOf, stored } = await kept({ image: 'postgres:18', volume: await smallVolume(home), args: ['-c', 'max_wal_size=64MB', '-c', 'min_wal_size=32MB'] });
  await wal.enable();
  // One segment ends meanwhile, and no other.
  await wal.endSegmentsAfter('1h');
  const log = keeper();
  const first = await until(log, ({ receiver, source, serverRoom }) => receiver === 'running' && source !== null && serverRoom != null);
  const key = keyOf(first);
  expect([first.serverRoom?.sizeBytes, alarmsOf(first, Date.now(), testTiming).filter(({ kind }) => kind === 'walDiskFilling')]).toEqual([400 * 1024 ** 2, []]);
  const free = Number((await wal.run('df', '-Pk', home)).split('\n')[1]?.split(/\s+/)[3]) / 1024;
  await wal.run('dd', 'if=/dev/zero', `of=${home}/others`, 'bs=1M', `count=${Math.floor(free - 38)}`);
  expect((await until(log, ({ failure }) => failure?.type === 'DiskFull')).failure?.hint).toContain('lets go');
  const lost = await wal.fillSegment();
  const broken = await until(log, (now) => now.break !== null && (now.serverRoom?.freeBytes ?? 0) < 40 * 1024 ** 2);
  expect(broken.break).toMatchObject({ segment: lost, reason: expect.stringContaining('too little room') });
  expect(alarmsOf(broken, Date.now(), testTiming)[0]).toMatchObject({ kind: 'walDiskFilling', sentence: expect.stringMatching(/the server's own log has \d+(\.\d)?MB of 400MB left; pg_wal takes \d+MB/) });
  expect((await repository.wal.listBreaks(key)).map(({ segment }) => segmentName(segment, key.segmentSizeBytes))).toEqual([lost]);
  expect(await wal.source.breaks(wal.ctx, wal.component)).toEqual([]);

  await wal.run('rm', `${home}/others`);
  await wal.endSegmentsAfter('2s');
  const next = await wal.fillSegment();
  expect(await until(log, caughtUp)).toMatchObject({ failure: null, break: { segment: lost } });
  expect([(await stored(key)).includes(lost), (await stored(key)).includes(next)]).toEqual([false, true]);
  await wal.forget();
});
