/** A container to look at a log's volume through: the one that stands beside the database, else one for this use. */
import { randomBytes } from 'node:crypto';
import type { ContainerSpec } from '../../../containers/container-runtime.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { WalContext } from '../../wal-source.ts';
import { createOnVolume, findReceiver, type Named } from './receiver.ts';

/** A container of its own lives this long at most, should nobody be left to remove it. */
const keeperSeconds = 120;

/** What it is made of besides its volume. */
export type Seat = Named & { readonly more?: Partial<Pick<ContainerSpec, 'mounts' | 'capabilities'>> };

export async function runIn(ctx: WalContext, id: string, argv: readonly string[]): Promise<string> {
  const result = await ctx.runtime.exec(id, { argv, timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  if (result.exitCode !== 0) throw commandFailed(id, argv[0] ?? '', result.stderr);
  return result.stdout;
}

/** With the container that stands there (and runs, where that is needed), else with one for this use. */
export async function withContainer<T>(ctx: WalContext, component: PostgresComponent, seat: Seat, need: 'any' | 'running', use: (id: string) => Promise<T>): Promise<T> {
  const standing = await findReceiver(ctx.runtime, seat);
  try {
    if (standing !== null && (need === 'any' || standing.state === 'running')) return await use(standing.id);
  } catch (error) {
    // It ended, or was replaced, in between.
    if (!isFailure(error, 'ContainerNotRunning') && !isFailure(error, 'ContainerNotFound')) throw error;
  }
  const { id } = await createKeeper(ctx, component, seat);
  try {
    if (need === 'running') await ctx.runtime.start(id);
    return await use(id);
  } finally {
    await ctx.runtime.remove(id).catch(() => undefined);
  }
}

/** A container on the volume that does nothing, from the image of whichever is still there: the standing one or the database. @throws ContainerNotFound, ImageMissing */
export async function createKeeper(ctx: WalContext, component: PostgresComponent, seat: Seat): Promise<{ readonly id: string }> {
  ctx.signal.throwIfAborted();
  const { imageId } = await findReceiver(ctx.runtime, seat) ?? await ctx.runtime.inspect(component.container);
  return createOnVolume(ctx.runtime, seat.name, {
    ...seat.more, name: `${seat.name}-${randomBytes(4).toString('hex')}`, imageId, network: 'none', labels: seat.labels, entrypoint: ['sleep'], command: [String(keeperSeconds)],
  });
}

export const commandFailed = (id: string, program: string, words: string): HoldfastFailure =>
  new HoldfastFailure('HelperFailed', { operation: `run ${program} on the log's volume`, object: id.slice(0, 12), cause: words.trim().split('\n').at(-1)?.slice(0, 300) || 'it said nothing', hint: 'It is tried again.' });
