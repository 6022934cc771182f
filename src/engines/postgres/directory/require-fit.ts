/** What has to be so before a base backup can be recovered in the place of a server: the major, the tablespaces, the room. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { counted, sizeText } from '../../../domain/wording.ts';
import type { EngineContext } from '../../engine-context.ts';
import { recoveryRoomBytes } from '../recovery/recovery-room.ts';
import type { DataSighting } from './data-place.ts';

const operation = 'prepare the restore';

export interface NeededRoom {
  readonly backup: PostgresBase;
  /** Of the log: how many may be asked for. */
  readonly files: number;
  /** This run has a copy there already, which goes before the next is laid out: whether there is room then is asked there (arrange.sh). */
  readonly replacesOwn: boolean;
  /** Of a backup that could be restored in place of the old data, where both do not fit. */
  readonly backupId?: string;
}

/** @throws VersionMismatch, UnsupportedTopology, NotEnoughSpace */
export async function requireFit(ctx: EngineContext, component: PostgresComponent, { place, freeBytes }: DataSighting, { backup, files, replacesOwn, backupId }: NeededRoom): Promise<void> {
  await requireSameMajor(ctx, component, place.imageId, backup);
  const needed = recoveryRoomBytes(backup, files);
  if (replacesOwn || !Number.isFinite(freeBytes) || freeBytes >= needed) return;
  throw new HoldfastFailure('NotEnoughSpace', { operation, object: `${component.container}, ${place.mount.source}`, cause: `the recovered copy beside the live data needs ${sizeText(needed)}, ${sizeText(freeBytes)} are free`, hint: roomHint(backupId) });
}

/** What to do where old and new do not fit beside each other. @param backupId where what is restored is a backup as it is */
export const roomHint = (backupId: string | undefined): string =>
  `Make room on that file system${backupId === undefined ? '' : `; where nothing else helps, have the old data copied to the repository and dropped first: holdfast restore ${backupId} --replace`}.`;

/** For the plan: a copy of a whole server is what its image made of it, to the last index. Pure. @param container that it is restored into */
export const imageNotes = ({ image, imageId }: Pick<ContainerFacts, 'image' | 'imageId'>, { server }: Pick<PostgresBase, 'server'>): readonly string[] => (imageId === server.imageId ? [] : [
  `The container is of another image than the one that was backed up: ${image} (${imageId}), then ${server.image} (${server.imageId}, PostgreSQL ${server.version}).`,
]);

/** @param tablespaces each with its place */
export const tablespacesText = (tablespaces: readonly string[]): string =>
  `${counted(tablespaces.length, 'tablespace')} outside of its data directory: ${tablespaces.slice(0, 5).join(', ')}${tablespaces.length > 5 ? ', …' : ''}`;

/** @throws VersionMismatch, UnsupportedTopology */
export async function requireSameMajor(ctx: EngineContext, component: PostgresComponent, imageId: string, backup: PostgresBase): Promise<void> {
  const major = Number((await ctx.runtime.findImage(imageId))?.environment['PG_MAJOR']);
  if (major !== backup.server.majorVersion) {
    throw new HoldfastFailure('VersionMismatch', { operation, object: component.container, cause: `the base backup is of PostgreSQL ${backup.server.majorVersion}, the container's image is of ${Number.isNaN(major) ? 'an unknown one' : major}`, hint: 'A copy of a whole server needs the same major: change the container\'s image, or restore a dump.' });
  }
  const tablespaces = backup.tablespaces.map(({ name, location }) => `${name} at ${location}`);
  if (tablespaces.length > 0) {
    throw new HoldfastFailure('UnsupportedTopology', { operation, object: component.container, cause: `the base backup has ${tablespacesText(tablespaces)}`, hint: 'Restore a dump, or by hand: docs/restore-without-holdfast.md. Only a data directory as a whole is exchanged.' });
  }
}
