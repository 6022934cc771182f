/** The way back of a cut-over by data directory. */
import { withImageAtHand } from '../../../containers/image-at-hand.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresDirectoryCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import { placeOf, sightData, sightDirectory, type DataSighting, type DirectorySighting } from './data-place.ts';
import { stepsOf } from './finish-copy.ts';
import { runDirectory } from './run-directory.ts';

/**
 * The directory that an earlier cut-over set aside, as something to cut over to. Reads only.
 * @throws UnknownRollbackCopy, AmbiguousState, VersionMismatch, ImageMissing
 */
export async function prepareDirectoryUndo(ctx: EngineContext, component: PostgresComponent, previous: PostgresDirectoryCutOver): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  const own = await withImageAtHand(ctx.runtime, previous);
  const aside = await sightDirectory(ctx, placeOf(own), `${previous.directory}/${previous.aside}`, `${previous.directory}/${previous.phase}`);
  const fail = (type: 'UnknownRollbackCopy' | 'AmbiguousState', cause: string, hint: string): never => {
    throw new HoldfastFailure(type, { operation: 'find the rollback copy', object: `${previous.container}:${previous.directory}/${previous.aside}`, cause, hint });
  };
  if (!aside.hasServer) return fail('UnknownRollbackCopy', 'no server\'s data lies there', 'It was accepted away, brought back, or there was nothing before the restore.');
  if (aside.phase !== 'done') return fail('AmbiguousState', `the exchange is at "${aside.phase ?? 'the beginning'}"`, 'Run reapLeftovers; it reads what is there.');
  await requireSameMajor(ctx, previous, sighting, aside);
  const run = runDirectory(ctx.owner, component.name);
  const cutOver: PostgresDirectoryCutOver = {
    ...own, containerId: sighting.container.id, systemIdentifier: aside.control?.systemIdentifier ?? previous.systemIdentifier, prepared: previous.aside, aside: `${run}/old`, phase: `${run}/phase`, control: aside.control,
    replaces: sighting.control, hadServer: sighting.hasServer, wasRunning: sighting.container.state === 'running',
    ...(previous.answered === undefined ? {} : { answered: true }),
  };
  return {
    component: component.name, cutOver, createdRoles: [],
    notes: [
      ...(own.imageId === previous.imageId ? [] : [`The image that the restore was made with (${previous.imageId}) is not on this engine any more: that of ${previous.container} as it is now (${sighting.container.image}) takes its place.`]),
      ...(aside.control === null ? [`What comes back could not be read when it was set aside (${aside.unreadable ?? 'its control data was not understood'}): its files are brought back as they were, and no server will start on them before they are mended.`] : []),
    ],
    compared: { component: component.name, objects: 0, differences: [] },
    notCompared: [{ object: `${previous.container}:${previous.directory}/${previous.aside}`, reason: 'the rollback copy is the old server\'s own directory, untouched since it was replaced' }],
    loss: { component: component.name, after: new Date().toISOString(), seconds: 0, transactions: null, notes: [`What was written since the restore is set aside as ${run}/old.`] },
    steps: stepsOf(cutOver, 'the old directory'),
  };
}

const operation = 'prepare the undo';

/** Where the container is of another image than it was: could that start on what comes back? @throws VersionMismatch */
async function requireSameMajor(ctx: EngineContext, { container, imageId }: PostgresDirectoryCutOver, { place }: DataSighting, { majorVersion }: DirectorySighting): Promise<void> {
  if (place.imageId === imageId || majorVersion === null) return;
  const major = Number((await ctx.runtime.findImage(place.imageId))?.environment['PG_MAJOR']);
  if (major === majorVersion) return;
  throw new HoldfastFailure('VersionMismatch', { operation, object: container, cause: `the rollback copy is of PostgreSQL ${majorVersion}, the container's image is of ${Number.isNaN(major) ? 'an unknown one' : major} now`, hint: `Nothing was changed. Make ${container} of an image of PostgreSQL ${majorVersion} again, on the same volume.` });
}
