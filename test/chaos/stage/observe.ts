/** Everything about a stage that a run could have left otherwise than it found it, read with stock tools and plain files. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { leaseWorkflowId } from '../../../src/domain/workflow-ids.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Rollback } from '../../../src/repository/repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';
import { readArchivedFiles, type ArchivedFile } from './archived-files.ts';
import { readBackupFiles, type BackupFile } from './backup-files.ts';
import { readDrills, type ObservedDrill } from './drill-reports.ts';
import { readForeignFiles, type ForeignFile } from './foreign-files.ts';
import { observeSetAside } from './set-aside-copies.ts';
import { readFingerprint, type Fingerprint, type Side, type Sight } from './sides.ts';
import type { Stage } from './stage.ts';
import { offsitePath } from './standby-host.ts';
import { lookAtTroubles, type Trouble } from './troubles.ts';

export interface StageState {
  /** Null where the live name does not answer; `neither` where it answers with something else. */
  readonly postgres: Sight | 'neither' | null;
  readonly redis: Side | 'neither' | 'unusable' | null;
  /** Of stores that answer nobody, though they are looked at all the same. */
  readonly troubles: readonly Trouble[];
  readonly fingerprint: Fingerprint | string;
  /** Databases besides the server's own and the live one. */
  readonly databases: readonly string[];
  /** Schemas of ours in the live database: rows that a restore of tables keeps. Not the canary's, which stays. */
  readonly schemas: readonly string[];
  readonly roles: readonly string[];
  /** Sessions, slots and prepared transactions that Holdfast could own. */
  readonly sessions: readonly string[];
  readonly redisConfig: readonly string[];
  readonly redisFiles: readonly string[];
  /** Below `.holdfast` on Redis's volume: `<run16>/<what>` of directories that hold anything. */
  readonly redisScratch: readonly string[];
  /** What lies below PostgreSQL's data directory where Holdfast lays out whole servers: `pgsql_tmp.holdfast/` itself, and `pgsql_tmp.holdfast/<run16>` of each run. */
  readonly serverCopies: readonly string[];
  readonly restartPolicies: readonly string[];
  /** Containers (fences included), volumes and networks with the service's label. */
  readonly labelled: readonly string[];
  /** Of these the containers that were made and not started yet. */
  readonly neverStarted: readonly string[];
  readonly lease: boolean;
  readonly log: LogState | null;
  /** Production's archives of its log, in the repository and of the server's own. */
  readonly archived: readonly ArchivedFile[] | null;
  /** In the directory beside the stage. */
  readonly foreign: readonly ForeignFile[];
  readonly repository: RepositoryState;
  /** The one that another host has. */
  readonly offsite: Pick<RepositoryState, 'notes' | 'temporaries' | 'unfinished' | 'drills' | 'files'> | null;
}

/** Null where the server does not answer. */
export interface LogState {
  /** As the log's files are named. */
  readonly timeline: string;
  /** Whether the server archives it itself. */
  readonly archives: boolean;
  /** How many settings wait for a restart, and what a slot may keep: `-1` for everything. */
  readonly waiting: number;
  readonly slotLimit: string;
}

export interface RepositoryState {
  readonly backups: readonly string[];
  /** What retention removed and can be taken back, and what it removed for good. */
  readonly trash: readonly string[];
  readonly gone: readonly string[];
  /** Directories of backups without a manifest that are not in the trash, and attempts that no manifest names. */
  readonly unfinished: readonly string[];
  readonly notes: readonly string[];
  readonly temporaries: readonly string[];
  readonly marks: number;
  readonly proofs: number;
  readonly drills: readonly ObservedDrill[];
  /** Of all that lies below its backups. */
  readonly files: readonly BackupFile[];
  readonly approvals: number;
  readonly rollbacks: readonly Rollback[];
  /** `<run>/<component>` of each copy of dropped data that is whole; below it the path of every file that is part of none. */
  readonly setAside: readonly string[];
}

