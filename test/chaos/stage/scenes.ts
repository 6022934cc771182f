/** What a stage is set for: its live side, its own server or one that archives its log, and a repository as it was when that scene was first set. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPolicy, type RetentionPolicy } from '../../../src/domain/retention/policy.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import type { PruneBackupsResult } from '../../../src/workflows/prune-backups/messages.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { logWatchId } from '../../../src/domain/workflow-ids.ts';
import { oldBackups } from '../../support/old-backups.ts';
import { waitFor, type ServiceFixture } from '../../support/service-fixture.ts';
import { readArchivedFiles } from './archived-files.ts';
import { archiveToMark } from './archiving-server.ts';
import { keepServer, type KeptServer } from './kept-server.ts';
import { loseTableInLog } from './lost-table.ts';
import { toLive, toSaved } from './sides.ts';
import { offsitePath } from './standby-host.ts';
import { mendTroubles } from './troubles.ts';
import { withWorker } from './worker.ts';

/**
 * `dump`, `base`: of either one backup of the saved side. `incremental`: one more, from that base on. `log`: one base more, and the log behind it, in which a table is
 * lost. `archive`: PostgreSQL archives its log itself, and the append-only file of Redis is archived, from a base backup of the live side to a mark where the saved one
 * stands, and past it; nobody ships any more of either. `aged`: backups of many days and no others, some that came of age and are in the trash for long enough, and some that came of age since.
 */
export type Scene = 'dump' | 'base' | 'incremental' | 'log' | 'archive' | 'aged';

export interface Scenes {
  set(scene: Scene): Promise<void>;
  /** The newest backup of a scene that was set. */
  newestBackup(scene: Scene): string;
  /** Removes what it kept for itself. */
  close(): Promise<void>;
}

/** By it more than a fifth are due at first, and of those that come later as many as days went by. */
export const agedPolicy: RetentionPolicy = { ...defaultPolicy, days: 9, minimumCopies: 1, trashDays: 2 };

type StartWorker = () => Promise<() => Promise<void>>;

export function createScenes(service: ServiceFixture, snapshot: string, startWorker: StartWorker): Scenes {
  const components = service.config.services[0]?.components ?? [];
  const repositories = new Map<Scene, string>();
  const newest = new Map<Scene, string>();
  /** The stage's own, as it is until the first case that exchanges it. */
  let own: KeptServer | null = null;
  let archiving: KeptServer | null = null;
  const take = (kind: 'base' | 'incremental'): Promise<TakeBackupResult> => service.run('takeBackup', { service: service.name, kind });

  const makers: Partial<Record<Scene, () => Promise<string>>> = {
    log: () => loseTableInLog(service),
    incremental: () => withWorker(startWorker, async () => {
      await toSaved(service);
      const { backupId, incremental } = await take('incremental');
      if (incremental?.parent == null) throw new Error(`the incremental backup that sets the stage is a full one: ${incremental?.reason}`);
      await toLive(service);
      return backupId;
    }),
    aged: async () => {
      // Retention's time never runs backwards: behind the stage's own backups, which are of now, it would stand still.
      await rm(join(service.repositoryPath, service.name), { recursive: true });
      const repository = createRepository('local', createLocalStorage(service.repositoryPath));
      await oldBackups(repository, service.name, 18, 6);
      service.define({ retention: agedPolicy });
      await withWorker(startWorker, async () => {
        const { digest } = await service.run<PruneBackupsResult>('pruneBackups', { service: service.name, plan: true });
        await service.run('pruneBackups', { service: service.name, apply: digest });
      });
      return (await oldBackups(repository, service.name, 5)).at(-1)?.backupId ?? '';
    },
    archive: async () => {
      const backupId = await archiveToMark(service);
      await removeLabelled(service);
      const archived = await readArchivedFiles(service) ?? [];
      for (const place of ['server/', 'repository/wal/', 'repository/aof/']) if (!archived.some((file) => file.startsWith(place))) throw new Error(`the stage has nothing archived in ${place}`);
      archiving = await keepServer(service);
      return backupId;
    },
  };

  return {
    set: async (scene) => {
      service.define({ components });
      const definition = service.config.services[0] as { retention?: unknown; drill?: unknown; objectives?: unknown; failover?: unknown };
      for (const set of ['retention', 'drill', 'objectives', 'failover'] as const) delete definition[set];
      await resetStage(service, repositories.get(scene) ?? snapshot, scene === 'archive' && archiving !== null ? archiving : own);
      if (scene !== 'dump' && scene !== 'log') own ??= await keepServer(service);
      const make = makers[scene];
      if (make === undefined || repositories.has(scene)) return;
      newest.set(scene, await make());
      await cp(service.repositoryPath, `${snapshot}-${scene}`, { recursive: true });
      repositories.set(scene, `${snapshot}-${scene}`);
    },
    newestBackup: (scene) => {
      const found = newest.get(scene);
      if (found === undefined) throw new Error(`the stage was not set for ${scene}`);
      return found;
    },
    close: async () => {
      for (const path of [snapshot, ...repositories.values()]) await rm(path, { recursive: true, force: true });
    },
  };
}

export async function removeLabelled({ runtime, name: service }: ServiceFixture, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const label = { 'dev.holdfast.service': service, ...more };
  for (const { id } of await runtime.list(label)) await runtime.remove(id);
  for (const { name } of await runtime.listVolumes(label)) await runtime.removeVolume(name);
  for (const { id } of await runtime.listNetworks(label)) await runtime.removeNetwork(id);
}

/** By hand, without the product: what a case left must not be hidden by the code that left it. */
async function resetStage(service: ServiceFixture, snapshot: string, server: KeptServer | null): Promise<void> {
  const { runtime } = service;
  await service.client.workflow.getHandle(logWatchId(service.name)).terminate('chaos').catch(() => undefined);
  await removeLabelled(service);
  await mendTroubles(service);
  await rm(offsitePath(service), { recursive: true, force: true });
  for (const id of [service.postgres, service.redis]) {
    await runtime.start(id);
    await runtime.updateRestartPolicy(id, { name: 'always', maximumRetryCount: 0 });
  }
  if (server !== null && !(await server.isThere())) await server.putBack();
  await waitFor(async () => (await service.sql('SELECT 1', 'postgres')) === '1' && (await service.redisCli('PING')) === 'PONG');
  const others = await service.sql(`SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'shop')`, 'postgres');
  for (const name of others.split('\n').filter((line) => line !== '')) await service.sql(`ALTER DATABASE "${name}" IS_TEMPLATE false;\nDROP DATABASE "${name}" WITH (FORCE);`, 'postgres');
  const kept = await service.sql('SELECT nspname FROM pg_namespace WHERE nspname LIKE \'holdfast%\' AND nspname <> \'holdfast\'');
  for (const name of kept.split('\n').filter((line) => line !== '')) await service.sql(`DROP SCHEMA "${name}" CASCADE`);
  // A receiver's, which goes as its connection ends.
  await waitFor(async () => (await service.sql('SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots')) !== '', 20_000);
  await runtime.exec(service.redis, { argv: ['rm', '-rf', '/data/.holdfast'], timeoutMs: 10_000 });
  await toLive(service);
  await rm(service.repositoryPath, { recursive: true, force: true });
  await cp(snapshot, service.repositoryPath, { recursive: true });
}
