/** The backup made ready beside the live database: restored, with its properties, analyzed, compared and closed. Nothing live changes. */
import type { PostgresBackup, PostgresDump } from '../../domain/backup-manifest.ts';
import { describeDifference } from '../../domain/content.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { PostgresDatabaseCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import { sizeText } from '../../domain/wording.ts';
import type { ArtifactSource, EngineContext, PreparedComponent } from '../engine-context.ts';
import { comparedObjects } from './content/compare-restored.ts';
import { lookWithRoom } from './inspect.ts';
import type { Inspection } from './inspect.ts';
import { artifactOf } from './server/dump-input.ts';
import type { DumpInput } from './server/dump-input.ts';
import { readDatabases } from './side/database-state.ts';
import type { DatabaseReading } from './side/database-state.ts';
import { lossOf } from './side/loss.ts';
import { missingTablespaces, tablespaceNotes } from './side/missing-tablespaces.ts';
import { planNotes } from './side/plan-notes.ts';
import { checkedInput, restoreAndCompare } from './side/restore-and-compare.ts';
import { createMissingRoles, dropCreatedRoles } from './side/restored-roles.ts';
import { asideNameOf, createSideDatabase, dropDatabase, sideNameOf } from './side/side-database.ts';
import type { ServerPlace } from './side/side-database.ts';

/** Written before the first thing is made on a server: without it, a repair has nothing to look for. */
export const madeNoteKey = (component: string): string => `postgres-made-${component}`;
const preparedNoteKey = (component: string, oid: number): string => `postgres-prepared-${component}-${oid}`;

const restoreJobs = 4;
/** Indexes are built while their tables' sorted runs lie beside them (databases.md S5). */
const spaceFactor = 1.3;

/** @throws what `inspect` throws; VersionMismatch, NotEnoughSpace, ArtifactDamaged, RestoreFailed, ProofFailed, HelperLost */
export async function prepare(ctx: EngineContext, component: PostgresComponent, backup: PostgresDump, source: ArtifactSource): Promise<PreparedComponent> {
  const inspection = await lookWithRoom(ctx, component, 'restore');
  const place = { containerId: inspection.container.id, component };
  refuseOlderMajor(component, inspection, backup);
  refuseBoundExtensions(component, backup);
  const finished = await finishedBefore(ctx, place);
  if (finished !== null) return finished;
  refuseWithoutSpace(component, inspection, backup, source.backupId);
  // Reads, all of them; before anything is made.
  const [loss, notes, tablespaces, input] = await Promise.all([
    lossOf(ctx, place, inspection, backup), planNotes(ctx, place, inspection, backup), missingTablespaces(ctx, place, backup, source), checkedInput(ctx, backup, source),
  ]);
  const made = await makeSide(ctx, place, inspection, backup, input, tablespaces.length === 0 ? [] : ['--no-tablespaces']);
  const live = made.databases.find((each) => each.name === component.database);
  const prepared: PreparedComponent = {
    component: component.name,
    cutOver: cutOverOf(ctx, place, inspection, made, live),
    compared: { component: component.name, objects: comparedObjects(backup.content), differences: [] },
    notCompared: backup.notCompared,
    loss,
    notes: [...notes, ...tablespaceNotes(tablespaces)],
    createdRoles: made.createdRoles,
    steps: stepsOf(ctx, component, live !== undefined),
  };
  await ctx.recordOnce(preparedNoteKey(component.name, made.oid), prepared);
  return prepared;
}

export function refuseOlderMajor(component: PostgresComponent, { server }: Inspection, backup: Pick<PostgresBackup, 'server'>): void {
  if (server.majorVersion >= backup.server.majorVersion) return;
  throw new HoldfastFailure('VersionMismatch', {
    operation: 'prepare the restore', object: `${component.container}/${component.database}`, cause: `the backup is of PostgreSQL ${backup.server.version}, the server is ${server.version}`,
    hint: `Restore into PostgreSQL ${backup.server.majorVersion} or newer.`,
  });
}

/** Extensions that a server has in one database only, which it names: they cannot be created in another beside it. */
const boundExtensions = ['pg_cron'];

export function refuseBoundExtensions(component: PostgresComponent, backup: PostgresDump): void {
  const bound = backup.extensions.map(({ name }) => name).filter((name) => boundExtensions.includes(name));
  if (bound.length === 0) return;
  throw new HoldfastFailure('UnsupportedTopology', {
    operation: 'prepare the restore', object: `${component.container}/${component.database}`, cause: `extension ${bound.join(', ')} lives in one database of a server only, and cannot be made in a second one beside it`,
    hint: 'Restore it by hand (docs/restore-without-holdfast.md) into a server of its own; the backup can be proven all the same.',
  });
}

/**
 * Predicted per file system, so that nothing runs full half-way: the copy, the WAL that it writes before it is recycled, and the dump unpacked, whose own
 * volume usually lies on the same one (that one's room is looked at by the helper itself).
 */
export function refuseWithoutSpace(component: PostgresComponent, inspection: Inspection, backup: PostgresDump, backupId?: string): void {
  const { freeBytes, walFreeBytes, volume } = inspection;
  const { neededBytes, walBytes: wal } = sideRoom(inspection, backup);
  const refuse = (object: string, what: string, needed: number, free: number | null): void => {
    if (free === null || free >= needed) return;
    throw new HoldfastFailure('NotEnoughSpace', {
      operation: 'prepare the restore', object: `${component.container}, ${object}`, cause: `${what} needs ${sizeText(needed)}, ${sizeText(free)} are free`,
      hint: `Make room on that file system, or restore into another server (--into)${backupId === undefined || object === walPlace ? '' : `; where nothing else helps, have the old data copied to the repository and dropped first: holdfast restore ${backupId} --replace`}.`,
    });
  };
  refuse(`volume ${volume}`, 'the restored copy beside the live data', neededBytes, freeBytes);
  refuse(walPlace, 'the log of the restore', wal, walFreeBytes);
}

