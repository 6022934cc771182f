/** The one place that decides whether a backup is restored beside a server, or its whole data is replaced because it cannot be used. */
import type { ContainerFacts } from '../containers/container-runtime.ts';
import { pauseFor } from '../containers/wait-until.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { Component } from '../domain/service.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { ComponentFacts, DatabaseEngine } from '../engines/engine.ts';

/** One that ends right after its start may have been met between a crash and the restart that mends it; one that does so this often will go on. */
const endsAtMost = 3;

/**
 * Started where it is stopped, and answering; or the reason why it cannot be made to. Where there is no server's data nothing is started: the image would make a new
 * server of its own there (databases.md T8).
 * @param isRetry of an attempt before this one, which may have started it a moment ago: then it has to answer steadily
 */
export async function startUnlessUnusable(context: EngineContext, engine: DatabaseEngine, component: Component, { id, state }: ContainerFacts, isRetry: boolean): Promise<{ readonly started: boolean; readonly unusable?: string }> {
  if (state === 'running') {
    if (!isRetry && await answers(context, engine, component)) return { started: false };
  } else {
    if (!await hasServersData(context, engine, component, state)) return { started: false, unusable: noServersData(component, state) };
    await context.runtime.start(id);
  }
  const unusable = await whyUnusable(context, engine, component);
  return { started: state !== 'running' && unusable === null, ...(unusable === null ? {} : { unusable }) };
}

/** The same where its data stays, so that it has to answer: started where it is stopped. @throws UnsupportedTopology for a standby and ContainerNotRunning where there is no server's data, before anything is started */
export async function startOnItsData(context: EngineContext, engine: DatabaseEngine, component: Component, { id, state }: ContainerFacts): Promise<void> {
  if (!await hasServersData(context, engine, component, state)) {
    throw new HoldfastFailure('ContainerNotRunning', { operation: 'start the database', object: component.container, cause: noServersData(component, state), hint: 'Nothing was started: its image would make a new server there. Restore a backup into it first.' });
  }
  await context.runtime.start(id);
}

const noServersData = ({ container }: Component, state: ContainerFacts['state']): string => `${container} is ${state}, and there is no server's data in its volume`;

/** Of one that does not run: is there anything that it would start on? True where that cannot be told. @throws UnsupportedTopology for a standby, which is not started for its refusal */
async function hasServersData(context: EngineContext, engine: DatabaseEngine, component: Component, state: ContainerFacts['state']): Promise<boolean> {
  const seen = await seenFromOutside(context, engine, component);
  if (seen?.standby === true) {
    throw new HoldfastFailure('UnsupportedTopology', {
      operation: 'start the database', object: component.container, cause: `the server is a standby, and ${component.container} is ${state}`, hint: 'Restore into its primary; where that is replaced as a whole, make the standby anew. Nothing was started.',
    });
  }
  return seen === null || seen.running || !seen.empty;
}

/** Null where it answers steadily in the end. Bounded by the time that one start may take, and by how often it may end. */
async function whyUnusable(context: EngineContext, engine: DatabaseEngine, component: Component): Promise<string | null> {
  const { runtime, timing, signal } = context;
  const endAt = performance.now() + timing.startUpMs;
  for (let ended = 1; ; ended += 1) {
    try {
      await engine.waitUntilReady(context, component);
      return null;
    } catch (error) {
      if (!isFailure(error, 'ContainerNotRunning') && !isFailure(error, 'DatabaseUnreachable')) throw error;
      if (ended >= endsAtMost || performance.now() >= endAt) return await answers(context, engine, component) ? null : error.fields.cause;
    }
    await pauseFor(timing.readinessGapMs, signal);
    const { id, state } = await runtime.inspect(component.container);
    if (state !== 'running' && state !== 'restarting') await runtime.start(id);
  }
}

/** Does it answer at all? What can never be restored into (a standby, another engine) is refused. */
async function answers(context: EngineContext, engine: DatabaseEngine, component: Component): Promise<boolean> {
  try {
    return (await engine.inspect(context, component, 'restore')).running;
  } catch (error) {
    if (isFailure(error) && (error.retryable || error.type === 'ContainerNotRunning')) return false;
    throw error;
  }
}

/** Of one that does not run. Null where its data cannot be looked at from outside: that is left to the server itself. */
async function seenFromOutside(context: EngineContext, engine: DatabaseEngine, component: Component): Promise<ComponentFacts | null> {
  try {
    return await engine.inspect(context, component, 'look');
  } catch (error) {
    if (isFailure(error, 'UnsupportedTopology')) return null;
    throw error;
  }
}
