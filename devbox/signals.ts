import { setTimeout as sleep } from 'node:timers/promises';
import { endRunningCommands } from './run-command.ts';
import { Interruption } from './setup-failure.ts';

/**
 * One Ctrl-C can arrive more than once: from the terminal, from npm and from the bootstrap. Only a signal that comes
 * this much later is a second one.
 */
const sameKeystrokeMs = 1_000;
const lastMomentMs = 5_000;

/** Aborted by the first Ctrl-C or SIGTERM, so that work stops and `finally` cleans up. A second one ends at once. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let abortedAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        abortedAt = Date.now();
        process.stderr.write(`\n${signal}: stopping what was started (once more to leave it)\n`);
        controller.abort(new Interruption(signal));
        endRunningCommands();
      } else if (Date.now() - abortedAt > sameKeystrokeMs) process.exit(130);
    });
  }
  return controller.signal;
}

/**
 * The work's result, or the signal's reason once it is aborted. The work gets a moment to end by itself then, since
 * the programs it waits for were ended; what an engine builds on its own is not waited for. A result that comes in
 * that moment is nobody's any more: `giveBack` gets it.
 */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>, giveBack?: (value: T) => Promise<unknown>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } catch (error) {
    if (!signal.aborted) throw error;
    const late = work.then(async (value) => void (await giveBack?.(value)));
    await Promise.race([late.catch(() => {}), sleep(lastMomentMs)]);
    throw signal.reason;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
