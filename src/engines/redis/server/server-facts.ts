/** What a running Redis says about itself: version, role, settings, files, memory, and where its data directory lies. Reads only. */
import type { ContainerFacts, MountFacts } from '../../../containers/container-runtime.ts';
import { howToRun } from '../../../containers/how-to-run.ts';
import { mountHolding } from '../../../containers/mount-holding.ts';
import type { RedisDatabaseContent } from '../../../domain/content.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import { type CommandContext, execRedisCommands, type RedisConnection, runRedisCommand } from './redis-cli.ts';

export interface ServerModule {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

export interface RedisServer {
  readonly container: ContainerFacts;
  readonly connection: RedisConnection;
  readonly flavour: 'redis' | 'valkey';
  readonly version: string;
  readonly info: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
  readonly modules: readonly ServerModule[];
  readonly keyspace: readonly RedisDatabaseContent[];
  readonly directory: string;
  /** The mount that holds the data directory, or null where it lies in the container's own layer. */
  readonly mount: DataMount | null;
}

export interface DataMount {
  readonly type: 'volume' | 'bind';
  /** Volume name or host path. */
  readonly source: string;
  /** The data directory relative to the mount: '' or `sub/directory`. */
  readonly subdirectory: string;
}

const settingNames = ['dir', 'dbfilename', 'appendonly', 'appenddirname', 'appendfilename', 'save', 'maxmemory', 'maxmemory-policy', 'rdbchecksum', 'databases', 'repl-diskless-sync-delay', 'cluster-enabled', 'aclfile', 'aof-timestamp-enabled', 'aof-use-rdb-preamble'] as const;

/**
 * Everything the engine asks a live server. @throws ContainerNotFound, ContainerNotRunning, WrongContainer, AuthenticationFailed,
 * PermissionDenied (CONFIG renamed or not permitted), DatabaseUnreachable
 */
export async function readServer(ctx: CommandContext, component: RedisComponent): Promise<RedisServer> {
  const container = await ctx.runtime.inspect(component.container);
  if (container.state !== 'running') {
    throw new HoldfastFailure('ContainerNotRunning', { operation: 'ask Redis', object: component.container, cause: `the container is ${container.state}`, hint: `Make it run (${howToRun(container)}), and look at its log if it does not stay up.` });
  }
  return askServer(ctx, { component, containerId: container.id }, container);
}

/** The same of whichever server is there. @param container whose mounts its data directory is looked for on */
export async function askServer(ctx: CommandContext, connection: RedisConnection, container: ContainerFacts): Promise<RedisServer> {
  const answers = await answersAtOnce(ctx, connection);
  const info = answers?.info ?? parseInfo(await runRedisCommand(ctx, connection, ['INFO', 'everything']));
  const version = info.get('valkey_version') ?? info.get('redis_version');
  if (version === undefined) {
    throw new HoldfastFailure('WrongContainer', { operation: 'ask Redis', object: connection.component.container, cause: 'what answers there does not say which Redis it is', hint: 'Check the container name in holdfast.yaml.' });
  }
  const settings = answers?.settings ?? await readSettings(ctx, connection);
  const directory = settings.get('dir') ?? '';
  return {
    container, connection, version, info, settings, directory,
    flavour: info.has('valkey_version') || info.get('server_name') === 'valkey' ? 'valkey' : 'redis',
    modules: answers?.modules ?? await readModules(ctx, connection, info),
    keyspace: keyspaceOf(info),
    mount: mountOf(container.mounts, directory),
  };
}

/** All three by one process. Null where any of them is no plain answer: then each is asked for by itself, and says what is wrong. */
async function answersAtOnce(ctx: CommandContext, connection: RedisConnection): Promise<Pick<RedisServer, 'info' | 'settings' | 'modules'> | null> {
  const { exitCode, stdout, stderr } = await execRedisCommands(ctx, connection, [`CONFIG GET ${settingNames.join(' ')}`, 'MODULE LIST', 'INFO everything']);
  const [settings = '', modules = '', ...info] = stdout.split('\n');
  if (exitCode !== 0 || stderr.trim() !== '' || !settings.startsWith('{') || !modules.startsWith('[') || info[0]?.startsWith('# ') !== true) return null;
  const read = settingsIn(settings);
  return isComplete(read) ? { info: parseInfo(info.join('\n')), settings: read, modules: modulesIn(modules) } : null;
}

/** `name:value` lines of INFO. */
export function parseInfo(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#') && line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** `db0:keys=10,expires=2,…`: databases that hold keys, by number. */
export function keyspaceOf(info: ReadonlyMap<string, string>): RedisDatabaseContent[] {
  return [...info].flatMap(([name, value]) => {
    const database = /^db(\d+)$/.exec(name)?.[1];
    const counts = /^keys=(\d+),expires=(\d+)/.exec(value);
    return database === undefined || counts === null ? [] : [{ database: Number(database), keys: counts[1] as string, expires: counts[2] as string }];
  }).sort((a, b) => a.database - b.database);
}

/** Bytes or counts that INFO gives as digits; 0 where it does not say. */
export const infoNumber = (info: ReadonlyMap<string, string>, name: string): number => Number(info.get(name) ?? 0) || 0;

/** Server time in milliseconds: TIME answers seconds and microseconds. */
export async function serverTimeMs(ctx: CommandContext, connection: RedisConnection): Promise<number> {
  return parseTime(await runRedisCommand(ctx, connection, ['TIME']));
}

export function parseTime(text: string): number {
  const [seconds, microseconds] = text.trim().split(/\s+/).map(Number);
  const value = (seconds ?? Number.NaN) * 1000 + Math.floor((microseconds ?? Number.NaN) / 1000);
  if (Number.isSafeInteger(value)) return value;
  throw new HoldfastFailure('DatabaseUnreachable', { operation: 'run TIME', object: 'redis', cause: 'the answer is no time', hint: 'The step is tried again.' });
}

/** As JSON, because a file name may hold anything but a slash. */
async function readSettings(ctx: CommandContext, connection: RedisConnection): Promise<Map<string, string>> {
  const text = await runRedisCommand(ctx, connection, ['CONFIG', 'GET', ...settingNames], { json: true });
  const settings = settingsIn(text);
  if (isComplete(settings)) return settings;
  throw new HoldfastFailure('PermissionDenied', { operation: 'run CONFIG GET', object: connection.component.container, cause: 'Redis does not say where its files are', hint: 'Allow the user CONFIG GET; Holdfast never guesses where data lies.' });
}

const settingsIn = (text: string): Map<string, string> => new Map(Object.entries(JSON.parse(text) as Record<string, string>).map(([name, value]) => [name, String(value)]));

/** A user may be permitted some settings and not others; the rest is then left out of the answer. */
const isComplete = (settings: ReadonlyMap<string, string>): boolean => settings.has('dir') && settings.has('dbfilename') && settings.has('appendonly');

async function readModules(ctx: CommandContext, connection: RedisConnection, info: ReadonlyMap<string, string>): Promise<readonly ServerModule[]> {
  // INFO shows modules too, without their paths; without any there is nothing to ask (and MODULE may not be permitted).
  if (![...info.keys()].some((name) => name === 'module')) return [];
  const text = await runRedisCommand(ctx, connection, ['MODULE', 'LIST'], { json: true }).catch((error: unknown) => {
    // Redis 8 has one built in, which needs no path. Where another is used, loading without it fails and says so.
    if (isFailure(error, 'PermissionDenied')) return '[]';
    throw error;
  });
  return modulesIn(text);
}

function modulesIn(text: string): readonly ServerModule[] {
  const answer = JSON.parse(text) as readonly { name: string; path?: string; args?: readonly string[] }[];
  return answer.filter((module) => (module.path ?? '') !== '').map((module) => ({ name: module.name, path: module.path as string, args: (module.args ?? []).map(String) }));
}

/** Where on which mount a data directory lies; null where nothing can be exchanged there. */
export function mountOf(mounts: readonly MountFacts[], directory: string): DataMount | null {
  const mount = mountHolding(mounts, directory);
  if (mount === null || mount.source === null || !mount.writable || (mount.type !== 'volume' && mount.type !== 'bind')) return null;
  return { type: mount.type, source: mount.source, subdirectory: directory.slice(mount.destination.length).replace(/^\/+/, '') };
}

/** The place of a mount on (or in) one of these entries of the directory, or null: nothing can be moved from or to there by rename. */
export function mountOnEntry(mounts: readonly MountFacts[], directory: string, entries: readonly string[]): string | null {
  const places = entries.map((entry) => `${directory.replace(/\/+$/, '')}/${entry}`);
  return mounts.map((mount) => mount.destination).find((destination) => places.some((place) => `${destination}/`.startsWith(`${place}/`))) ?? null;
}
