/** Preflight: is this a Redis we can back up or restore, and what stands in the way? Reads, changes nothing. */
import type { ContainerFacts } from '../../containers/container-runtime.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { PinnedStore } from '../../domain/restore-plan.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import type { ComponentFacts } from '../engine.ts';
import { missingForSeconds } from './aof/look-at-server.ts';
import { requireAlone } from './require-alone.ts';
import { runRedisCommand } from './server/redis-cli.ts';
import { infoNumber, mountOf, mountOnEntry, readServer, type RedisServer } from './server/server-facts.ts';
import { requireSameAfterRestart } from './server/start-up-settings.ts';

/**
 * @throws ContainerNotFound, ContainerNotRunning (backup), WrongContainer, AuthenticationFailed, PermissionDenied, UnsupportedTopology.
 * For a restore a container that is not running is answered with `running: false`: starting it is the caller's decision.
 */
export async function inspectRedis(ctx: EngineContext, component: RedisComponent, purpose: 'backup' | 'restore'): Promise<ComponentFacts> {
  const container = await ctx.runtime.inspect(component.container);
  if (purpose === 'restore' && (container.state === 'exited' || container.state === 'created')) {
    const mount = mountOf(container.mounts, '/data');
    return { pinned: pinnedStore(component, container.id, mount?.source ?? ''), version: '', imageId: container.imageId, running: false, empty: false, dataSizeBytes: 0, freeBytes: null, warnings: [`${component.container} is not running: nothing could be asked of it`] };
  }
  const server = await readServer(ctx, component);
  refuseTopology(server);
  if (purpose === 'restore') {
    await requireRestorable(ctx, server);
    requireLoaded(server);
  }
  return {
    pinned: pinnedStore(component, server.container.id, server.mount?.source ?? ''),
    version: server.version,
    imageId: server.container.imageId,
    running: true,
    empty: server.keyspace.length === 0,
    dataSizeBytes: infoNumber(server.info, 'used_memory'),
    freeBytes: await freeBytesOf(ctx, server),
    warnings: warningsFor(server, purpose),
  };
}

/** The replication id changes with every restart, so Redis has no identity that could be pinned beside container and volume. */
export const pinnedStore = (component: RedisComponent, containerId: string, volume: string): PinnedStore =>
  ({ component: component.name, engine: 'redis', container: component.container, containerId, volume, identity: null, database: null });

/** @throws UnsupportedTopology for a replica, a cluster node or a sentinel (databases.md R11) */
export function refuseTopology(server: RedisServer): void {
  const mode = server.info.get('redis_mode') ?? server.info.get('server_mode') ?? 'standalone';
  if (mode !== 'standalone') throw unsupported(server, `it runs as ${mode}`, 'Holdfast handles single Redis servers; cluster and sentinel are out of its reach.');
  if (server.info.get('role') !== 'master') throw unsupported(server, 'it is a replica: its master decides what it holds', 'Name the master in holdfast.yaml.');
}

/** What a restore needs beyond a backup. @throws UnsupportedTopology, PermissionDenied, VersionMismatch */
export async function requireRestorable(ctx: EngineContext, server: RedisServer): Promise<void> {
  const replicas = infoNumber(server.info, 'connected_slaves');
  if (replicas > 0) throw unsupported(server, `${replicas} replicas hang on it and would follow it into the older data`, 'Detach the replicas first (REPLICAOF NO ONE), and let them sync again afterwards.');
  requireExchangeable(server);
  await requireAlone(ctx, server.container, server.mount);
  await requireSameAfterRestart(ctx, server);
  await requireShutdown(ctx, server);
}

/** Of any server, whether it answers or not: can its files be exchanged by rename? @throws UnsupportedTopology */
export function requireExchangeable(server: RedisServer): void {
  if (server.mount === null) throw unsupported(server, `its data directory ${server.directory} is on no volume or writable bind mount: nothing can be exchanged beside it`, 'Give the container a volume for its data directory.');
  requireKept(server.container);
  const names = [server.settings.get('dbfilename') ?? '', server.settings.get('appenddirname') ?? '', server.settings.get('appendfilename') ?? ''];
  // A control character could end a line of ours; a path could lead elsewhere.
  const odd = names.find((name) => /[\u0000-\u001f\u007f/]/.test(name) || name === '.' || name === '..');
  if (odd !== undefined) throw unsupported(server, `the file name ${JSON.stringify(odd)} cannot be handled`, 'Give dbfilename, appenddirname and appendfilename plain names.');
  if (names.some((name) => name === '' || name === '.holdfast')) throw unsupported(server, 'it does not name its files the way Redis 7 and newer do', 'Restore into a Redis of version 7 or newer.');
  const nested = mountOnEntry(server.container.mounts, server.directory, [...names, '.holdfast']);
  if (nested !== null) throw unsupported(server, `${nested} is a mount of its own in its data directory: no file can be moved across it`, 'Give the container one volume for all of its data directory.');
}

