/** What the receiver's volume holds: read and listed through a container, while the receiver runs and while nothing does. */
import { Readable } from 'node:stream';
import { readFileFromContainer } from '../../../containers/container-files.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { ReceivedFile, WalCluster, WalContext, WalLook } from '../../wal-source.ts';
import { readKept } from './kept-cluster.ts';
import { commandFailed, createKeeper, runIn, withContainer } from './reading-container.ts';
import { findReceiver, hasVolume, receiverOf, walDirectory } from './receiver.ts';
import { directoriesOf, freeBytesIn, isMoment, placedFilesIn, readingsIn, receivedFiles, releasablePaths, segmentDirectories, walFileKind, type PlacedFile } from './wal-readings.ts';

/** Names in one command: far below what a command line may have. */
const namesAtOnce = 500;
/** A segment that is completed while files are listed has two names in turn. */
const listings = 3;

const listScript = `for directory in ${segmentDirectories.join(' ')}; do
  [ ! -d "${walDirectory}/$directory" ] || find "${walDirectory}/$directory" -maxdepth 1 -type f -exec stat -c '%s %n' {} + || exit 1
done`;
const readingsScript = `set -- "$1" ${walDirectory}/samples/*
[ -e "$2" ] || exit 0
after=$1
shift
exec env LC_ALL=C awk -v after="$after" '$1 "" > after ""' "$@"`;

export async function readCluster(ctx: WalContext, component: PostgresComponent): Promise<WalCluster | null> {
  const receiver = receiverOf(ctx, component);
  if (!(await hasVolume(ctx.runtime, receiver))) return null;
  const kept = await withContainer(ctx, component, receiver, 'any', (id) => readKept(ctx.runtime, id));
  return kept === null ? null : { systemIdentifier: kept.systemIdentifier, majorVersion: kept.majorVersion, segmentSizeBytes: kept.segmentSizeBytes };
}

export async function lookAtReceived(ctx: WalContext, component: PostgresComponent, after: string | null): Promise<WalLook> {
  if (after !== null && !isMoment(after)) throw new HoldfastFailure('InvalidInput', { operation: 'read the receiver\'s readings', object: component.name, cause: 'the moment is not ISO 8601 in UTC', hint: 'Give the moment of a reading.' });
  const receiver = receiverOf(ctx, component);
  if (!(await hasVolume(ctx.runtime, receiver))) return { readings: [], files: [], breaks: [] };
  const output = await withContainer(ctx, component, receiver, 'running', (id) => listed(ctx, id, `(${readingsScript}) || exit 1\n${listScript}`, after ?? ''));
  return { readings: readingsIn(output), files: receivedFiles(placedFilesIn(output)), breaks: [] };
}

export async function listFiles(ctx: WalContext, component: PostgresComponent): Promise<readonly ReceivedFile[]> {
  const receiver = receiverOf(ctx, component);
  if (!(await hasVolume(ctx.runtime, receiver))) return [];
  return receivedFiles(await withContainer(ctx, component, receiver, 'running', (id) => placedFiles(ctx, id)));
}

/** Through a container that never runs: a reader that stalls locks the container it reads from (databases.md D12), and the receiver is to be looked at meanwhile. */
export async function readReceived(ctx: WalContext, component: PostgresComponent, name: string): Promise<Readable> {
  requireWalFile(component, name);
  const receiver = receiverOf(ctx, component);
  if (!(await hasVolume(ctx.runtime, receiver))) throw notThere(component, name);
  const { id } = await createKeeper(ctx, component, receiver);
  const remove = async (): Promise<void> => ctx.runtime.remove(id).catch(() => undefined);
  try {
    const content = await firstOf(ctx, component, id, name);
    content.once('close', () => void remove());
    return content;
  } catch (error) {
    await remove();
    throw error;
  }
}

async function firstOf(ctx: WalContext, component: PostgresComponent, id: string, name: string): Promise<Readable> {
  for (const directory of directoriesOf(name)) {
    try {
      return await readFileFromContainer(ctx.runtime, id, `${walDirectory}/${directory}/${name}`);
    } catch (error) {
      if (!isFailure(error, 'PathNotFound')) throw error;
    }
  }
  throw notThere(component, name);
}

export async function readFreeBytes(ctx: WalContext, component: PostgresComponent): Promise<number | null> {
  const standing = await findReceiver(ctx.runtime, receiverOf(ctx, component));
  if (standing?.state !== 'running') return null;
  return freeBytesIn(await runIn(ctx, standing.id, ['df', '-Pk', walDirectory]));
}

export async function releaseFiles(ctx: WalContext, component: PostgresComponent, names: readonly string[]): Promise<void> {
  for (const name of names) requireWalFile(component, name);
  const receiver = receiverOf(ctx, component);
  if (names.length === 0 || !(await hasVolume(ctx.runtime, receiver))) return;
  await withContainer(ctx, component, receiver, 'running', async (id) => {
    const paths = releasablePaths(names, await placedFiles(ctx, id));
    for (let begin = 0; begin < paths.length; begin += namesAtOnce) await runIn(ctx, id, ['rm', '-f', '--', ...paths.slice(begin, begin + namesAtOnce)]);
  });
}

const placedFiles = async (ctx: WalContext, id: string): Promise<readonly PlacedFile[]> => placedFilesIn(await listed(ctx, id, listScript));

async function listed(ctx: WalContext, id: string, script: string, after = ''): Promise<string> {
  for (let again = 1; ; again += 1) {
    const result = await ctx.runtime.exec(id, { argv: ['sh', '-c', script, 'list', after], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
    if (result.exitCode === 0) return result.stdout;
    if (again === listings) throw commandFailed(id, 'sh', result.stderr);
  }
}

function requireWalFile(component: PostgresComponent, name: string): void {
  if (walFileKind(name) === null) throw notThere(component, name);
}

const notThere = (component: PostgresComponent, name: string): HoldfastFailure =>
  new HoldfastFailure('PathNotFound', { operation: 'find a file of the log', object: component.name, cause: `the receiver's volume has no ${JSON.stringify(name).slice(0, 80)}`, hint: 'It may have been released meanwhile; list the files again.' });
