/** What a server has archived: read and listed beside it, and let go of once every repository has it. */
import { Readable } from 'node:stream';
import { readFileFromContainer } from '../../../../containers/container-files.ts';
import { HoldfastFailure, isFailure } from '../../../../domain/failures.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import type { LetGo, ReceivedFile, WalCluster, WalContext, WalLook } from '../../../wal-source.ts';
import { listArchived } from '../../server/script-text.ts';
import { keptIn, readKept } from '../kept-cluster.ts';
import { commandFailed, createKeeper, runIn, withContainer } from '../reading-container.ts';
import { hasVolume, walDirectory } from '../receiver.ts';
import { freeBytesIn, isMoment, readingsIn, walFileKind } from '../wal-readings.ts';
import { seatOf, type ArchivePlace } from './archive-place.ts';
import { archivedUpTo, letGoIn, releasableFiles, shippable, spooledIn } from './spool-listing.ts';

/** Names in one command: far below what a command line may have. */
const namesAtOnce = 500;
/** A file that is released while files are listed is gone when it is looked at. */
const listings = 3;
/** Behind every reading. */
const noReadings = '9';

export async function spoolCluster(ctx: WalContext, component: PostgresComponent): Promise<WalCluster | null> {
  const { watcher, seat } = await seatOf(ctx, component);
  if (!(await hasVolume(ctx.runtime, watcher))) return null;
  const kept = await withContainer(ctx, component, seat, 'any', (id) => readKept(ctx.runtime, id));
  return kept === null ? null : { systemIdentifier: kept.systemIdentifier, majorVersion: kept.majorVersion, segmentSizeBytes: kept.segmentSizeBytes };
}

/** Each reading with what is archived by now: the newest segment in the spool, which stays there. */
export async function lookAtSpool(ctx: WalContext, component: PostgresComponent, after: string | null): Promise<WalLook> {
  if (after !== null && !isMoment(after)) throw new HoldfastFailure('InvalidInput', { operation: 'read the watcher\'s readings', object: component.name, cause: 'the moment is not ISO 8601 in UTC', hint: 'Give the moment of a reading.' });
  const output = await listing(ctx, component, after ?? '');
  const [files, kept] = [spooledIn(output), keptIn(output, component.name)];
  return {
    readings: readingsIn(output).map((reading) => ({ ...reading, received: kept === null ? null : archivedUpTo(files, reading, kept.segmentSizeBytes) })),
    files: shippable(files),
    breaks: letGoIn(files).map(({ segment, at }) => ({ segment, at })),
  };
}

export const spoolFiles = async (ctx: WalContext, component: PostgresComponent): Promise<readonly ReceivedFile[]> => shippable(spooledIn(await listing(ctx, component)));

export const spoolBreaks = async (ctx: WalContext, component: PostgresComponent): Promise<readonly LetGo[]> => letGoIn(spooledIn(await listing(ctx, component))).map(({ segment, at }) => ({ segment, at }));

/** What the script printed; nothing where there is no volume. */
async function listing(ctx: WalContext, component: PostgresComponent, after = noReadings): Promise<string> {
  const { watcher, seat, place } = await seatOf(ctx, component);
  if (!(await hasVolume(ctx.runtime, watcher))) return '';
  return withContainer(ctx, component, seat, 'running', (id) => listed(ctx, id, place, after));
}

