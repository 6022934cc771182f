/** Asking a person: the service's name typed is a yes, nothing typed leaves the plan waiting. */
import { createInterface } from 'node:readline/promises';

export type Answer = 'approve' | 'leave' | 'interrupted';

const attempts = 3;

/** Never asks where nobody is: callers check `interactive` first. The signal ends the question, for example when somebody else decided. */
export async function askForName(service: string, say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const interrupted = new AbortController();
  terminal.once('SIGINT', () => interrupted.abort());
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const typed = (await terminal.question(`  Type ${service} to approve (Enter leaves it waiting for someone else): `, { signal: AbortSignal.any([signal, interrupted.signal]) })).trim();
      if (typed === service) return 'approve';
      if (typed === '') return 'leave';
      say(`  That is not ${service}: nothing was approved.`);
    }
    return 'leave';
  } catch (error) {
    if (interrupted.signal.aborted) return 'interrupted';
    if (signal.aborted) return null;
    // End of input (Ctrl-D) is no yes.
    if (error instanceof Error && error.name === 'AbortError') return 'leave';
    throw error;
  } finally {
    terminal.close();
  }
}
