/**
 * A service to be harmed: two databases with two sides. `saved` is what its backups hold, `live` what has happened since; every store can
 * be told to show which of the two it is on, so that a mixture is seen. An application beside them is restarted and asked for its health.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import type { TakeBackupResult } from '../../../src/workflows/take-backup/messages.ts';
import { startServiceFixture, type ServiceFixture } from '../../support/service-fixture.ts';
import type { Instrumented } from '../fault/instrument.ts';
import type { Wrap } from '../fault/twist.ts';
import { openApplication, type Application } from './application.ts';
import { bringKey, setDrills, type DrillSet } from './drill-settings.ts';
import { runToEnd } from './drive.ts';
import { emptyForeign } from './foreign-files.ts';
import { createScenes, removeLabelled, type Scene, type Scenes } from './scenes.ts';
import { createSaved, readFingerprint, readMerged, toLive, type Fingerprint, type Sight } from './sides.ts';
import { failoverFor, offsitePath, standbyConfig } from './standby-host.ts';
import { startHealthyWorker, withWorker, type WorkerHost } from './worker.ts';

/** Has PostgreSQL's volume room for another server's data beside its own, or for its own alone? Then what is to come in its place has to be proven. */
export type Room = 'beside' | 'once';

/** The service's own, or one that stands by: on the same engine, under a name and with a repository of its own. */
export type Host = 'own' | 'standby';

/** Its own data takes more than half of it. */
const small = { sizeMib: 100, filling: 'CREATE TABLE filling AS SELECT n, repeat(md5(n::text), 16) AS text FROM generate_series(1, 23000) n' } as const;

export interface Stage {
  readonly room: Room;
  readonly service: ServiceFixture;
  /** The committed backups of the `saved` side: a dump, and a copy of the whole server. */
  readonly backupId: string;
  readonly baseId: string;
  /** A directory of nobody's, empty after each reset: where an import finds its files, and an export leaves them. */
  readonly foreign: string;
  /** Of a scene that was set, its newest backup. */
  newestBackup(scene: Scene): string;
  /** What each store answers on each side. */
  readonly fingerprints: Readonly<Record<Sight, Fingerprint>>;
  /** Back to the live side, with no rollback copy and no trace of any run. */
  reset(scene?: Scene): Promise<void>;
  /** `reset`, then a restore: the saved side is live, the live side a rollback copy. */
  resetToRestored(what: 'dump' | 'base'): Promise<void>;
  /** Has its drills ask that much, until the next reset; answers the checks that they promise by it. */
  setDrills(set: DrillSet): Promise<readonly string[]>;
  /** The key that its drills ask for is there. */
  bringKey(): Promise<void>;
  /** Has it a host that stands by, with a copy of the repository as it is now, until the next reset. */
  setFailover(): Promise<void>;
  /** Whose worker serves on a host. */
  workerHost(host: Host): WorkerHost;
  /** A healthy worker in this process, of the service's own host unless given; answers how to stop it. */
  startWorker(instrumented?: Instrumented, twist?: Wrap, host?: Host): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** What is replaced where it lies is copied, dropped and made anew meanwhile. */
const restoredWithinMs = 300_000;

/** What a fault adds between the plan and its use is not to make it late: on a loaded machine that came to more than two minutes. */
const approval: ServiceDefinition['approval'] = { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 1_800_000 };

/** That stage, where it is of the kind; else another one, and that one is stopped before. */
export async function stageWith(room: Room = 'beside', stage: Stage | null = null): Promise<Stage> {
  if (stage?.room === room) return stage;
  await stage?.stop();
  return startStage(room);
}

export async function startStage(room: Room = 'beside'): Promise<Stage> {
  const application = await openApplication();
  const service = await startServiceFixture({ definition: { ...application.definition, approval, canary: true }, archiveVolume: true, ...(room === 'once' ? { smallPostgresMib: small.sizeMib } : {}) }).catch(async (error: unknown) => {
    await application.close();
    throw error;
  });
  const snapshot = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'));
  const foreign = await mkdtemp(join(tmpdir(), 'holdfast foreign-'));
  const drilled = await mkdtemp(join(tmpdir(), 'holdfast drilled-'));
  const workerHost = (host: Host): WorkerHost => (host === 'own' ? { config: service.config, standby: false } : { config: standbyConfig(service), standby: true });
  const startWorker = (instrumented?: Instrumented, twist?: Wrap, host: Host = 'own'): Promise<() => Promise<void>> => startHealthyWorker(workerHost(host), instrumented, twist);
  const scenes = createScenes(service, snapshot, startWorker);
  const stop = async (): Promise<void> => {
    await application.close();
    // A copy is made to outlive its run, and would outlive the stage; so would what watches a log. Any other thing that is left is to be seen.
    await removeLabelled(service, { 'dev.holdfast.kind': 'copy' });
    await service.stop();
    await scenes.close();
    for (const path of [foreign, drilled, offsitePath(service)]) await rm(path, { recursive: true, force: true });
  };
  try {
    return await setStage({ room, service, application, snapshot, foreign, drilled, scenes, workerHost, startWorker, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Parts extends Pick<Stage, 'room' | 'service' | 'foreign' | 'workerHost' | 'startWorker' | 'stop'> {
  readonly application: Application;
  readonly snapshot: string;
  /** What drills are told of by files. */
  readonly drilled: string;
  readonly scenes: Scenes;
}

async function setStage({ room, service, application, snapshot, foreign, drilled, scenes, workerHost, startWorker, stop }: Parts): Promise<Stage> {
  // Without it there is no incremental backup.
  for (const statement of ['ALTER SYSTEM SET summarize_wal = on', 'SELECT pg_reload_conf()']) await service.sql(statement);
  await createSaved(service);
  if (room === 'once') await service.sql(small.filling);
  await service.redisCli('SAVE');
  await application.start(service);
  const [backupId, baseId] = await withWorker(startWorker, async () => {
    const taken = async (kind: 'dump' | 'base'): Promise<string> => (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind })).backupId;
    const backups = [await taken('dump'), await taken('base')] as const;
    if (room === 'once') await service.run('proveBackup', { service: service.name, backup: backups[1] });
    return backups;
  });
  await cp(service.repositoryPath, snapshot, { recursive: true });
  // With the canary, which the backups have planted.
  const saved = await readFingerprint(service);
  await toLive(service);
  const live = await readFingerprint(service);
  const fingerprints = { saved, live, merged: { ...live, postgres: await readMerged(service) } };
  const reset = async (scene: Scene = 'dump'): Promise<void> => {
    await scenes.set(scene);
    await emptyForeign(foreign);
    await application.renew();
  };
  return {
    room, service, backupId, baseId, foreign, fingerprints, workerHost, startWorker, reset, stop,
    newestBackup: scenes.newestBackup,
    setDrills: async (set) => {
      const { definition, checks } = await setDrills(drilled, set);
      service.define(definition);
      return checks;
    },
    bringKey: () => bringKey(drilled),
    setFailover: async () => service.define(await failoverFor(service)),
    resetToRestored: async (what) => {
      await reset(what);
      await withWorker(startWorker, async () => {
        const outcome = await runToEnd(service, await service.start('restoreBackup', { service: service.name, backup: what === 'dump' ? backupId : baseId, ...(room === 'once' ? { replace: true } : {}) }), restoredWithinMs);
        if (outcome.status !== 'COMPLETED') throw new Error(`the restore that sets the stage ended ${outcome.status} ${outcome.failure ?? ''}`);
      });
    },
  };
}
