/** The one container that looks after a log beside its database: found, waited for, replaced, made; by however many calls at once. */
import type { ContainerFacts, ContainerSpec } from '../../../containers/container-runtime.ts';
import { pollUntil } from '../../../containers/wait-until.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { WalContext } from '../../wal-source.ts';
import { libpqEnvironment, optionsOf } from '../server/connection.ts';
import { readSmallFile } from './kept-cluster.ts';
import type { LogServer } from './log-server.ts';
import { carries, createOnVolume, databaseLabels, findReceiver, type Named } from './receiver.ts';
import { endOfReceiver } from './receiver-end.ts';

/** Another call that created the container starts it within this, or has died before it could. */
const startedWithinMs = 10_000;
/** Reading one file takes less, by any clock of the same host. */
const abandonedAfterMs = 24 * 3_600_000;

/** Does it belong to the database's container as it is now? */
export const isOf = (standing: ContainerFacts, database: ContainerFacts): boolean => carries(standing, databaseLabels(database));

/** The container, which may just be being made by another call: that one is waited for. */
export async function settledContainer(ctx: WalContext, named: Named): Promise<ContainerFacts | null> {
  const limits = { withinMs: startedWithinMs, everyMs: ctx.timing.pollMs, signal: ctx.signal };
  const settled = await pollUntil(async () => {
    const found = await findReceiver(ctx.runtime, named);
    return found?.state === 'created' ? null : { found };
  }, limits);
  return settled === null ? findReceiver(ctx.runtime, named) : settled.found;
}

/** Removes one that has ended, or that was of a former container or start. Why it ended is raised, once: the next call starts anew. */
export async function removeEnded(ctx: WalContext, component: PostgresComponent, named: Named, database: ContainerFacts, standing: ContainerFacts): Promise<void> {
  const failure = standing.state === 'exited' && isOf(standing, database) ? await reasonOf(ctx, component, standing) : null;
  await ctx.runtime.remove(standing.id);
  for (const left of await ctx.runtime.list(named.labels)) if (left.name !== named.name && isAbandoned(left)) await ctx.runtime.remove(left.id);
  if (failure !== null) throw failure;
}

/** Somebody read files through it, and died: it has ended, or was never to run and is older than any reading. */
const isAbandoned = (keeper: ContainerFacts): boolean => keeper.state === 'exited' || Date.parse(keeper.createdAt) < Date.now() - abandonedAfterMs;

/** Why it ended, in its last words; null where it only followed its database. */
export async function reasonOf(ctx: WalContext, component: PostgresComponent, ended: ContainerFacts): Promise<HoldfastFailure | null> {
  const words = await readSmallFile(ctx.runtime, ended.id, 'last-words');
  return endOfReceiver(ended.exitCode, words ?? '', component.container);
}

/** What a session that samples the server begins with. Not in the database itself: it can be fenced, renamed and dropped. Nor in template1, which then could not be copied. */
export function watchingSession(component: PostgresComponent, { name }: Named, { administrative, majorVersion, port }: LogServer): Readonly<Record<string, string>> {
  const seat = administrative && component.database !== 'postgres' ? 'postgres' : component.database;
  const settings = [...optionsOf(majorVersion), 'synchronous_commit=off'];
  return { ...libpqEnvironment({ applicationName: name }, component, seat, settings), PGHOST: '127.0.0.1', PGPORT: String(port) };
}

type Wanted = Pick<ContainerSpec, 'imageId' | 'command' | 'network'> & Partial<ContainerSpec>;

/** The container, not yet started; null where another call was quicker and has started its own. */
export async function createFirst(ctx: WalContext, named: Named, database: ContainerFacts, spec: Wanted): Promise<string | null> {
  try {
    return (await createOnVolume(ctx.runtime, named.name, { ...spec, name: named.name, labels: { ...named.labels, ...databaseLabels(database) } })).id;
  } catch (error) {
    // Taken, or just being taken, which the engine cannot say more of.
    if (!isFailure(error, 'NameTaken') && !isFailure(error, 'DockerUnreachable')) throw error;
    const quicker = await pollUntil(async () => {
      const found = await findReceiver(ctx.runtime, named);
      return found?.state === 'running' && isOf(found, database) ? true : null;
    }, { withinMs: startedWithinMs, everyMs: ctx.timing.pollMs, signal: ctx.signal });
    if (quicker !== null) return null;
    if (!isFailure(error, 'NameTaken')) throw error;
    throw new HoldfastFailure('HelperLost', { operation: 'start the receiver', object: named.name, cause: 'another call has just created it, and it does not run', hint: 'It is tried again.' }, { cause: error });
  }
}
