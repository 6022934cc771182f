/** Preflight: what the server is, and what stands in the way. Reads only. */
import type { ContainerFacts } from '../../containers/container-runtime.ts';
import { howToRun } from '../../containers/how-to-run.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import type { ComponentFacts } from '../engine.ts';
import { queryJson, runPsql } from './server/psql.ts';
import { statements } from './server/script-text.ts';
import { refuseForBackup, refuseForRestore, warningsOf } from './server/obstacles.ts';
import type { ServerReading } from './server/server-reading.ts';

export interface Sighting {
  readonly container: ContainerFacts;
  readonly server: ServerReading;
  readonly volume: string;
}

export interface Inspection extends Sighting {
  readonly freeBytes: number | null;
  /** Of the file system of pg_wal, where that is another one. */
  readonly walFreeBytes: number | null;
}

/** @throws ContainerNotFound, ContainerNotRunning, WrongContainer, DatabaseNotFound, AuthenticationFailed, and what obstacles.ts refuses */
export async function inspect(ctx: EngineContext, component: PostgresComponent, purpose: 'backup' | 'restore'): Promise<ComponentFacts> {
  const { container, server, freeBytes, volume } = await lookWithRoom(ctx, component, purpose);
  return {
    pinned: {
      component: component.name, engine: 'postgres', container: component.container, containerId: container.id, volume,
      identity: server.systemIdentifier, database: component.database,
    },
    version: server.version,
    imageId: container.imageId,
    running: true,
    empty: server.userObjects === 0,
    dataSizeBytes: server.sizeBytes,
    ...(server.timeline === null ? {} : { timeline: server.timeline }),
    freeBytes,
    warnings: warningsOf(container, server),
  };
}

/** The same with everything that was read, for the steps that go on from there. */
export async function lookWithRoom(ctx: EngineContext, component: PostgresComponent, purpose: 'backup' | 'restore'): Promise<Inspection> {
  const sighting = await look(ctx, component, purpose);
  return { ...sighting, ...await roomOf(ctx, sighting.container.id, sighting.server.dataDirectory) };
}

/** Without the file systems: a backup writes on none of them. */
export async function look(ctx: EngineContext, component: PostgresComponent, purpose: 'backup' | 'restore'): Promise<Sighting> {
  const container = await runningContainer(ctx, component);
  const server = await readServer(ctx, component, container.id, purpose);
  if (purpose === 'backup') refuseForBackup(component, server);
  else refuseForRestore(component, server);
  const volume = volumeOf(component, container, server, purpose);
  return { container, server, volume };
}

/** @throws ContainerNotFound, ContainerNotRunning */
export async function runningContainer(ctx: Pick<EngineContext, 'runtime'>, component: Pick<PostgresComponent, 'container'>): Promise<ContainerFacts> {
  const container = await ctx.runtime.inspect(component.container);
  if (container.state === 'running') return container;
  // Its restart policy is at work: a moment later it runs, or is down.
  throw new HoldfastFailure(container.state === 'restarting' ? 'DatabaseUnreachable' : 'ContainerNotRunning', {
    operation: 'look at the database', object: component.container, cause: `the container is ${container.state}`, hint: `Make it run (\`${howToRun(container)}\`), then try again.`,
  });
}

