/** Ctrl-C while something is only being made ready: it is ended again, and the command says that nothing was begun. */

/** The command was ended before the run it is about was started. No failure: nobody but whoever pressed Ctrl-C is concerned. */
export class Interrupted extends Error {
  constructor() {
    super('Interrupted. No run was started.');
    this.name = 'Interrupted';
  }
}

/** Not SIGHUP: whoever said nohup has it ignored, and a handler would undo that. */
const signals = ['SIGINT', 'SIGTERM'] as const;

/** Ends the work's signal on the first of them; the second ends the process as ever. @throws Interrupted */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const remove = (): void => signals.forEach((name) => process.off(name, onSignal));
  function onSignal(): void {
    remove();
    stop.abort(new Interrupted());
  }
  for (const name of signals) process.on(name, onSignal);
  try {
    const done = await work(stop.signal);
    stop.signal.throwIfAborted();
    return done;
  } finally {
    remove();
  }
}