const walPlace = 'file system of pg_wal';

/** What the copy takes on the file system of the data, with its log where that lies there too. */
export function sideRoom({ server, walFreeBytes }: Pick<Inspection, 'server' | 'walFreeBytes'>, backup: PostgresDump): { readonly neededBytes: number; readonly walBytes: number } {
  const size = backup.databaseSizeBytes;
  const walBytes = Math.min(server.maxWalBytes, size);
  const copy = Math.ceil(size * spaceFactor) + 2 * artifactOf(backup, 'dump').plaintext.sizeBytes;
  return { neededBytes: copy + (walFreeBytes === null ? walBytes : 0), walBytes };
}

/** What an earlier attempt of this run finished: found by the side database's OID, and still closed as it was compared. */
async function finishedBefore(ctx: EngineContext, place: ServerPlace): Promise<PreparedComponent | null> {
  const side = await sideOf(ctx, place);
  if (side === undefined) return null;
  const prepared = await ctx.readNote(preparedNoteKey(place.component.name, side.oid)) as PreparedComponent | undefined;
  const cutOver = prepared?.cutOver as PostgresDatabaseCutOver | undefined;
  return prepared !== undefined && !side.open && side.xmin === cutOver?.sideXmin ? prepared : null;
}

async function sideOf(ctx: EngineContext, place: ServerPlace): Promise<DatabaseReading | undefined> {
  const side = sideNameOf(ctx.owner, place.component.name);
  const { databases } = await readDatabases(ctx, place, namesFor(ctx, place.component));
  return databases.find((each) => each.name === side);
}

const namesFor = (ctx: EngineContext, component: PostgresComponent) =>
  ({ database: component.database, liveOid: 0, sideOid: 0, sideName: sideNameOf(ctx.owner, component.name), asideName: asideNameOf(ctx.owner, component.name) });

interface Made {
  readonly oid: number;
  readonly xmin: string;
  readonly createdRoles: readonly string[];
  readonly databases: readonly DatabaseReading[];
}

export async function makeSide(ctx: EngineContext, place: ServerPlace, inspection: Inspection, backup: PostgresDump, input: DumpInput, restoreArguments: readonly string[]): Promise<Made> {
  const database = sideNameOf(ctx.owner, place.component.name);
  let createdRoles: readonly string[] = [];
  let oid: number | null = null;
  try {
    const restored = await restoreAndCompare(ctx, {
      place, imageId: inspection.container.imageId, port: inspection.server.port, majorVersion: inspection.server.majorVersion, backup, input, step: 'restore', database, jobs: restoreJobs, withProperties: true,
      restoreArguments, phase: 'restore beside the live database',
      makeDatabase: async () => {
        await ctx.recordOnce(madeNoteKey(place.component.name), { database });
        await dropDatabase(ctx, place, database, null);
        createdRoles = await createMissingRoles(ctx, place, backup.roles);
        oid = await createSideDatabase(ctx, place, database, { properties: backup.properties });
      },
    });
    if (restored.differences.length > 0) throw proofFailed(place, restored.differences.map(describeDifference));
    const { databases } = await readDatabases(ctx, place, namesFor(ctx, place.component));
    return { oid: restored.oid, xmin: restored.xmin, createdRoles, databases };
  } catch (error) {
    // Without another attempt to come, nothing is left behind; with one, that attempt or the repair begins by dropping it. By its OID: the name
    // may be a later attempt's by now.
    if (oid !== null && error instanceof HoldfastFailure && !error.retryable && !ctx.signal.aborted) {
      await dropDatabase(ctx, place, database, oid);
      await dropCreatedRoles(ctx, place, ctx.owner);
    }
    throw error;
  }
}

const proofFailed = (place: ServerPlace, differences: readonly string[]): HoldfastFailure => new HoldfastFailure('ProofFailed', {
  operation: 'compare the restored copy', object: `${place.component.container}/${place.component.database}`,
  cause: `${differences.length} differences: ${differences.slice(0, 3).join('; ')}`, hint: 'Nothing live was changed. Restore another backup, and examine this one.',
});

function cutOverOf(ctx: EngineContext, place: ServerPlace, inspection: Inspection, made: Made, live: DatabaseReading | undefined): PostgresDatabaseCutOver {
  const { component } = place;
  return {
    engine: 'postgres', method: 'database', component: component.name, container: component.container, containerId: place.containerId,
    systemIdentifier: inspection.server.systemIdentifier, volume: inspection.volume, database: component.database, liveOid: live?.oid ?? 0,
    sideOid: made.oid, sideName: sideNameOf(ctx.owner, component.name), sideXmin: made.xmin, asideName: asideNameOf(ctx.owner, component.name),
    liveAllowedConnections: live?.open ?? true,
  };
}

function stepsOf(ctx: EngineContext, component: PostgresComponent, replaces: boolean): PreparedComponent['steps'] {
  const aside = asideNameOf(ctx.owner, component.name);
  const where = `${component.container}: `;
  if (!replaces) return { close: `${where}nothing to close, there is no database ${component.database} yet`, swap: `${where}give the restored database the name ${component.database}`, open: `${where}open ${component.database}` };
  return {
    close: `${where}end all sessions in ${component.database} and let no new ones in`,
    swap: `${where}rename ${component.database} to ${aside} (kept) and the restored database to ${component.database}, in one transaction`,
    open: `${where}open ${component.database}`,
  };
}
