/** The way back of a cut-over by data directory. */
import { posix } from 'node:path';
import { withImageAtHand } from '../../../containers/image-at-hand.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import { answers } from './answers.ts';
import { keptNotes, placeOf, sightData, sightDirectory, type DataSighting, type DirectorySighting } from './data-place.ts';
import { stepsOf, wasOf } from './finish-copy.ts';
import { runDirectory } from './run-directory.ts';

/**
 * The directory that an earlier cut-over set aside, as something to cut over to; where there was no server's data before it, a volume without any. Reads only.
 * @throws UnknownRollbackCopy, also where the server's data lies elsewhere by now; AmbiguousState, VersionMismatch, ImageMissing
 */
export async function prepareDirectoryUndo(ctx: EngineContext, component: PostgresComponent, previous: PostgresDirectoryCutOver): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  requireSamePlace(previous, sighting);
  const own = await withImageAtHand(ctx.runtime, previous);
  const aside = await sightDirectory(ctx, placeOf(own), `${previous.directory}/${previous.aside}`, `${previous.directory}/${previous.phase}`);
  const fail = (type: 'UnknownRollbackCopy' | 'AmbiguousState', cause: string, hint: string): never => {
    throw new HoldfastFailure(type, { operation: 'find the rollback copy', object: `${previous.container}:${previous.directory}/${previous.aside}`, cause, hint });
  };
  const brings = previous.hadServer;
  if (brings && !aside.hasServer) return fail('UnknownRollbackCopy', 'no server\'s data lies there', 'It was accepted away, or brought back.');
  // Of nothing nothing need be left: another copy's end takes what is.
  if (aside.phase !== 'done' && (brings || aside.phase !== null)) return fail('AmbiguousState', `the exchange is at "${aside.phase ?? 'the beginning'}"`, 'Run reapLeftovers; it reads what is there.');
  await requireSameMajor(ctx, previous, sighting, aside);
  const { place } = sighting;
  const run = runDirectory(ctx.owner, component.name);
  const { answered: _, bringsServer: __, ...known } = own;
  const cutOver: PostgresDirectoryCutOver = {
    ...known, containerId: sighting.container.id, directory: place.directory, mount: { type: place.mount.type, target: place.mount.target }, systemIdentifier: aside.control?.systemIdentifier ?? previous.systemIdentifier, prepared: previous.aside, aside: `${run}/old`, phase: `${run}/phase`, control: aside.control,
    replaces: sighting.control, hadServer: sighting.hasServer, ...(brings ? {} : { bringsServer: false }),
    ...wasOf(sighting.container, await answers(ctx, component, sighting)),
  };
  return {
    component: component.name, cutOver, createdRoles: [],
    notes: [
      ...keptNotes(sighting),
      ...(own.imageId === previous.imageId ? [] : [`The image that the restore was made with (${previous.imageId}) is not on this engine any more: that of ${previous.container} as it is now (${sighting.container.image}) takes its place.`]),
      ...(brings ? [] : [`NO SERVER COMES BACK: ${place.directory} held none before the restore, and holds none then. ${previous.container} is left stopped. What is live now is kept there until holdfast accept, and for so long no start makes a new server beside it.`]),
      ...(brings && aside.control === null ? [`What comes back could not be read when it was set aside (${aside.unreadable ?? 'its control data was not understood'}): its files are brought back as they were, and no server will start on them before they are mended.`] : []),
    ],
    compared: { component: component.name, objects: 0, differences: [] },
    notCompared: [{ object: `${previous.container}:${previous.directory}/${previous.aside}`, reason: brings ? 'the rollback copy is the old server\'s own directory, untouched since it was replaced' : 'there was no server\'s data' }],
    loss: { component: component.name, after: new Date().toISOString(), seconds: 0, transactions: null, notes: [`What was written since the restore is set aside as ${run}/old.`] },
    steps: stepsOf(cutOver, brings ? 'the old directory' : 'what else lay there'),
  };
}

const operation = 'prepare the undo';

/** The copy comes back where it lies, and the container is started on where its data is: that has to be the same place. @throws UnknownRollbackCopy */
function requireSamePlace({ container, volume, directory, mount, aside }: PostgresDirectoryCutOver, { place }: DataSighting): void {
  const isSame = place.mount.source === volume && posix.relative(place.mount.target, place.directory) === posix.relative(mount.target, directory);
  if (isSame) return;
  throw new HoldfastFailure('UnknownRollbackCopy', {
    operation, object: `${container}: ${aside}`, cause: `it lies on ${volume} (${directory}), and the data of ${container} is on ${place.mount.source} (${place.directory}) now`,
    hint: `Nothing was changed. To bring it back, make ${container} again with ${volume} at ${mount.target}, which leaves what is on ${place.mount.source}; or let it go: holdfast accept.`,
  });
}

/** Where the container is of another image than it was: could that start on what comes back? @throws VersionMismatch */
async function requireSameMajor(ctx: EngineContext, { container, imageId }: PostgresDirectoryCutOver, { place }: DataSighting, { majorVersion }: DirectorySighting): Promise<void> {
  if (place.imageId === imageId || majorVersion === null) return;
  const major = Number((await ctx.runtime.findImage(place.imageId))?.environment['PG_MAJOR']);
  if (major === majorVersion) return;
  throw new HoldfastFailure('VersionMismatch', { operation, object: container, cause: `the rollback copy is of PostgreSQL ${majorVersion}, the container's image is of ${Number.isNaN(major) ? 'an unknown one' : major} now`, hint: `Nothing was changed. Make ${container} of an image of PostgreSQL ${majorVersion} again, on the same volume.` });
}
