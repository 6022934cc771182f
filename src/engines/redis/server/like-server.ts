/**
 * What a Redis that cannot start would say of itself: asked of a throwaway server that is made like it, without its data and without a network. Which files it
 * keeps where, and whether it needs an append-only file, is decided by command, configuration and environment, and guessed from none of them.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { makeDirectories, readFileFromContainer, stageFile } from '../../../containers/container-files.ts';
import type { ContainerFacts, MountFacts, MountSpec } from '../../../containers/container-runtime.ts';
import { endedByOthers, lostServer } from '../../../containers/ended-by-others.ts';
import { mountHolding } from '../../../containers/mount-holding.ts';
import { createScratchServer } from '../../../containers/scratch-server.ts';
import { removeScratch } from '../../../containers/scratch.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import type { EngineContext } from '../../engine-context.ts';
import { askServer, mountOf, type DataMount, type RedisServer } from './server-facts.ts';
import { commandSettings, fileSettings } from './start-up-settings.ts';
import { waitUntilLoaded } from './wait-until-ready.ts';

/** Where the images of Redis and Valkey keep their data. */
const imageDirectory = '/data';

interface ConfigurationFile {
  readonly path: string;
  /** They stay in this process and go nowhere but into the server that is made like this one: they may hold passwords. Null where no file could be read there. */
  readonly bytes: Buffer | null;
}

export interface ToldPlace {
  readonly mount: MountFacts;
  readonly data: DataMount;
  readonly file: ConfigurationFile | null;
}

/** Where a container's data lies as far as can be told from outside. Reads only. @throws UnsupportedTopology where it lies on no volume */
export async function toldPlace(ctx: EngineContext, container: ContainerFacts): Promise<ToldPlace> {
  const file = await configurationFile(ctx, container);
  const directory = toldDirectory(container.command, file?.bytes?.toString('utf8') ?? '');
  const mount = dataMountOf(container.mounts, directory, file?.path ?? null);
  const data = mount === null ? null : mountOf(container.mounts, mountHolding(container.mounts, directory ?? imageDirectory) === mount ? directory ?? imageDirectory : mount.destination);
  if (mount !== null && data !== null) return { mount, data, file };
  throw unsupported(container, `its data directory ${directory ?? imageDirectory} is on no volume or writable bind mount: nothing can be exchanged beside it`, 'Give the container a volume for its data directory.');
}

