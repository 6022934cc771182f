/** The end of a receiver, and of all that was made for it. */
import type { PostgresComponent } from '../../../domain/service.ts';
import type { WalContext } from '../../wal-source.ts';
import { runningContainer } from '../inspect.ts';
import { dropSlot } from './log-server.ts';
import { findReceiver, hasVolume, receiverOf } from './receiver.ts';

export async function stopReceiver(ctx: WalContext, component: PostgresComponent, { forget }: { readonly forget: boolean }): Promise<void> {
  const receiver = receiverOf(ctx, component);
  // Asked first: a container or volume of that name that is not ours ends this before anything is removed.
  await findReceiver(ctx.runtime, receiver);
  const volume = await hasVolume(ctx.runtime, receiver);
  for (const container of await ctx.runtime.list(receiver.labels)) await ctx.runtime.remove(container.id);
  if (!forget) return;
  // The slot first: one that nobody knows of any more keeps the server's log until its disk is full (databases.md P7).
  // With the container gone there is no server to ask.
  const database = await ctx.runtime.find(component.container);
  if (database !== null) await dropSlot(ctx, component, (await runningContainer(ctx, component)).id, receiver);
  if (volume) await ctx.runtime.removeVolume(receiver.name);
}
