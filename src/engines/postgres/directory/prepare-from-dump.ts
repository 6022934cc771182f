/**
 * A dump made ready where no server can be used to restore it beside: one that crashes at every start, is damaged, or was never made. A new server is made inside
 * the live data directory, and exchanged as a whole. Nothing live changes.
 */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted, sizeText } from '../../../domain/wording.ts';
import type { ArtifactSource, EngineContext, PreparedComponent } from '../../engine-context.ts';
import { comparedObjects } from '../content/compare-restored.ts';
import { artifactOf } from '../server/dump-input.ts';
import { loginsIn, tablespacesIn } from '../server/globals.ts';
import { readText } from '../server/read-through.ts';
import { tablespaceNotes } from '../side/missing-tablespaces.ts';
import { checkedInput } from '../side/restore-and-compare.ts';
import { answers } from './answers.ts';
import { keptNotes, sightData, type DataSighting } from './data-place.ts';
import { cutOverOf, stepsOf } from './finish-copy.ts';
import { fillCluster, type ClusterFilling } from './fill-cluster.ts';
import { finishCluster, startCluster, superuserFor, type FinishedCluster } from './fresh-cluster.ts';
import { lossUnasked } from './loss.ts';
import { finishedBefore } from './prepare.ts';
import { removeRecovery } from './remove.ts';
import { roomHint } from './require-fit.ts';
import { directoryNoteKey, preparedNoteKey, runDirectory } from './run-directory.ts';

const operation = 'prepare the restore';
/** As beside a live database: indexes are built while their sorted runs lie beside them. Then a new server's own files, and its log. */
const spaceFactor = 1.3;
const emptyServerBytes = 64 * 1024 ** 2;
const mostLogBytes = 1024 ** 3;

/**
 * @param unusable why no server answers; the plan shows it
 * @throws what sightData throws; VersionMismatch, NotEnoughSpace, ArtifactDamaged, RestoreFailed, ProofFailed, HelperLost
 */
export async function prepareFromDump(ctx: EngineContext, component: PostgresComponent, backup: PostgresDump, source: ArtifactSource, unusable: string): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  const finished = await finishedBefore(ctx, component);
  if (finished !== null) return finished;
  const majorVersion = await requireMajor(ctx, component, sighting, backup);
  // What an earlier attempt left goes before it is made anew: whether there is room then is asked there (create-cluster.sh).
  const isFirst = await ctx.readNote(directoryNoteKey(component.name)) === undefined;
  const leastBytes = requireRoom(component, isFirst ? sighting.freeBytes : null, sighting, backup, source.backupId);
  const [input, globals] = await Promise.all([checkedInput(ctx, backup, source), readText(ctx, source, artifactOf(backup, 'globals'))]);
  await ctx.recordOnce(directoryNoteKey(component.name), { directory: runDirectory(ctx.owner, component.name) });
  try {
    const { place, container } = sighting;
    const server = await startCluster(ctx, component, {
      imageId: place.imageId, mount: place.mount, directory: `${place.directory}/${runDirectory(ctx.owner, component.name)}/new`, like: place.directory, initdb: container.placeVariables['POSTGRES_INITDB_ARGS'] ?? '',
    }, backup, leastBytes);
    const impossible = await fillCluster(ctx, component, { imageId: place.imageId, backup, input, globals, server, majorVersion });
    const cluster = await finishCluster(ctx, component, sighting.place, server);
    const prepared = preparedOf(ctx, component, { sighting, backup, cluster, answers: await answers(ctx, component, sighting), notes: [...keptNotes(sighting), ...notesOf(component, { sighting, backup, cluster, globals, majorVersion, unusable }), ...impossible] });
    await ctx.recordOnce(preparedNoteKey(component.name), prepared);
    return prepared;
  } catch (error) {
    if (error instanceof HoldfastFailure && !error.retryable && !ctx.signal.aborted) await removeRecovery(ctx, ctx.owner, component, sighting.place);
    throw error;
  }
}

/** The major of the container's image, which has to be able to read the dump. */
export async function requireMajor(ctx: EngineContext, component: PostgresComponent, { place }: Pick<DataSighting, 'place'>, { server }: PostgresDump): Promise<number> {
  const major = Number((await ctx.runtime.findImage(place.imageId))?.environment['PG_MAJOR']);
  if (major >= server.majorVersion) return major;
  throw new HoldfastFailure('VersionMismatch', { operation, object: component.container, cause: `the backup is of PostgreSQL ${server.version}, the container's image is of ${Number.isNaN(major) ? 'an unknown one' : major}`, hint: `Make the container of an image of PostgreSQL ${server.majorVersion} or newer, on the same volume.` });
}

