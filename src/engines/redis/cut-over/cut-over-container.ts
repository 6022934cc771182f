/** The container a cut-over was planned for, by id: another one of the same name is not it. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisCutOver } from '../../../domain/rollback.ts';
import type { EngineContext } from '../../engine.ts';

/** @throws ContainerRecreated */
export async function cutOverContainer(ctx: EngineContext, cutOver: RedisCutOver): Promise<ContainerFacts> {
  const container = await ctx.runtime.find(cutOver.containerId);
  if (container !== null) return container;
  throw new HoldfastFailure('ContainerRecreated', { operation: 'find the container', object: cutOver.container, cause: `the container ${cutOver.containerId.slice(0, 12)} that the plan names is gone`, hint: `Its data is on ${cutOver.volume}, the old files in ${cutOver.asideDirectory} there if the exchange had begun.` });
}

/** Files must not move under a server that runs. @throws CutOverFailed */
export async function requireStopped(ctx: EngineContext, cutOver: RedisCutOver): Promise<void> {
  const container = await cutOverContainer(ctx, cutOver);
  if (container.state === 'exited' || container.state === 'created' || container.state === 'dead') return;
  throw new HoldfastFailure('CutOverFailed', { operation: 'exchange the data', object: cutOver.container, cause: `the container is ${container.state}: someone started it`, hint: 'Nothing was moved under it; the run rolls back.' });
}
