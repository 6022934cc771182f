import { setTimeout as sleep } from 'node:timers/promises';
import { endRunningCommands } from './run-command.ts';
import { SetupFailure } from './setup-failure.ts';

/**
 * One Ctrl-C can arrive more than once: from the terminal, from npm and from the bootstrap. Only a signal that comes
 * this much later is a second one.
 */
const sameKeystrokeMs = 1_000;

/** Aborted by the first Ctrl-C or SIGTERM, so that work stops and `finally` cleans up. A second one ends at once. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let abortedAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        abortedAt = Date.now();
        process.stderr.write(`\n${signal}: stopping what was started (once more to leave it)\n`);
        controller.abort(new SetupFailure(`interrupted by ${signal}`, 'start again; what was finished is kept'));
        endRunningCommands();
      } else if (Date.now() - abortedAt > sameKeystrokeMs) process.exit(130);
    });
  }
  return controller.signal;
}

/**
 * The work's result, or the signal's reason once it is aborted. The work gets a moment to end by itself then, since
 * the programs it waits for were ended; what an engine builds on its own is not waited for.
 */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    if (!signal.aborted) throw error;
    await Promise.race([work.catch(() => {}), sleep(5_000)]);
    throw signal.reason;
  }
}