/** A command's words, after those that a shell would make of each: what is told by a word of its own counts more. */
const wordsOf = (command: readonly string[]): readonly string[] => [...command.flatMap((word) => word.split(/[\s"';]+/)), '', ...command];

/** From the command, else from the configuration file; null where neither says. Pure. */
export function toldDirectory(command: readonly string[], file: string): string | null {
  const told = [commandSettings(wordsOf(command)).get('dir'), fileSettings(file).get('dir')].find((directory) => directory?.startsWith('/') === true);
  return told === undefined ? null : posix.join(told, '.').replace(/(?<=.)\/$/, '');
}

/** The configuration file that the command names, or null. Pure. */
export const configurationPath = (command: readonly string[]): string | null =>
  wordsOf(command).find((word, index, words) => /^\/.*\.conf$/.test(word) && words[index - 1]?.startsWith('--') !== true) ?? null;

/** The mount of that directory; where nothing says which it is, the image's, or the only one that could be meant. Pure. */
export function dataMountOf(mounts: readonly MountFacts[], directory: string | null, configuration: string | null): MountFacts | null {
  const holding = mountHolding(mounts, directory ?? imageDirectory);
  if (holding !== null || directory !== null) return holding;
  const candidates = mounts.filter((mount) => mount.writable && (mount.type === 'volume' || mount.type === 'bind') && (configuration === null || mountHolding([mount], configuration) === null));
  return candidates.length === 1 ? candidates[0] as MountFacts : null;
}

/** As the container has them, read-only; an empty volume in place of each of these. Pure. */
export function likeMounts(mounts: readonly MountFacts[], emptied: readonly MountFacts[]): readonly MountSpec[] {
  return mounts.flatMap((mount): readonly MountSpec[] => {
    const target = mount.destination;
    if (emptied.includes(mount)) return [{ type: 'volume', source: '', target }];
    if (mount.type === 'tmpfs') return [{ type: 'tmpfs', source: '', target }];
    return mount.type === 'other' || mount.source === null ? [] : [{ type: mount.type, source: mount.source, target, readOnly: true }];
  });
}

/** What a server may write to besides its data (a log, a socket): in a first try it may hold configuration. Pure. */
export const writableBeside = (mounts: readonly MountFacts[], { mount, file }: Pick<ToldPlace, 'mount' | 'file'>): readonly MountFacts[] =>
  mounts.filter((each) => each.writable && each !== mount && (each.type === 'volume' || each.type === 'bind') && (file === null || mountHolding(mounts, file.path) !== each));

/**
 * The facts of the live server as one like it tells them: without keys, and with the live container's own mounts. Made anew each time, and removed before it returns.
 * @throws ContainerNotRunning where it does not start without its data either, HelperLost, UnsupportedTopology, AuthenticationFailed, PermissionDenied, ImageMissing
 */
export async function askLikeServer(ctx: EngineContext, component: RedisComponent): Promise<RedisServer> {
  const live = await ctx.runtime.inspect(component.container);
  const place = await toldPlace(ctx, live);
  const others = writableBeside(live.mounts, place);
  try {
    return await askWithout(ctx, component, live, place, [place.mount]);
  } catch (error) {
    if (!isFailure(error, 'ContainerNotRunning')) throw error;
    const answer = others.length === 0 ? null : await askWithout(ctx, component, live, place, [place.mount, ...others]).catch(nullIfFailed);
    if (answer !== null) return answer;
    throw notItsData(component, error.fields.cause);
  }
}

/** @param emptied mounts in whose place the server finds an empty volume */
async function askWithout(ctx: EngineContext, component: RedisComponent, live: ContainerFacts, place: ToldPlace, emptied: readonly MountFacts[]): Promise<RedisServer> {
  const scratch = await createScratchServer(ctx.runtime, {
    identity: { owner: ctx.owner, service: ctx.service, component: component.name, step: 'like' }, imageId: live.imageId, entrypoint: live.entrypoint, command: live.command.slice(live.entrypoint.length),
    environmentOf: live.id, mounts: likeMounts(live.mounts, emptied), signal: ctx.signal, ...(live.user === null ? {} : { user: live.user }), ...(live.memoryBytes > 0 ? { memoryBytes: live.memoryBytes } : {}),
  });
  try {
    for (const { destination } of emptied) await makeDirectories(ctx.runtime, scratch.id, destination, destination === place.mount.destination ? directoriesIn(live, place) : []);
    await stageConfiguration(ctx, scratch.id, live, place);
    await ctx.runtime.start(scratch.id);
    const connection = { component, containerId: scratch.id };
    // Its command is the live one's, which may well end with 0 by itself: that tells what is looked for here.
    await waitUntilLoaded(ctx, connection, 0, (operation, facts) => (endedByOthers(facts) ? lostServer(operation, facts) : null));
    const asked = await askServer(ctx, connection, live);
    if (mountHolding(live.mounts, asked.directory)?.destination !== place.mount.destination) throw unsupported(live, `its data directory is ${asked.directory}, which its command and configuration file do not say`, 'Say it with --dir in its command; a volume has to hold it.');
    return { ...asked, connection: { component, containerId: live.id }, keyspace: [] };
  } finally {
    await removeScratch(ctx.runtime, scratch);
  }
}

/** A file among the mounts cannot be a volume, and what is missing may be needed: the first try says more. One that somebody else ended says nothing. */
function nullIfFailed(error: unknown): null {
  if (isFailure(error) && error.type !== 'HelperLost') return null;
  throw error;
}

/** Directories of the data's mount that the server goes into, or has its configuration in. */
function directoriesIn({ mounts }: ContainerFacts, { mount, data, file }: ToldPlace): readonly string[] {
  const withData = file !== null && mountHolding(mounts, file.path) === mount ? posix.relative(mount.destination, posix.dirname(file.path)) : '';
  return [...pathsTo(data.subdirectory), ...pathsTo(withData)];
}

/** `a`, `a/b` of `a/b`. */
const pathsTo = (path: string): readonly string[] => path.split('/').filter((part) => part !== '').map((_, index, parts) => parts.slice(0, index + 1).join('/'));

/** One that lies with the data, or was changed in the container itself, is in neither the image nor a mount. */
async function stageConfiguration(ctx: EngineContext, scratchId: string, live: ContainerFacts, { mount, file }: ToldPlace): Promise<void> {
  const holding = file === null ? null : mountHolding(live.mounts, file.path);
  if (file === null || (holding !== null && holding !== mount)) return;
  const { path, bytes } = file;
  if (bytes === null) throw unsupported(live, `its configuration file ${path} cannot be read`, 'Mount it into the container as a file.');
  const staged = { name: posix.basename(path), sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), mode: 0o644 };
  await stageFile(ctx.runtime, scratchId, posix.dirname(path), staged, Readable.from([bytes]), ctx.signal);
}

/** Null where the command names none. */
async function configurationFile(ctx: EngineContext, container: ContainerFacts): Promise<ConfigurationFile | null> {
  const path = configurationPath(container.command);
  if (path === null) return null;
  try {
    return { path, bytes: await buffer(await readFileFromContainer(ctx.runtime, container.id, path)) };
  } catch (error) {
    if (isFailure(error, 'PathNotFound') || isFailure(error, 'BrokenStream')) return { path, bytes: null };
    throw error;
  }
}

const notItsData = (component: RedisComponent, cause: string): HoldfastFailure => new HoldfastFailure('ContainerNotRunning', {
  operation: 'start a server like it', object: component.container, cause: `it does not start without its data either: ${cause}`, hint: 'Mend its command, configuration or image, then start the restore again. Nothing was changed.',
});

const unsupported = (container: ContainerFacts, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('UnsupportedTopology', { operation: 'inspect Redis', object: container.name, cause, hint });