export async function observe(stage: Stage): Promise<StageState> {
  const { service, troubles, redisDirectory } = await lookAtTroubles(stage.service);
  const fingerprint = await readFingerprint(service).catch((error: unknown) => String(error));
  const side = sideOf(stage, 'postgres', fingerprint);
  const isMerged = side === 'neither' && typeof fingerprint !== 'string' && fingerprint.postgres === stage.fingerprints.merged.postgres;
  const [postgres, redis] = [isMerged ? 'merged' as const : side, redisDirectory === null ? sideOf(stage, 'redis', fingerprint) : 'unusable' as const];
  const lines = async (sql: string): Promise<readonly string[]> => (await service.sql(sql, 'postgres').catch((error: unknown) => String(error))).split('\n').filter((line) => line !== '');
  const exec = redisDirectory ?? ((...argv: string[]): Promise<readonly string[]> => execLines(service, 'redis', argv));
  return {
    postgres, redis, troubles, fingerprint,
    databases: await lines(`SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'shop') ORDER BY 1`),
    schemas: (await service.sql('SELECT nspname FROM pg_namespace WHERE nspname LIKE \'holdfast%\' AND nspname <> \'holdfast\' ORDER BY 1').catch((error: unknown) => String(error))).split('\n').filter((line) => line !== ''),
    roles: await lines(`SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`),
    sessions: await lines(`SELECT 'session ' || application_name FROM pg_stat_activity WHERE application_name ILIKE '%holdfast%'
      UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts`),
    redisConfig: await readRedisConfig(service).catch((error: unknown) => [String(error)]),
    redisFiles: (await exec('find', '/data', '-mindepth', '1', '-maxdepth', '1')).filter((path) => path !== '/data/.holdfast'),
    redisScratch: await exec('find', '/data', '-mindepth', '3', '-maxdepth', '3', '-path', '/data/.holdfast/*'),
    serverCopies: await execLines(service, 'postgres', ['sh', '-c', 'cd "$PGDATA" && [ ! -d pgsql_tmp.holdfast ] || find pgsql_tmp.holdfast -maxdepth 1 -printf \'pgsql_tmp.holdfast/%P\\n\'']),
    restartPolicies: await Promise.all([service.postgres, service.redis].map(async (id) => (await service.runtime.inspect(id)).restartPolicy.name)),
    labelled: await service.leftovers(),
    neverStarted: (await service.runtime.list({ 'dev.holdfast.service': service.name })).filter(({ startedAt }) => startedAt === null).map(({ name }) => name),
    lease: await leaseStaysHeld(service),
    log: await readLog(service).catch(() => null),
    archived: await readArchivedFiles(service),
    foreign: await readForeignFiles(stage.foreign),
    repository: await observeRepository(service),
    offsite: existsSync(offsitePath(service)) ? await observeRepository({ ...service, repositoryPath: offsitePath(service) }) : null,
  };
}

async function readLog(service: ServiceFixture): Promise<LogState> {
  const sql = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8), current_setting('archive_mode'), (SELECT count(*) FROM pg_settings WHERE pending_restart), current_setting('max_slot_wal_keep_size')";
  const [timeline = '', mode, waiting, slotLimit = ''] = (await service.sql(sql, 'postgres')).split('|');
  return { timeline, archives: mode !== 'off', waiting: Number(waiting), slotLimit };
}

function sideOf(stage: Stage, store: keyof Fingerprint, found: Fingerprint | string): Side | 'neither' | null {
  if (typeof found === 'string') return null;
  const { saved, live } = stage.fingerprints;
  if (found[store] === saved[store]) return 'saved';
  return found[store] === live[store] ? 'live' : 'neither';
}

async function execLines(service: ServiceFixture, store: 'postgres' | 'redis', argv: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await service.runtime.exec(service[store], { argv, timeoutMs: 10_000 }).catch((error: unknown) => ({ stdout: String(error) }));
  return stdout.split('\n').filter((line) => line !== '').sort();
}

/** A lease that was released ends a little later than its run: its dead worker is waited for first. */
const releaseWithinMs = 6_000;

export async function leaseStaysHeld(service: ServiceFixture): Promise<boolean> {
  const lease = service.client.workflow.getHandle(leaseWorkflowId(service.name));
  for (const deadline = Date.now() + releaseWithinMs; Date.now() < deadline; await pause(200)) {
    const description = await lease.describe().catch(() => null);
    if (description?.status.name !== 'RUNNING') return false;
  }
  return true;
}

async function observeRepository(service: ServiceFixture): Promise<RepositoryState> {
  const repository = createRepository('local', createLocalStorage(service.repositoryPath));
  const root = join(service.repositoryPath, service.name);
  const backups = await repository.listBackups(service.name);
  const trash = (await repository.trash.list(service.name)).map(({ backupId }) => backupId);
  const unfinished = (await names(join(root, 'backups'))).filter((id) => !backups.includes(id) && !trash.includes(id));
  let proofs = 0;
  for (const id of backups) {
    const { manifest } = await repository.readManifest(service.name, id);
    for (const { component, attempt } of manifest.components) for (const other of await names(join(root, 'backups', id, component))) if (other !== attempt) unfinished.push(`${id}/${component}/${other}`);
    proofs += (await repository.listProofs(service.name, id)).length;
  }
  return {
    backups, trash, unfinished, proofs,
    drills: await readDrills(repository, service.name),
    files: await readBackupFiles(root),
    gone: (await repository.trash.removed(service.name, new Map())).map(({ backupId }) => backupId),
    marks: (await names(join(root, 'marks'))).length,
    notes: await names(join(root, 'runs')),
    temporaries: await names(join(service.repositoryPath, '.tmp')),
    approvals: (await names(join(root, 'approvals'))).length,
    rollbacks: await repository.listRollbacks(service.name),
    setAside: await observeSetAside(repository, service),
  };
}

/** An absent directory has no names. */
async function names(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** Everything that CONFIG GET answers, as `name value`: nobody may leave it changed. */
async function readRedisConfig(service: ServiceFixture): Promise<readonly string[]> {
  const lines = (await service.redisCli('CONFIG', 'GET', '*')).split('\n');
  return lines.flatMap((name, index) => (index % 2 === 0 ? [`${name} ${lines[index + 1] ?? ''}`.trimEnd()] : [])).sort();
}
