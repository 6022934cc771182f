/** Enough of an engine's context to look, without a run: whatever would write a note is refused. */
import { resolveSecret } from '../config/secrets.ts';
import type { ContainerRuntime } from '../containers/container-runtime.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { CommandContext } from './command-context.ts';

export function readingContext(service: string, runtime: ContainerRuntime, context: CommandContext, signal = AbortSignal.timeout(context.timing.execMs * 2)): EngineContext {
  return {
    owner: { namespaceId: 'doctor', workflowId: 'doctor', runId: 'doctor' }, service, attempt: 'a1-doctor', runtime, timing: context.timing, signal,
    progress: () => undefined,
    secret: (reference) => resolveSecret(reference, context.environment),
    recordOnce: () => Promise.reject(new Error('doctor records nothing')),
    readNote: () => Promise.resolve(undefined),
  };
}
