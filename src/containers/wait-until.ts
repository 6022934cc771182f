/** Bounded polling: the one way to wait for something that nobody announces. */
import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastFailure } from '../domain/failures.ts';

export interface WaitLimits {
  /** In all, milliseconds. The probe is asked at least twice, also where this has passed after the first time. */
  readonly withinMs: number;
  readonly everyMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the probe until it answers something other than null, which is returned; null when the time is over. A failing probe ends the
 * waiting with its failure. Aborting throws the signal's reason, at once also while pausing.
 */
export async function pollUntil<T>(probe: () => Promise<T | null>, limits: WaitLimits): Promise<T | null> {
  const endAt = performance.now() + limits.withinMs;
  for (let asked = 1; ; asked += 1) {
    limits.signal?.throwIfAborted();
    const answer = await probe();
    if (answer !== null) return answer;
    if (asked >= 2 && performance.now() >= endAt) return null;
    await pauseFor(limits.everyMs, limits.signal);
  }
}

/** Like {@link pollUntil}, but raises the failure that `late` makes when the time is over. */
export async function waitUntil<T>(probe: () => Promise<T | null>, limits: WaitLimits, late: () => HoldfastFailure): Promise<T> {
  const answer = await pollUntil(probe, limits);
  if (answer === null) throw late();
  return answer;
}

/** A pause that an abort ends at once, with the signal's reason. */
export async function pauseFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await pause(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** What the work answers, or the signal's reason at once: for work that does not notice an abort, or only late. The caller ends it. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const answer = await Promise.race([work, aborted.promise]);
    signal.throwIfAborted();
    return answer;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
