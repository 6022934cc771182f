/** After a start: the database answers, and goes on answering. */
import type { EndedFrom } from '../../containers/ended-by-others.ts';
import { pauseFor, waitUntil } from '../../containers/wait-until.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import { postmasterStart } from './inspect.ts';

const operation = 'wait for the database';

/**
 * Answers twice, with the same postmaster: during a first start the image runs another server before the real one (databases.md D18).
 * @param endedFrom what it means where somebody else ended the container; nothing of the kind unless given: a live server is nobody's to start
 * @throws ContainerNotRunning, or what `endedFrom` says instead
 */
export async function waitUntilReady(ctx: EngineContext, component: PostgresComponent, endedFrom: EndedFrom = () => null): Promise<void> {
  const steady = async (): Promise<true | null> => {
    const container = await ctx.runtime.inspect(component.container);
    if (container.state !== 'running') throw endedFrom(operation, container) ?? notReady(component, `the container is ${container.state} (exit code ${container.exitCode ?? 'none'})`);
    const first = await startOrNull(ctx, component, container.id);
    if (first === null) return null;
    await pauseFor(ctx.timing.readinessGapMs, ctx.signal);
    return (await startOrNull(ctx, component, container.id)) === first ? true : null;
  };
  await waitUntil(steady, { withinMs: ctx.timing.startUpMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => notReady(component, `the database did not answer within ${ctx.timing.startUpMs / 1000} s`));
}

/** A container that ends in the midst of the call is answered with HTTP 500: the next inspection says whether it is that, or the engine that is gone. */
export async function startOrNull(ctx: EngineContext, component: PostgresComponent, containerId: string): Promise<string | null> {
  try {
    return await postmasterStart(ctx, component, containerId);
  } catch (error) {
    if (isFailure(error, 'DockerUnreachable')) return null;
    throw error;
  }
}

const notReady = (component: PostgresComponent, cause: string): HoldfastFailure =>
  new HoldfastFailure('ContainerNotRunning', { operation, object: component.container, cause, hint: `See \`docker logs ${component.container}\` for what keeps it from starting.` });
