/** Redis at the second of PostgreSQL, through the runbook: what was written there until then is there, a FLUSHALL behind it is not; and a backup where the archive leads nowhere. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlannedCompanion } from '../../src/domain/restore-plan.ts';
import type { RedisComponent } from '../../src/domain/service.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { createRedisAofSource } from '../../src/engines/redis/aof/redis-aof-source.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import type { CloneServiceResult } from '../../src/workflows/clone-service/messages.ts';
import type { RemoveCloneResult } from '../../src/workflows/remove-clone/messages.ts';
import type { RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { breakRedis } from '../support/break-redis.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
let redis: RedisComponent;
let stopWorker: () => Promise<void>;
/** What the first test leaves for the second. */
let restored: { readonly accident: string; readonly newBase: string; readonly base: string };
beforeAll(async () => {
  service = await startWalService({ redisArguments: ['--appendonly', 'yes', '--aof-timestamp-enabled', 'yes'] });
  redis = { engine: 'redis', name: 'redis', container: (await service.runtime.inspect(service.redis)).name, aof: 'archive' };
  service.define({ components: [service.component, redis] });
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY)');
  stopWorker = await service.startKeeping();
});
afterAll(async () => {
  const { namespaceId } = await createRunDirectory(service.client);
  // It would make the follower anew, which holds the volume that goes with the service.
  await stopWorker();
  await createRedisAofSource().stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, redis, { forget: true });
  await service?.stop();
});

/** Returns when the archive knows of everything that has been written until now. */
async function archived(): Promise<void> {
  const { aof } = createRepository('local', createLocalStorage(service.repositoryPath));
  const nowSecond = Math.floor(Date.now() / 1000);
  await waitFor(async () => ((await aof.looks({ service: service.name, component: 'redis' })).at(-1)?.coveredSecond ?? 0) >= nowSecond);
}

const planned = async (input: object): Promise<PlannedCompanion | undefined> =>
  (await service.run<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, dryRun: true, ...input })).plan.body.moment?.companions[0];

test('both stores come back to one second, and the plan says how far apart they are', async () => {
  await service.redisCli('SET', 'cart', 'of the backup');
  const base = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  await service.redisCli('SET', 'cart', 'of the moment');
  await pause(1_100);
  await service.sql('INSERT INTO orders VALUES (1)');
  await pause(1_100);
  const accident = (await service.sql('BEGIN; DELETE FROM orders; SELECT pg_current_xact_id(); COMMIT;')).trim();
  await service.redisCli('FLUSHALL');
  await service.redisCli('SET', 'later', 'there');
  await service.kept();

  await archived();

  const run = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, before: `xid:${accident}` });
  await service.approve(run);
  const back = await run.result();
  const companion = back.plan.body.moment?.companions[0];
  expect(companion).toMatchObject({ component: 'redis', source: 'aof' });
  expect(companion?.beforeMs).toBeGreaterThanOrEqual(0);
  expect(companion?.beforeMs).toBeLessThan(1_000);
  expect(back).toMatchObject({ outcome: 'restored', backupId: base.backupId });
  expect([await service.sql('SELECT count(*) FROM orders'), await service.redisCli('GET', 'cart'), await service.redisCli('EXISTS', 'later')]).toEqual(['1', 'of the moment', '0']);
  // What was made for the run alone is gone with it.
  expect((await readdir(join(service.repositoryPath, service.name), { recursive: true })).filter((name) => /^runs\/.*\.rdb$/.test(name))).toEqual([]);
  restored = { accident, newBase: back.newBase as string, base: base.backupId };
});

test('a copy of that moment has both stores at it, and says how far apart they are', { tags: 'long' }, async () => {
  const { accident, newBase } = restored;
  await service.client.workflow.getHandle(newBase).result();
  const copy = { service: service.name, name: 'looking' };
  const { servers } = await service.run<CloneServiceResult>('cloneService', { ...copy, before: `xid:${accident}`, timeline: 1 });
  const own = servers.find(({ component }) => component === 'redis');
  expect(own).toMatchObject({ source: 'aof', container: `holdfast-copy-${service.name}-looking-redis` });
  expect(own?.beforeMs).toBeGreaterThanOrEqual(0);
  expect(own?.beforeMs).toBeLessThan(1_000);
  const ask = async (...words: readonly string[]): Promise<string> => (await service.runtime.exec(own?.container ?? '', { argv: ['redis-cli', ...words], timeoutMs: 30_000 })).stdout.trim();
  expect([await ask('GET', 'cart'), await ask('EXISTS', 'later')]).toEqual(['of the moment', '0']);
  const { copy: { digest } } = await service.run<RemoveCloneResult>('removeClone', copy);
  await service.run('removeClone', { ...copy, apply: digest });
  expect((await readdir(join(service.repositoryPath, service.name), { recursive: true })).filter((name) => /^runs\/.*\.rdb$/.test(name))).toEqual([]);
});

test('a Redis that ends at every start comes back to that second as well: it is not asked', async () => {
  const { accident, newBase } = restored;
  await service.client.workflow.getHandle(newBase).result();
  await breakRedis(service);
  const run = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, before: `xid:${accident}`, timeline: 1 });
  await service.approve(run);
  const back = await run.result();
  expect(back.plan.body.moment?.companions).toMatchObject([{ component: 'redis', source: 'aof' }]);
  expect([await service.sql('SELECT count(*) FROM orders'), await service.redisCli('GET', 'cart'), await service.redisCli('EXISTS', 'later')]).toEqual(['1', 'of the moment', '0']);
  restored = { ...restored, newBase: back.newBase as string };
});

test('once more to the same moment, with a hole in the archive: the backup next to it, and why', async () => {
  const { accident, newBase, base } = restored;
  await service.client.workflow.getHandle(newBase).result();
  const increments = join(service.repositoryPath, service.name, 'aof', 'redis', 'increments');
  for (const name of await readdir(increments)) await rm(join(increments, name), { recursive: true, force: true, maxRetries: 5 });
  expect(await planned({ before: `xid:${accident}`, timeline: 1 })).toEqual({ component: 'redis', backupId: base, at: expect.any(String), beforeMs: expect.any(Number), unfit: expect.stringMatching(/not archived|in use/) });
});
