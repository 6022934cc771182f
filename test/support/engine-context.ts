/** What an engine is called with: a run's context on the test engine, with notes in memory in place of a repository's. */
import { testTiming } from '../../src/domain/timing.ts';
import type { EngineContext } from '../../src/engines/engine-context.ts';
import type { DockerScope } from './docker.ts';

/** Shared by the attempts of the runs of one test: what recordOnce keeps, by run. */
export type Notes = Map<string, Map<string, unknown>>;

export interface ContextOptions {
  readonly run?: string;
  readonly signal?: AbortSignal;
  readonly password?: string;
}

/** Makes contexts whose steps end within this, unless they are given a signal of their own. */
export const contextsWithin = (timeoutMs: number) => (docker: DockerScope, notes: Notes = new Map(), options: ContextOptions = {}): EngineContext => {
  const owner = docker.owner(options.run);
  const own = notes.get(owner.runId) ?? new Map<string, unknown>();
  notes.set(owner.runId, own);
  return {
    owner,
    service: 'test-service',
    attempt: 'a1-00000000',
    runtime: docker.runtime,
    timing: testTiming,
    signal: options.signal ?? AbortSignal.timeout(timeoutMs),
    progress: () => undefined,
    secret: async () => options.password ?? '',
    recordOnce: async (key, value) => {
      if (!own.has(key)) own.set(key, JSON.parse(JSON.stringify(value)));
      return own.get(key);
    },
    readNote: async (key) => own.get(key),
  };
};
