/** Preflight of a restore that replaces the files of a Redis whatever state it is in, and the facts that it is made ready by. Reads only. */
import { isFailure, type FailureType } from '../../domain/failures.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import type { ComponentFacts } from '../engine.ts';
import { inspectRedis, pinnedStore, refuseTopology, requireExchangeable, requireKept, requireRestorable } from './inspect.ts';
import { requireAlone } from './require-alone.ts';
import { askLikeServer, toldPlace } from './server/like-server.ts';
import { readServer, type RedisServer } from './server/server-facts.ts';

/** As the server says where it answers, else as its container does. @throws ContainerNotFound, UnsupportedTopology and, of one that answers, what inspectRedis throws */
export async function inspectWholeRedis(ctx: EngineContext, component: RedisComponent): Promise<ComponentFacts> {
  const container = await ctx.runtime.inspect(component.container);
  const answer = container.state === 'running' ? await inspectAnswering(ctx, component) : `the container is ${container.state}`;
  if (typeof answer !== 'string') return answer;
  requireKept(container);
  const { data } = await toldPlace(ctx, container);
  await requireAlone(ctx, container, data);
  return {
    pinned: pinnedStore(component, container.id, data.source), version: '', imageId: container.imageId, running: container.state === 'running', empty: false, dataSizeBytes: 0, freeBytes: null,
    warnings: [`${component.container} does not answer (${answer}): what it holds is not known, and its files are kept as they are`],
  };
}

const silences: ReadonlySet<FailureType> = new Set(['ContainerNotRunning', 'DatabaseUnreachable', 'BrokenStream']);

/** Or why it does not answer: one that ends in the midst of a question looks like many things. */
async function inspectAnswering(ctx: EngineContext, component: RedisComponent): Promise<ComponentFacts | string> {
  try {
    const facts = await inspectRedis(ctx, component, 'restore');
    return facts.running ? facts : 'it has just ended';
  } catch (error) {
    if (!isFailure(error)) throw error;
    if (silences.has(error.type) || (await ctx.runtime.inspect(component.container)).state !== 'running') return error.fields.cause;
    throw error;
  }
}

/** A live server that something can be made ready beside; of one that is `unusable`, as one that is made like it says. @throws what readServer and askLikeServer throw, UnsupportedTopology */
export async function restorableServer(ctx: EngineContext, component: RedisComponent, unusable: string | undefined): Promise<RedisServer> {
  const server = unusable === undefined ? await readServer(ctx, component) : await askLikeServer(ctx, component);
  refuseTopology(server);
  if (unusable === undefined) await requireRestorable(ctx, server);
  else {
    requireExchangeable(server);
    await requireAlone(ctx, server.container, server.mount);
  }
  return server;
}

/** Does a server answer on the files that a plan calls unusable? Mended meanwhile it holds what nobody was told about. @throws what inspectRedis throws of one that answers */
export async function answersByNow(ctx: EngineContext, component: RedisComponent): Promise<boolean> {
  return (await ctx.runtime.inspect(component.container)).state === 'running' && typeof await inspectAnswering(ctx, component) !== 'string';
}
