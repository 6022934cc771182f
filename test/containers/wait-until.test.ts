import { describe, expect, test } from 'vitest';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { pauseFor, pollUntil, unlessAborted, waitUntil } from '../../src/containers/wait-until.ts';
import { failing } from '../support/failing.ts';

const late = () => new HoldfastFailure('DatabaseUnreachable', { operation: 'wait', object: 'test', cause: 'late', hint: 'Wait.' });
const never = new Promise<never>(() => undefined);

/** A probe that answers on its nth call. */
function answering(nth: number): { probe: () => Promise<number | null>; calls: () => number } {
  let calls = 0;
  return { probe: async () => ((calls += 1) >= nth ? calls : null), calls: () => calls };
}

describe('waiting', () => {
  test('ends with the first answer, and asks no further', async () => {
    const { probe, calls } = answering(3);
    expect(await pollUntil(probe, { withinMs: 60_000, everyMs: 1 })).toBe(3);
    expect(calls()).toBe(3);
  });

  test('asks twice even where there is no time at all', async () => {
    expect(await pollUntil(answering(2).probe, { withinMs: 0, everyMs: 1 })).toBe(2);
    expect(await pollUntil(answering(3).probe, { withinMs: 0, everyMs: 1 })).toBeNull();
  });

  test('takes false and 0 for answers', async () => {
    expect(await pollUntil(async () => false, { withinMs: 0, everyMs: 1 })).toBe(false);
    expect(await pollUntil(async () => 0, { withinMs: 0, everyMs: 1 })).toBe(0);
  });

  test('ends with the failure made for it when it is late, and with the probe\'s own at once', async () => {
    await failing('DatabaseUnreachable', waitUntil(answering(99).probe, { withinMs: 0, everyMs: 1 }, late));
    await expect(waitUntil(async () => { throw new Error('probe'); }, { withinMs: 60_000, everyMs: 1 }, late)).rejects.toThrow('probe');
  });

  test('ends with the reason of an abort: before the first question, and in the middle of a long pause', async () => {
    const { probe, calls } = answering(1);
    await expect(pollUntil(probe, { withinMs: 1, everyMs: 1, signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    expect(calls()).toBe(0);
    const stop = new AbortController();
    const waiting = pollUntil(async () => null, { withinMs: 600_000, everyMs: 600_000, signal: stop.signal });
    setImmediate(() => stop.abort(new Error('during')));
    await expect(waiting).rejects.toThrow('during');
    await expect(pauseFor(600_000, AbortSignal.abort(new Error('at once')))).rejects.toThrow('at once');
  });
});

describe('unlessAborted', () => {
  test('answers what the work answers, and fails as it fails', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve(7), signal)).toBe(7);
    expect(await unlessAborted(Promise.resolve(7), undefined)).toBe(7);
    await expect(unlessAborted(Promise.reject(new Error('work')), signal)).rejects.toThrow('work');
  });

  test('does not wait for work that an abort does not reach', async () => {
    const stop = new AbortController();
    const waiting = unlessAborted(never, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(unlessAborted(never, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });
});
