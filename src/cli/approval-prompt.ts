/** Asking a person: the word that is asked for is a yes, nothing typed is a no. */
import { createInterface, type Interface } from 'node:readline';

export type Answer = 'approve' | 'leave' | 'interrupted';

const attempts = 3;

/** A plan is shown: the service's name approves it, Enter leaves it waiting. Like {@link askForWord}. */
export const askForName = (service: string, say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> =>
  askForWord(service, `  Type ${service} to approve (Enter leaves it waiting for someone else): `, say, signal);

/** A copy is to be removed: its own name is the yes, Enter keeps it. Like {@link askForWord}. */
export const askForCopy = (copy: string, say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> =>
  askForWord(copy, `  Type ${copy} to remove it (Enter keeps it): `, say, signal);

/** A backup is to be deleted: its own id is the yes, Enter keeps it. Like {@link askForWord}. */
export const askForBackup = (backupId: string, say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> =>
  askForWord(backupId, `  Type ${backupId} to delete it (Enter keeps it): `, say, signal);

/** Another run holds the service: "cancel" ends that one, Enter goes on waiting. Like {@link askForWord}. */
export const askToCancel = (say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> =>
  askForWord('cancel', '  Type cancel to end that run and go on (Enter keeps waiting): ', say, signal);

/** A restart is needed: "restart" is the yes to it, Enter leaves it for later. Like {@link askForWord}. */
export const askToRestart = (say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> =>
  askForWord('restart', '  Type restart to restart the database now (Enter leaves it for later): ', say, signal);

/** The schedules that are shown are to be made: "apply" is the yes, Enter leaves them as they are. Like {@link askForWord}. */
export const askToApply = (say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> =>
  askForWord('apply', '  Type apply to make it so (Enter leaves everything as it is): ', say, signal);

/**
 * Never asks where nobody is: callers check `interactive` first. The signal ends the question, for example when somebody else decided;
 * then the answer is null. The end of input (Ctrl-D) is no yes.
 */
async function askForWord(word: string, prompt: string, say: (line: string) => void, signal: AbortSignal): Promise<Answer | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt });
  const lines = linesOf(terminal, signal);
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      terminal.prompt();
      const typed = await lines.next();
      if (typed === 'interrupted') return typed;
      if (typed === 'ended') {
        // The cursor stands behind the question: what comes next begins on a line of its own.
        process.stdout.write('\n');
        return signal.aborted ? null : 'leave';
      }
      if (typed.line.trim() === word) return 'approve';
      if (typed.line.trim() === '') return 'leave';
      say(`  That is not ${word}: nothing was approved.`);
    }
    return 'leave';
  } finally {
    terminal.close();
  }
}

type Typed = { readonly line: string } | 'interrupted' | 'ended';

/** What is typed, in order: also two lines that arrive at once. */
function linesOf(terminal: Interface, signal: AbortSignal): { next(): Promise<Typed> } {
  const typed: Typed[] = [];
  let wake = (): void => undefined;
  const add = (item: Typed): void => {
    typed.push(item);
    wake();
  };
  terminal.on('line', (line) => add({ line })).once('SIGINT', () => add('interrupted')).once('close', () => add('ended'));
  if (signal.aborted) add('ended');
  signal.addEventListener('abort', () => add('ended'), { once: true });
  return {
    next: async () => {
      if (typed.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return typed.shift() ?? 'ended';
    },
  };
}
