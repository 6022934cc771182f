/** Failures of the engine's HTTP interface, as our own. Status codes decide, never message texts. */
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { FailureType } from '../../domain/failures.ts';

/** What is being done to what: the first half of every failure. */
export interface EngineCall {
  readonly operation: string;
  readonly object: string;
}

/** The HTTP status that the engine refused a call with, or null where no answer came at all. */
export function refusalStatus(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}

/** The engine's own words on one line, at most 300 characters. They name containers and paths; no value of ours is ever in them. */
export function engineWords(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\(HTTP code \d+\) \w+ - /, '').replace(/\s+/g, ' ').trim().slice(0, 300) || 'no reason was given';
}

const hints = {
  DockerUnreachable: 'Check that the Docker engine runs and that DOCKER_HOST points to it; the step is tried again.',
  ContainerNotFound: 'Check the container names in holdfast.yaml and `docker ps -a`.',
  ContainerNotRunning: 'Start or unpause the container, then try again.',
  BrokenStream: 'The step is tried again; if it happens each time, look at what lies between Holdfast and the engine.',
  Internal: 'This is a defect of Holdfast or an engine it does not know; please report it with the engine\'s version.',
} as const;

/** A failure of one engine call. */
export function engineFailure(type: keyof typeof hints & FailureType, call: EngineCall, cause: string, error?: unknown): HoldfastFailure {
  return new HoldfastFailure(type, { ...call, cause, hint: hints[type] }, { cause: error });
}

/**
 * The failure that an error of any engine call amounts to: no answer or a 5xx may be tried again (an engine that is being stopped
 * answers 500 with many texts), 404 is a missing container, 409 one in the wrong state, the rest a defect.
 */
export function failureOf(error: unknown, call: EngineCall): HoldfastFailure {
  if (isFailure(error)) return error;
  const status = refusalStatus(error);
  if (status === null) return engineFailure('DockerUnreachable', call, `no complete answer came: ${engineWords(error)}`, error);
  const cause = `the engine answered HTTP ${status}: ${engineWords(error)}`;
  if (status === 404) return engineFailure('ContainerNotFound', call, cause, error);
  if (status === 409) return engineFailure('ContainerNotRunning', call, cause, error);
  return engineFailure(status >= 500 || status === 408 || status === 429 ? 'DockerUnreachable' : 'Internal', call, cause, error);
}
