/**
 * The container of a cut-over. Going in, only the one that the plan names will do. Going back or opening, the files decide: whichever container
 * bears its name and has its data there is started, because one that was recreated would otherwise block every repair for ever.
 */
import { isStopped } from '../../../containers/container-state.ts';
import { identityOf, labelNames } from '../../../containers/labels.ts';
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { EngineContext } from '../../engine-context.ts';
import { otherAtWork } from '../require-alone.ts';
import { mountOf, type DataMount } from '../server/server-facts.ts';
import { mountOfCutOver } from './staging.ts';

const lies = (cutOver: RedisCutOver): string => `Its data is on ${cutOver.volume}, the old files in ${cutOver.asideDirectory} there if the exchange had begun.`;

/** By id: another one of the same name is not it. @throws ContainerRecreated */
export async function cutOverContainer(ctx: EngineContext, cutOver: RedisCutOver): Promise<ContainerFacts> {
  const container = await ctx.runtime.find(cutOver.containerId);
  if (container !== null) return container;
  throw new HoldfastFailure('ContainerRecreated', { operation: 'find the container', object: cutOver.container, cause: `the container ${cutOver.containerId.slice(0, 12)} that the plan names is gone`, hint: lies(cutOver) });
}

/** The container that the plan names, else the one that bears its name now and has the same place as its data directory. @throws ContainerNotFound */
export async function containerOnData(ctx: EngineContext, cutOver: RedisCutOver): Promise<ContainerFacts> {
  const planned = await ctx.runtime.find(cutOver.containerId);
  if (planned !== null) return planned;
  const named = await ctx.runtime.find(cutOver.container);
  const mount = named === null ? null : mountOf(named.mounts, cutOver.directory);
  if (named !== null && mount?.source === cutOver.volume && mount.subdirectory === cutOver.subdirectory) return named;
  throw new HoldfastFailure('ContainerNotFound', {
    operation: 'find the container', object: cutOver.container, cause: `${named === null ? 'there is none of that name' : 'the one of that name has its data elsewhere'}; the files on ${cutOver.volume} are as they must be`,
    hint: `Make ${cutOver.container} again with ${cutOver.volume} for its ${cutOver.directory}; the repair goes on by itself.`,
  });
}

/** Going in, files must not move under a server that runs. @throws CutOverFailed, ContainerRecreated */
export async function requireStopped(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  const container = await cutOverContainer(ctx, cutOver);
  const working = isStopped(container) ? await otherAtWork(ctx, container.id, dataOf(cutOver)) : container;
  if (working === null) return;
  throw new HoldfastFailure('CutOverFailed', { operation: 'exchange the data', object: cutOver.container, cause: `${working.name} is ${working.state} on its data: someone started it`, hint: 'Nothing was moved under it; the run rolls back.' });
}

/**
 * Going back, someone may have started the container on half or all of the new files: it is stopped, for before the opening nobody's writes
 * are promised to stay. One that the plan does not name is nobody's to stop. @throws ContainerRecreated, CutOverFailed
 */
export async function stopForMovingBack(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  const planned = await ctx.runtime.find(cutOver.containerId);
  if (planned !== null && !isStopped(planned)) await ctx.runtime.stop(planned.id, ctx.timing.stopMs);
  const running = await otherAtWork(ctx, cutOver.containerId, dataOf(cutOver));
  if (running === null) return;
  const isGone = planned === null;
  throw new HoldfastFailure(isGone ? 'ContainerRecreated' : 'CutOverFailed', {
    operation: 'move the files back', object: running.name, cause: isGone ? `it runs on ${cutOver.volume}, and the container ${cutOver.containerId.slice(0, 12)} that the plan names is gone` : `it is ${running.state} on ${cutOver.volume}, too: someone started it`,
    hint: `Stop it (docker stop ${running.name}); the repair then moves the files back and starts ${cutOver.container} again. ${lies(cutOver)}`,
  });
}

function dataOf(cutOver: RedisCutOver): DataMount {
  const { type, source } = mountOfCutOver(cutOver);
  return { type, source, subdirectory: cutOver.subdirectory };
}

/** A helper of an attempt or run that was given up may still be about to move files: nothing is read or moved before it is gone. */
export async function endMovingHelpers(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  const helpers = await ctx.runtime.list({ [labelNames.kind]: 'helper', [labelNames.namespaceId]: ctx.owner.namespaceId });
  const moving = (helper: ContainerFacts): boolean => movingSteps.has(identityOf(helper.labels)?.step ?? '') && helper.mounts.some((mount) => mount.source === cutOver.volume);
  for (const helper of helpers.filter(moving)) await ctx.runtime.remove(helper.id);
}

const movingSteps: ReadonlySet<string> = new Set(['swap-in', 'swap-out']);
