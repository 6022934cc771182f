/** The end of a watcher; and, where the log is kept no more, of all that was made for it. */
import type { PostgresComponent } from '../../../../domain/service.ts';
import type { WalContext } from '../../../wal-source.ts';
import { uninstallScript } from '../../server/script-text.ts';
import { findReceiver, hasVolume } from '../receiver.ts';
import { seatOf } from './archive-place.ts';
import { endArchiving } from './archive-settings.ts';
import { runOnArchive } from './on-archive.ts';

export async function stopArchiving(ctx: WalContext, component: PostgresComponent, { forget }: { readonly forget: boolean }): Promise<void> {
  const { watcher, place } = await seatOf(ctx, component);
  // Asked first: a container or volume of that name that is not ours ends this before anything is removed.
  const standing = await findReceiver(ctx.runtime, watcher);
  const volume = await hasVolume(ctx.runtime, watcher);
  const database = await ctx.runtime.find(component.container);
  // The settings first: a server that calls a script which is gone keeps its log until its disk is full. With the container gone there is no server to ask.
  if (forget && database !== null) await endArchiving(ctx, component);
  const imageId = database?.imageId ?? standing?.imageId;
  for (const container of await ctx.runtime.list(watcher.labels)) await ctx.runtime.remove(container.id);
  if (!forget) return;
  if (place !== null && imageId !== undefined) await runOnArchive({ runtime: ctx.runtime, signal: ctx.signal, named: watcher, imageId, place, script: uninstallScript, args: [place.beside], stdin: '' });
  if (volume) await ctx.runtime.removeVolume(watcher.name);
}
