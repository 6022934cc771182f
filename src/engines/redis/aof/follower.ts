/** The container that follows the AOF of a server, and its volume: names, labels, what they are made of, and their end. */
import type { ContainerFacts, MountSpec } from '../../../containers/container-runtime.ts';
import { labelNames, receiverLabels, receiverName } from '../../../containers/labels.ts';
import { imageVolumeMounts } from '../../../containers/scratch-server.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import { aofBlockBytes, noRoom } from '../../aof-source.ts';
import type { ReceiverState, WalContext } from '../../wal-source.ts';
import { helperScripts } from '../helper/helper-scripts.ts';
import { liveDirectory, liveMount } from '../helper/redis-helper.ts';
import { readServer } from '../server/server-facts.ts';

/** Where the follower's own volume is mounted. */
export const followerDirectory = '/wal';
/** Root reads the files of the server's user, on a mount that it cannot write to. */
const capabilities = ['DAC_OVERRIDE'] as const;
const limits = { memoryBytes: 256 * 1024 ** 2, pidsLimit: 64, cpuShares: 128 } as const;

/** Of follow-aof.sh. */
const diskFullExitCode = 28;

interface Names {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export function followerOf(ctx: Pick<WalContext, 'namespaceId' | 'service'>, component: Pick<RedisComponent, 'name'>): Names {
  const identity = { namespaceId: ctx.namespaceId, service: ctx.service, component: component.name };
  return { name: receiverName(identity), labels: receiverLabels(identity) };
}

const carries = (found: { readonly labels: Readonly<Record<string, string>> }, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([name, value]) => found.labels[name] === value);

/** The container, or null. @throws NameTaken where the name is somebody else's */
export async function findFollower(ctx: WalContext, { name, labels }: Names): Promise<ContainerFacts | null> {
  const found = await ctx.runtime.find(name);
  if (found !== null && !carries(found, labels)) throw nameTaken('container', name);
  return found;
}

async function hasVolume(ctx: WalContext, { name, labels }: Names): Promise<boolean> {
  const found = await ctx.runtime.findVolume(name);
  if (found !== null && !carries(found, labels)) throw nameTaken('volume', name);
  return found !== null;
}

export async function ensureFollower(ctx: WalContext, component: RedisComponent): Promise<ReceiverState> {
  const follower = followerOf(ctx, component);
  const database = await ctx.runtime.find(component.container);
  const standing = await findFollower(ctx, follower);
  const isOfDatabase = database !== null && standing?.labels[labelNames.databaseId] === database.id;
  if (standing?.state === 'running' && isOfDatabase) return database.state === 'running' ? 'running' : 'waitingForDatabase';
  // Another call is about to start it, unless it died: then the next one finds it older.
  if (standing?.state === 'created' && isOfDatabase && Date.now() - Date.parse(standing.createdAt) < ctx.timing.execMs) return 'waitingForDatabase';
  // One that nothing is left to follow of would only keep the data's volume from being removed.
  if (database === null && standing !== null) await ctx.runtime.remove(standing.id);
  if (database?.state !== 'running') return 'waitingForDatabase';
  try {
    if (standing !== null) await ctx.runtime.remove(standing.id);
    const state = await startFollower(ctx, component, follower);
    if (standing?.exitCode !== diskFullExitCode) return state;
    throw new HoldfastFailure('DiskFull', { operation: 'follow the AOF', object: component.container, cause: noRoom.cause, hint: noRoom.hint });
  } catch (error) {
    if (isFailure(error, 'DatabaseUnreachable') || isFailure(error, 'ContainerNotRunning') || isFailure(error, 'ContainerNotFound')) return 'waitingForDatabase';
    throw error;
  }
}

async function startFollower(ctx: WalContext, component: RedisComponent, follower: Names): Promise<ReceiverState> {
  const { container, mount, settings } = await readServer(ctx, component);
  if (mount === null) throw unsupported(component, 'its data directory lies in no volume or directory of the host', 'Give its container a volume.');
  const [directory, file] = [settings.get('appenddirname') ?? '', settings.get('appendfilename') ?? ''];
  if (![directory, file].every((name) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))) throw unsupported(component, `its AOF is called ${JSON.stringify(`${directory}/${file}`)}`, 'Names of letters, digits, ".", "_" and "-" can be followed: appenddirname and appendfilename of Redis 7 or newer.');
  if (!(await hasVolume(ctx, follower))) await ctx.runtime.createVolume(follower.name, follower.labels);
  const mounts: readonly MountSpec[] = [{ type: 'volume', source: follower.name, target: followerDirectory }, liveMount(mount, true)];
  // In the place of the image's own volumes there is memory, which leaves nothing behind.
  const covered = (await imageVolumeMounts(ctx.runtime, container.imageId, mounts)).map(({ target }): MountSpec => ({ type: 'tmpfs', source: '', target }));
  const { id } = await ctx.runtime.create({
    ...limits, name: follower.name, imageId: container.imageId, labels: { ...follower.labels, [labelNames.databaseId]: container.id, [labelNames.databaseStartedAt]: container.startedAt ?? '' },
    entrypoint: ['/bin/sh'], command: ['-c', helperScripts.followAof, 'holdfast-follow', `${liveDirectory(mount.subdirectory)}/${directory}`, `${file}.manifest`, String(aofBlockBytes)],
    user: '0:0', workingDirectory: '/', mounts: [...mounts, ...covered], network: 'none', init: true, capabilities, readOnlyRoot: true, logDriver: 'none',
  });
  try {
    ctx.signal.throwIfAborted();
    await ctx.runtime.start(id);
    return 'started';
  } catch (error) {
    await ctx.runtime.remove(id).catch(() => undefined);
    throw error;
  }
}

export async function stopFollower(ctx: WalContext, component: RedisComponent, { forget }: { readonly forget: boolean }): Promise<void> {
  const follower = followerOf(ctx, component);
  await findFollower(ctx, follower);
  const volume = await hasVolume(ctx, follower);
  for (const container of await ctx.runtime.list(follower.labels)) await ctx.runtime.remove(container.id);
  if (forget && volume) await ctx.runtime.removeVolume(follower.name);
}

export const unsupported = (component: RedisComponent, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('UnsupportedTopology', { operation: 'follow the AOF', object: component.container, cause, hint });

const nameTaken = (type: string, name: string): HoldfastFailure =>
  new HoldfastFailure('NameTaken', { operation: `find the follower's ${type}`, object: name, cause: `a ${type} of that name is not this component's follower`, hint: `Look at it with \`docker ${type} inspect ${name}\`; nothing was removed.` });
