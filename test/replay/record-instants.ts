/** A moment to which Redis comes by its append-only file, moved once: the end of a base backup, and that of a later one. A service of its own, whose worker follows the file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresComponent, RedisComponent } from '../../src/domain/service.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { createRedisAofSource } from '../../src/engines/redis/aof/redis-aof-source.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import type { CloneServiceResult } from '../../src/workflows/clone-service/messages.ts';
import type { RemoveCloneResult } from '../../src/workflows/remove-clone/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { moveUpdate, type RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { startServiceFixture, waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

/** A recovery, twice, on a machine that others use too. */
const boundMs = 240_000;

export async function recordInstants({ save }: Pick<Recorder, 'save'>): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), 'holdfast-state-'));
  const service = await startServiceFixture({ redisArguments: ['--appendonly', 'yes', '--aof-timestamp-enabled', 'yes'] });
  const [postgres] = service.config.services[0]?.components ?? [];
  const redis: RedisComponent = { engine: 'redis', name: 'redis', container: (await service.runtime.inspect(service.redis)).name, aof: 'archive' };
  if (postgres === undefined) throw new Error('the fixture has no PostgreSQL');
  service.define({ components: [postgres, redis] });
  const stopWorker = await service.startWorker({ environment: { HOLDFAST_STATE_DIR: state } });
  const based = async (): Promise<string> => (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
  await service.redisCli('SET', 'state', 'saved');
  const [first, second] = [await based(), await based()];
  const { aof } = createRepository('local', createLocalStorage(service.repositoryPath));
  const now = Math.floor(Date.now() / 1000);
  await waitFor(async () => ((await aof.looks({ service: service.name, component: 'redis' })).at(-1)?.coveredSecond ?? 0) >= now);
  const clone = await service.start<CloneServiceResult>('cloneService', { service: service.name, name: 'looking', to: `backup:${first}` });
  await save('cloneService.withAppendOnlyFile', clone, 'COMPLETED');
  const copied: CloneServiceResult = await clone.result();
  if (!copied.servers.some(({ source }) => source === 'aof')) throw new Error(`the copy's Redis came from a backup: ${JSON.stringify(copied.servers)}`);
  const removal = await service.run<RemoveCloneResult>('removeClone', { service: service.name, name: 'looking' });
  await service.run('removeClone', { service: service.name, name: 'looking', apply: removal.copy.digest });
  // From nothing: to the end of the newest base backup, with no log behind it, and Redis to the same second.
  service.define({ components: [{ ...postgres, wal: 'stream' } as PostgresComponent, redis] });
  await save('runDrill.rebuilt', await service.start('runDrill', { service: service.name, depth: 'rebuild' }), 'COMPLETED');
  service.define({ components: [postgres, redis] });
  const run = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, to: `backup:${first}` });
  await waitFor(async () => (await run.query(statusQuery)).phase === 'awaitingApproval', boundMs);
  await run.executeUpdate(moveUpdate, { args: [{ to: `backup:${second}` }] });
  await waitFor(async () => (await run.query(statusQuery)).plan?.body.moment?.asked === `backup:${second}`, boundMs);
  await service.approve(run);
  await save('restoreToPointInTime.withAppendOnlyFile', run, 'COMPLETED');
  const { newBase, plan } = await run.result();
  if (plan.body.moment?.companions[0]?.source !== 'aof') throw new Error(`Redis came from a backup: ${JSON.stringify(plan.body.moment)}`);
  await service.client.workflow.getHandle(newBase as string).result();
  // The follower would be made anew by the worker, and holds the volume that goes with the service.
  const { namespaceId } = await createRunDirectory(service.client);
  await stopWorker();
  await createRedisAofSource().stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, redis, { forget: true });
  await service.stop();
  await rm(state, { recursive: true, force: true });
}