/** What a new server takes that is filled from the dump; and with the dump unpacked, which lies in the helper's own volume, usually on the same file system. */
export function roomForDump(backup: PostgresDump): { readonly ownBytes: number; readonly neededBytes: number } {
  const size = backup.databaseSizeBytes;
  const ownBytes = Math.ceil(size * spaceFactor) + Math.min(mostLogBytes, size) + emptyServerBytes;
  return { ownBytes, neededBytes: ownBytes + 2 * artifactOf(backup, 'dump').plaintext.sizeBytes };
}

function requireRoom(component: PostgresComponent, freeBytes: number | null, { place }: DataSighting, backup: PostgresDump, backupId: string | undefined): number {
  const { ownBytes: own, neededBytes: needed } = roomForDump(backup);
  if (freeBytes !== null && Number.isFinite(freeBytes) && freeBytes < needed) {
    throw new HoldfastFailure('NotEnoughSpace', { operation, object: `${component.container}, ${place.mount.source}`, cause: `the new server beside the old one's files needs ${sizeText(needed)}, ${sizeText(freeBytes)} are free`, hint: roomHint(backupId) });
  }
  return own;
}

interface Result {
  readonly sighting: DataSighting;
  readonly backup: PostgresDump;
  readonly cluster: FinishedCluster;
  readonly answers: boolean;
}

function preparedOf(ctx: EngineContext, component: PostgresComponent, { sighting, backup, cluster, answers, notes }: Result & { readonly notes: readonly string[] }): PreparedComponent {
  const cutOver = cutOverOf(ctx, component, sighting, cluster.control, answers);
  return {
    component: component.name, cutOver, createdRoles: [], notCompared: backup.notCompared, notes,
    compared: { component: component.name, objects: comparedObjects(backup.content), differences: [] },
    loss: lossUnasked(component, sighting, backup.snapshot.at),
    steps: stepsOf(cutOver, 'the new server'),
  };
}

/** Sentences for the plan. Pure. */
export function notesOf(component: PostgresComponent, { sighting: { hasServer }, backup, cluster, globals, majorVersion, unusable }: Pick<ClusterFilling, 'backup' | 'globals' | 'majorVersion'> & { readonly sighting: Pick<DataSighting, 'hasServer'>; readonly cluster: Pick<FinishedCluster, 'configuration' | 'refused'>; readonly unusable: string }): readonly string[] {
  const { database, wal } = component;
  const initial = cluster.configuration === 'initial';
  const why = cluster.refused === null ? 'there are no others' : `with those of the old server none starts (${cluster.refused})`;
  return [
    `There is no server that the backup could be restored beside (${unusable}): the whole data directory is replaced by that of a new server, made from the dump.`,
    `The new server holds the database ${database} and the ${counted(backup.roles.length, 'role')} of the backup${hasServer ? '; whatever else the old one held stays with what is set aside' : ''}.`,
    initial ? `Its configuration files are those of a first start of its image: ${why}.` : 'Its configuration files are those of the old server.',
    ...(majorVersion === backup.server.majorVersion ? [] : [`The backup is of PostgreSQL ${backup.server.version}, the new server of ${majorVersion}.`]),
    ...passwordNotes(component, backup, globals, initial),
    ...tablespaceNotes(tablespacesIn(globals)),
    ...(wal === undefined ? [] : ['It is another cluster than the old one, whose kept log does not lead to it: end what receives that (holdfast wal forget), then take a base backup.']),
  ];
}

/** Whoever has no password that the server takes cannot come over the network. */
function passwordNotes(component: PostgresComponent, backup: PostgresDump, globals: string, initial: boolean): readonly string[] {
  const logins = loginsIn(globals);
  const superuser = superuserFor(component, backup.roles);
  const unset = [...logins.filter(({ password }) => password === 'none').map(({ name }) => name), ...(logins.some(({ name }) => name === superuser) ? [] : [superuser])];
  const md5 = initial ? logins.filter(({ password }) => password === 'md5').map(({ name }) => name) : [];
  return [
    ...(unset.length === 0 ? [] : [`The backup holds no password of ${unset.join(', ')}: to be set before they can log in over the network.`]),
    ...(md5.length === 0 ? [] : [`The passwords of ${md5.join(', ')} are MD5, which its pg_hba.conf does not take (scram-sha-256): to be set anew.`]),
  ];
}