/** A restore into a server without the database is told so by an OID of 0. */
export async function readServer(ctx: EngineContext, component: PostgresComponent, containerId: string, purpose: 'backup' | 'restore'): Promise<ServerReading> {
  const call = { containerId, component, operation: 'inspect the database' };
  try {
    return await queryJson(ctx, { ...call, database: component.database, sql: statements['inspect.sql'] });
  } catch (error) {
    // Why a connection was refused is told in the server's own language: whether there is such a database has to be asked.
    if (!isFailure(error, 'DatabaseNotFound') && !isFailure(error, 'DatabaseUnreachable')) throw error;
    const known = await queryJson<{ exists: boolean }>(ctx, {
      ...call, database: null, sql: 'SELECT json_build_object(\'exists\', EXISTS (SELECT FROM pg_database WHERE datname = :\'database\'));', variables: { database: component.database },
    });
    if (known.exists) throw error;
  }
  if (purpose === 'backup') {
    throw new HoldfastFailure('DatabaseNotFound', {
      operation: call.operation, object: `${component.container}/${component.database}`, cause: 'the server has no database of that name', hint: 'Check `database` in holdfast.yaml.',
    });
  }
  // Restored into a bare server: what counts is the server, seen from its administrative database.
  const server = await queryJson<ServerReading>(ctx, { ...call, database: null, sql: statements['inspect.sql'] });
  return { ...server, databaseOid: 0, sizeBytes: 0, tableBytes: 0, userObjects: 0, rowSecurityTables: [], unreadable: [], preparedTransactions: [], slots: [], subscriptions: [], customTablespace: null };
}

/** The volume or host path that the data directory lies on: the longest mount that contains it (databases.md D19). */
function volumeOf(component: PostgresComponent, container: ContainerFacts, server: ServerReading, purpose: 'backup' | 'restore'): string {
  const directory = server.dataDirectory;
  const mounts = container.mounts.filter((mount) => directory !== null && (directory === mount.destination || directory.startsWith(`${mount.destination}/`)));
  const mount = mounts.sort((a, b) => b.destination.length - a.destination.length)[0];
  if (mount?.source !== undefined && mount.source !== null && (mount.type === 'volume' || mount.type === 'bind')) return mount.source;
  if (purpose === 'backup') return 'unknown';
  throw new HoldfastFailure('UnsupportedTopology', {
    operation: 'find the volume of the data', object: `${component.container}:${directory ?? 'data directory'}`,
    cause: 'the data directory is on no volume or bind mount', hint: 'Move the data to a volume: what is kept in the container itself is gone with it.',
  });
}

/** Free bytes on the file systems of the data and of its log, null where `df` cannot tell. */
export async function roomOf(ctx: Pick<EngineContext, 'runtime' | 'timing' | 'signal'>, containerId: string, directory: string | null): Promise<Pick<Inspection, 'freeBytes' | 'walFreeBytes'>> {
  if (directory === null) return { freeBytes: null, walFreeBytes: null };
  const result = await ctx.runtime.exec(containerId, { argv: ['df', '-P', '-k', directory, `${directory}/pg_wal`], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  return result.exitCode === 0 ? roomIn(result.stdout) : { freeBytes: null, walFreeBytes: null };
}

/** What `df -P -k <data> <log>` says: a line of headings, then one each: file system, size, used, available, capacity, mount point. Pure. */
export function roomIn(output: string): Pick<Inspection, 'freeBytes' | 'walFreeBytes'> {
  const [, data, log] = output.trim().split('\n').map((line) => line.split(/\s+/));
  const bytes = (line: readonly string[] | undefined): number | null => (Number.isSafeInteger(Number(line?.[3])) ? Number(line?.[3]) * 1024 : null);
  const isOther = data !== undefined && log !== undefined && (data[0] !== log[0] || data.slice(5).join(' ') !== log.slice(5).join(' '));
  return { freeBytes: bytes(data), walFreeBytes: isOther ? bytes(log) : null };
}

/** One reading that readiness is told by: the postmaster's start, and whether it listens to more than its socket. */
export async function postmasterStart(ctx: EngineContext, component: PostgresComponent, containerId: string): Promise<string | null> {
  try {
    const sql = 'SELECT CASE WHEN current_setting(\'listen_addresses\') <> \'\' AND NOT pg_is_in_recovery() THEN pg_postmaster_start_time()::text ELSE \'\' END;';
    const start = (await runPsql(ctx, { containerId, component, database: null, operation: 'wait for the database', sql })).trim();
    return start === '' ? null : start;
  } catch (error) {
    if (isFailure(error, 'DatabaseUnreachable')) return null;
    throw error;
  }
}
