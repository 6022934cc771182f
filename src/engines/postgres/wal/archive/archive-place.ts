/** Where a database's container keeps what its archive_command writes: on which of its volumes, and where that lies from beside it. */
import { createHash } from 'node:crypto';
import type { ContainerFacts, MountSpec } from '../../../../containers/container-runtime.ts';
import { archiveLabels, archiveName, receiver12 } from '../../../../containers/labels.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import { archiveDirectory, archiveScriptName } from '../../../../domain/wal/archive-command.ts';
import type { WalContext } from '../../../wal-source.ts';
import { archiveScript } from '../../server/script-text.ts';
import type { Seat } from '../reading-container.ts';
import type { Named } from '../receiver.ts';

/** Of the script of this version. */
export const archiveScriptSha256 = createHash('sha256').update(archiveScript).digest('hex');
export const currentScript = archiveScriptName(archiveScriptSha256);

/** What watches a server that archives itself: a container, and its volume with the readings. */
export interface Watcher extends Named {
  /** In its own names and in the directory's: 12 hex digits of namespace, service and component. */
  readonly id: string;
}

export function watcherOf(ctx: Pick<WalContext, 'namespaceId' | 'service'>, component: Pick<PostgresComponent, 'name'>): Watcher {
  const identity = { namespaceId: ctx.namespaceId, service: ctx.service, component: component.name };
  return { id: receiver12(identity), name: archiveName(identity), labels: archiveLabels(identity) };
}

/** Where the volume with the spool is mounted in containers of ours. */
const besideDirectory = '/archive';

export interface ArchivePlace {
  readonly mount: Omit<MountSpec, 'readOnly'>;
  /** Of script, spool and notes, in the database's container. */
  readonly directory: string;
  /** The same from beside it. */
  readonly beside: string;
}

/** Null where the path is on no volume or bind mount that can be written: what is archived there is gone with the container. Pure. */
export function archivePlace({ mounts }: Pick<ContainerFacts, 'mounts'>, id: string): ArchivePlace | null {
  const directory = archiveDirectory(id);
  const within = mounts.filter(({ destination }) => `${directory}/`.startsWith(`${destination.replace(/\/$/, '')}/`));
  const mount = within.toSorted((a, b) => b.destination.length - a.destination.length)[0];
  if (mount === undefined || mount.source === null || !mount.writable || (mount.type !== 'volume' && mount.type !== 'bind')) return null;
  return {
    mount: { type: mount.type, source: mount.source, target: besideDirectory }, directory,
    beside: `${besideDirectory}${directory.slice(mount.destination.replace(/\/$/, '').length)}`,
  };
}

/**
 * For containers that only look: root may read what the server's user wrote, and change nothing of it. The volume may hold the whole data directory.
 * Where the database's container is gone, the watcher still says which volume it was.
 */
export async function seatOf(ctx: WalContext, component: PostgresComponent): Promise<{ readonly seat: Seat; readonly place: ArchivePlace | null; readonly watcher: Watcher }> {
  const watcher = watcherOf(ctx, component);
  const database = await ctx.runtime.find(component.container);
  const place = database === null ? await rememberedPlace(ctx, watcher) : archivePlace(database, watcher.id);
  return { watcher, place, seat: { name: watcher.name, labels: watcher.labels, more: lookingOnly(place) } };
}

export const lookingOnly = (place: ArchivePlace | null): NonNullable<Seat['more']> =>
  ({ capabilities: ['DAC_READ_SEARCH'], mounts: place === null ? [] : [{ ...place.mount, readOnly: true }] });

async function rememberedPlace(ctx: WalContext, watcher: Watcher): Promise<ArchivePlace | null> {
  const standing = await ctx.runtime.find(watcher.name);
  const mount = standing?.mounts.find(({ destination }) => destination === besideDirectory);
  if (mount === undefined || mount.source === null || (mount.type !== 'volume' && mount.type !== 'bind')) return null;
  // Its own arguments end with the directory that it looks into.
  const beside = standing?.command.at(-1) ?? '';
  return { mount: { type: mount.type, source: mount.source, target: besideDirectory }, directory: archiveDirectory(watcher.id), beside };
}
