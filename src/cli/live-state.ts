/** How a service is at this moment, as far as it can be asked from here, in seconds and with nothing running. What does not answer is said, never waited for. */
import { isFailure } from '../domain/failures.ts';
import type { Component, ServiceDefinition } from '../domain/service.ts';
import { engineTitle } from '../domain/wording.ts';
import { composeEngines, composeRuntime } from '../worker/dependencies.ts';
import type { CommandContext } from './command-context.ts';
import { readingContext } from './reading-context.ts';

export interface LiveStore {
  readonly component: string;
  /** `PostgreSQL 17.6`; null where it was not told. */
  readonly version: string | null;
  readonly sizeBytes: number | null;
  /** `answers`, or why nothing is known, in a few words. */
  readonly state: string;
}

export interface LiveState {
  readonly stores: readonly LiveStore[];
  /** What the health address answers: a status, or `no answer`. Null where none is configured. */
  readonly health: { readonly path: string; readonly answer: string } | null;
}

/** A person waits for this line. */
const patienceMs = 4_000;

export async function liveState(context: CommandContext, service: ServiceDefinition): Promise<LiveState> {
  const [stores, health] = await Promise.all([Promise.all(service.components.map((component) => liveStore(context, service, component))), healthAnswer(service)]);
  return { stores, health };
}

async function liveStore(context: CommandContext, service: ServiceDefinition, component: Component): Promise<LiveStore> {
  const unknown = (state: string): LiveStore => ({ component: component.name, version: null, sizeBytes: null, state });
  const looking = async (): Promise<LiveStore> => {
    const runtime = composeRuntime(context.environment);
    const facts = await composeEngines()[component.engine].inspect(readingContext(service.name, runtime, context, AbortSignal.timeout(patienceMs)), component, 'backup');
    if (!facts.running) return unknown('is not running');
    return { component: component.name, version: `${engineTitle(component.engine)} ${facts.version}`, sizeBytes: facts.dataSizeBytes, state: 'answers' };
  };
  const { promise: late, resolve } = Promise.withResolvers<LiveStore>();
  const timer = setTimeout(() => resolve(unknown('does not answer')), patienceMs);
  try {
    return await Promise.race([looking().catch((error: unknown) => unknown(isFailure(error) ? error.fields.cause : 'does not answer')), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function healthAnswer(service: ServiceDefinition): Promise<LiveState['health']> {
  if (service.health === null) return null;
  const answer = await fetch(service.health.url, { signal: AbortSignal.timeout(patienceMs), redirect: 'manual' }).catch(() => null);
  await answer?.body?.cancel();
  return { path: new URL(service.health.url).pathname, answer: answer === null ? 'no answer' : String(answer.status) };
}