async function listed(ctx: WalContext, id: string, place: ArchivePlace | null, after = noReadings): Promise<string> {
  for (let again = 1; ; again += 1) {
    const result = await ctx.runtime.exec(id, { argv: ['sh', '-c', listArchived, 'list', place?.beside ?? '/nowhere', after], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
    if (result.exitCode === 0) return result.stdout;
    if (again === listings) throw commandFailed(id, 'sh', result.stderr);
  }
}

/** Through a container that never runs: a reader that stalls locks the container it reads from (databases.md D12), and the watcher is to be looked at meanwhile. */
export async function readSpooled(ctx: WalContext, component: PostgresComponent, name: string): Promise<Readable> {
  requireLogFile(component, name);
  const { watcher, seat, place } = await seatOf(ctx, component);
  if (!(await hasVolume(ctx.runtime, watcher))) throw notThere(component, name);
  const { id } = await createKeeper(ctx, component, seat);
  const remove = async (): Promise<void> => ctx.runtime.remove(id).catch(() => undefined);
  try {
    const content = await firstOf(ctx, component, id, name, [...(place === null ? [] : [`${place.beside}/spool`]), walDirectory]);
    content.once('close', () => void remove());
    return content;
  } catch (error) {
    await remove();
    throw error;
  }
}

async function firstOf(ctx: WalContext, component: PostgresComponent, id: string, name: string, directories: readonly string[]): Promise<Readable> {
  for (const directory of directories) {
    try {
      return await readFileFromContainer(ctx.runtime, id, `${directory}/${name}`);
    } catch (error) {
      if (!isFailure(error, 'PathNotFound')) throw error;
    }
  }
  throw notThere(component, name);
}

export async function spoolFreeBytes(ctx: WalContext, component: PostgresComponent): Promise<number | null> {
  const { watcher, place } = await seatOf(ctx, component);
  const standing = await ctx.runtime.find(watcher.name);
  if (standing?.state !== 'running' || place === null) return null;
  return freeBytesIn(await runIn(ctx, standing.id, ['df', '-Pk', place.mount.target]));
}

/**
 * By single commands in the database's own container, whose files they are; what lies beside the readings goes in the watcher. Where the database is down, it
 * is asked again when that is back: nothing is written meanwhile.
 */
export async function releaseSpooled(ctx: WalContext, component: PostgresComponent, names: readonly string[]): Promise<void> {
  for (const name of names) requireLogFile(component, name);
  const { watcher, seat, place } = await seatOf(ctx, component);
  if (names.length === 0 || !(await hasVolume(ctx.runtime, watcher))) return;
  const files = releasableFiles(names, spooledIn(await withContainer(ctx, component, seat, 'running', (id) => listed(ctx, id, place))));
  const own = files.filter(({ directory }) => directory === 'own').map(({ name }) => `${walDirectory}/${name}`);
  if (own.length > 0) await withContainer(ctx, component, seat, 'running', (id) => runIn(ctx, id, ['rm', '-f', '--', ...own]));
  if (place !== null) await removeInDatabase(ctx, component, files.filter(({ directory }) => directory === 'spool').map(({ name }) => `${place.directory}/spool/${name}`));
}

export async function settleBreaks(ctx: WalContext, component: PostgresComponent, breaks: readonly LetGo[]): Promise<void> {
  const { place } = await seatOf(ctx, component);
  if (place === null || breaks.length === 0) return;
  const noted = letGoIn(spooledIn(await listing(ctx, component)));
  const settled = noted.filter(({ segment, at }) => breaks.some((each) => each.segment === segment && each.at === at));
  await removeInDatabase(ctx, component, settled.map(({ name }) => `${place.directory}/breaks/${name}`));
}

async function removeInDatabase(ctx: WalContext, component: PostgresComponent, paths: readonly string[]): Promise<void> {
  const id = paths.length === 0 ? '' : (await ctx.runtime.inspect(component.container)).id;
  for (let begin = 0; begin < paths.length; begin += namesAtOnce) await runIn(ctx, id, ['rm', '-f', '--', ...paths.slice(begin, begin + namesAtOnce)]);
}

function requireLogFile(component: PostgresComponent, name: string): void {
  if (walFileKind(name) === null) throw notThere(component, name);
}

const notThere = (component: PostgresComponent, name: string): HoldfastFailure =>
  new HoldfastFailure('PathNotFound', { operation: 'find a file of the log', object: component.name, cause: `the spool has no ${JSON.stringify(name).slice(0, 80)}`, hint: 'It may have been released meanwhile; list the files again.' });