/** INFO and CONFIG answer while it loads (databases.md R12), also what no server can load to its end. @throws DatabaseUnreachable */
function requireLoaded({ info, container }: Pick<RedisServer, 'info' | 'container'>): void {
  if (info.get('loading') === '1') throw new HoldfastFailure('DatabaseUnreachable', { operation: 'inspect Redis', object: container.name, cause: 'it is still loading its data', hint: 'The step is tried again.' });
}

/** @throws UnsupportedTopology */
export function requireKept({ name, autoRemove }: Pick<ContainerFacts, 'name' | 'autoRemove'>): void {
  if (autoRemove) throw unsupported({ container: { name } }, 'it was made with --rm: the engine removes it and its anonymous volumes when the restore stops it, and the data with them', 'Make the container again without --rm, on a named volume.');
}

/** SHUTDOWN must exist under its name and be permitted: the rollback copy depends on it, and after approval is too late to find out. */
async function requireShutdown(ctx: EngineContext, server: RedisServer): Promise<void> {
  const denied = (cause: string): HoldfastFailure => new HoldfastFailure('PermissionDenied', { operation: 'check SHUTDOWN', object: server.connection.component.container, cause, hint: 'Give the configured user SHUTDOWN, or configure a user that has it; without it no rollback copy can be made.' });
  const known = JSON.parse(await runRedisCommand(ctx, server.connection, ['COMMAND', 'INFO', 'shutdown'], { json: true })) as readonly unknown[];
  if ((known[0] ?? null) === null) throw denied('the server has no command of that name: it was renamed or disabled');
  const user = server.connection.component.user;
  if (user === undefined) return;
  const answer = await runRedisCommand(ctx, server.connection, ['ACL', 'DRYRUN', user, 'SHUTDOWN', 'SAVE']).catch((error: unknown) => {
    // A user that may not ask about itself can still be one that may shut down; closing says so if not.
    if (error instanceof HoldfastFailure && error.type === 'PermissionDenied') return 'OK';
    throw error;
  });
  if (answer !== 'OK') throw denied(`Redis says: ${answer.slice(0, 200)}`);
}

function warningsFor(server: RedisServer, purpose: 'backup' | 'restore'): string[] {
  const { settings, info } = server;
  const name = server.container.name;
  const replicas = infoNumber(info, 'connected_slaves');
  return [
    ...(settings.get('rdbchecksum') === 'no' ? [`${name} runs with rdbchecksum no: only Holdfast's own SHA-256 protects the file`] : []),
    ...(purpose === 'backup' && settings.get('save') === '' && settings.get('appendonly') === 'no' ? [`${name} saves nothing by itself (no save points, no AOF): a restart loses its data`] : []),
    ...(purpose === 'backup' && server.connection.component.aof === 'archive' ? secondsWarning(server) : []),
    ...(purpose === 'backup' && replicas > 0 ? [`${replicas} replicas hang on ${name}: a restore will be refused while they do`] : []),
    ...(purpose === 'backup' && server.mount === null ? [`the data directory ${server.directory} of ${name} is on no volume: a restore into it will be refused`] : []),
    ...(server.modules.length > 0 ? [`${name} uses modules (${server.modules.map((module) => module.name).join(', ')}): a restore needs the same ones`] : []),
  ];
}

/** The configuration asks for something that the server does not do. */
function secondsWarning({ settings, container }: RedisServer): readonly string[] {
  const problem = missingForSeconds(Object.fromEntries(settings));
  return problem === null ? [] : [`${container.name} cannot be brought to a second (aof: archive): ${problem.cause}. ${problem.hint}`];
}

/** Free bytes of the file system under the data directory. @throws DatabaseUnreachable */
export async function freeBytesOf(ctx: EngineContext, server: RedisServer): Promise<number | null> {
  const result = await ctx.runtime.exec(server.container.id, { argv: ['df', '-Pk', '--', server.directory], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  const available = /^.*\s(\d+)\s+\d+%\s/.exec(result.stdout.trimEnd().split('\n').at(-1) ?? '')?.[1];
  return result.exitCode === 0 && available !== undefined ? Number(available) * 1024 : null;
}

function unsupported(server: { readonly container: Pick<ContainerFacts, 'name'> }, cause: string, hint: string): HoldfastFailure {
  return new HoldfastFailure('UnsupportedTopology', { operation: 'inspect Redis', object: server.container.name, cause, hint });
}
