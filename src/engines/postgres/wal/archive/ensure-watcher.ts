/** One watcher for the database's container as it is now, and a server that archives as it was set up to: the steps of WalSource.ensure. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { stageFile } from '../../../../containers/container-files.ts';
import type { ContainerFacts } from '../../../../containers/container-runtime.ts';
import { HoldfastFailure, isFailure } from '../../../../domain/failures.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import { archiveRoot } from '../../../../domain/wal/archive-command.ts';
import { historyName } from '../../../../domain/wal/segment.ts';
import type { ReceiverState, WalContext } from '../../../wal-source.ts';
import { passwordOf } from '../../server/connection.ts';
import { passwordFile, sections } from '../../server/postgres-helper.ts';
import { archiveSampleSql, lookAtArchiving, watchScript } from '../../server/script-text.ts';
import { keep, keptIn, readKept } from '../kept-cluster.ts';
import { readLogServer, refuseWithoutLog, type LogServer } from '../log-server.ts';
import { runIn } from '../reading-container.ts';
import { hasVolume, walDirectory } from '../receiver.ts';
import { createFirst, isOf, removeEnded, settledContainer, watchingSession } from '../standing-container.ts';
import { archivePlace, lookingOnly, watcherOf, type ArchivePlace, type Watcher } from './archive-place.ts';
import { archivingState, archivingTrouble } from './archiving-state.ts';
import { observeArchiveTimeout } from './observe-timeout.ts';

export async function ensureWatcher(ctx: WalContext, component: PostgresComponent): Promise<ReceiverState> {
  const database = await ctx.runtime.find(component.container);
  if (database?.state !== 'running') return 'waitingForDatabase';
  const watcher = watcherOf(ctx, component);
  const place = requirePlace(component, database, watcher);
  const standing = await settledContainer(ctx, watcher);
  try {
    if (standing?.state === 'running' && isOf(standing, database)) {
      await requireArchiving(ctx, component, standing.id, place);
      return 'running';
    }
    if (standing !== null) await removeEnded(ctx, component, watcher, database, standing);
    return await startWatcher(ctx, component, watcher, database, place);
  } catch (error) {
    // It goes down, or comes up again, in this moment.
    if (isFailure(error, 'DatabaseUnreachable') || isFailure(error, 'ContainerNotRunning') || isFailure(error, 'ContainerNotFound')) return 'waitingForDatabase';
    throw error;
  }
}

/** @throws UnsupportedTopology */
function requirePlace(component: PostgresComponent, database: ContainerFacts, watcher: Watcher): ArchivePlace {
  const place = archivePlace(database, watcher.id);
  if (place !== null) return place;
  throw new HoldfastFailure('UnsupportedTopology', {
    operation: 'look at the archiving of the log', object: component.container, cause: `${archiveRoot} is on no volume of the container that can be written`, hint: 'holdfast wal enable shows the lines of a compose file that give it one.',
  });
}

/** @throws WalNotArchived, DiskFull, WalConflict */
async function requireArchiving(ctx: WalContext, component: PostgresComponent, id: string, place: ArchivePlace): Promise<void> {
  const output = await runIn(ctx, id, ['sh', '-c', lookAtArchiving, 'look', place.beside]);
  const kept = keptIn(output, component.container);
  const trouble = kept === null ? null : archivingTrouble(archivingState(output), component.container, kept.segmentSizeBytes);
  if (trouble !== null) throw trouble;
}

/** @throws all that {@link ensureWatcher} may */
async function startWatcher(ctx: WalContext, component: PostgresComponent, watcher: Watcher, database: ContainerFacts, place: ArchivePlace): Promise<ReceiverState> {
  const server = await readLogServer(ctx, component, database.id, watcher);
  refuseWithoutLog(component, server);
  if (!server.listening) return 'waitingForDatabase';
  // Of each of its starts there is a watcher of its own: so once for each.
  await observeArchiveTimeout(ctx, component, database.id, watcher);
  const stdin = sections({ ...passwordFile(await passwordOf(ctx, component)), 'sample.sql': archiveSampleSql });
  if (!(await hasVolume(ctx.runtime, watcher))) await ctx.runtime.createVolume(watcher.name, watcher.labels);
  const id = await createFirst(ctx, watcher, database, {
    ...lookingOnly(place), imageId: database.imageId, network: `container:${database.id}`, entrypoint: ['/bin/sh'], openStdin: true,
    // The last argument is where it looks: seatOf finds it again.
    command: ['-c', watchScript, 'holdfast-watch', String(Buffer.byteLength(stdin)), place.directory, place.beside],
    environment: watchingSession(component, watcher, server),
  });
  if (id === null) return 'running';
  try {
    await requireSameCluster(ctx, component, watcher, server, id);
    await stageHistory(ctx, server, database.id, id);
    ctx.signal.throwIfAborted();
    await ctx.runtime.start(id, stdin);
    return 'started';
  } catch (error) {
    // What cannot be removed now is found ended, or of another start, by the next call.
    await ctx.runtime.remove(id).catch(() => undefined);
    throw error;
  }
}

/** @throws WalConflict */
async function requireSameCluster(ctx: WalContext, component: PostgresComponent, watcher: Watcher, server: LogServer, id: string): Promise<void> {
  const kept = await readKept(ctx.runtime, id);
  if (kept === null) return keep(ctx.runtime, id, { ...server, slot: 'made' }, false);
  if (kept.systemIdentifier === server.systemIdentifier) return;
  throw new HoldfastFailure('WalConflict', {
    operation: 'look at the archiving of the log', object: component.container, cause: `volume ${watcher.name} and the spool are of cluster ${kept.systemIdentifier}, and the server is ${server.systemIdentifier}`,
    hint: 'If the server was replaced: forget the old one (holdfast wal forget), then holdfast wal enable.',
  });
}

/**
 * The history of the server's timeline, which its own archiving never sends where it was off when that timeline began: without it nobody knows what the timeline's
 * log follows. It is put beside the readings, as if it had been archived.
 */
async function stageHistory(ctx: WalContext, { timeline, dataDirectory }: LogServer, databaseId: string, id: string): Promise<void> {
  if (timeline === null || timeline === 1 || dataDirectory === null) return;
  const name = historyName(timeline);
  const { exitCode, stdout } = await ctx.runtime.exec(databaseId, { argv: ['cat', `${dataDirectory}/pg_wal/${name}`], timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  if (exitCode !== 0) return;
  const bytes = Buffer.from(stdout, 'utf8');
  await stageFile(ctx.runtime, id, walDirectory, { name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }, Readable.from([bytes], { objectMode: false }));
}
