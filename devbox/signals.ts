import { SetupFailure } from './setup-failure.ts';

/** Aborted by the first Ctrl-C or SIGTERM, so that work stops and `finally` cleans up. Another one ends at once. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write(`\n${signal}: stopping what was started (once more to leave it)\n`);
      controller.abort(new SetupFailure(`interrupted by ${signal}`, 'start again; what was finished is kept'));
    });
  }
  return controller.signal;
}
