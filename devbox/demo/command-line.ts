/** The demo types what a person would type: the product's own command line, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dieWithUs } from '../die-with-us.ts';
import { Interruption } from '../setup-failure.ts';

const command = join(import.meta.dirname, '..', '..', 'bin', 'holdfast.js');
const interruptedExit = 130;
/** Ctrl-C makes it leave its run and end; one that hangs is ended. */
const leaveMs = 3_000;

/** Shows the command, runs it on this terminal, and answers its exit code. @throws the signal's reason, after the command has ended */
export async function holdfast(args: readonly string[], environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  process.stdout.write(`\n$ holdfast ${args.join(' ')}\n`);
  const { program, args: words } = await dieWithUs('TERM', process.execPath, [command, ...args]);
  signal.throwIfAborted();
  const child = spawn(program, words, { env: environment, stdio: 'inherit' });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const leave = (): void => void end(child);
  signal.addEventListener('abort', leave, { once: true });
  try {
    const [code] = await exited;
    signal.throwIfAborted();
    // While it asks a question, Ctrl-C is a key that it reads, and no signal reaches us.
    if (code === interruptedExit) throw new Interruption('SIGINT');
    return code ?? 1;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGINT');
  await pause(leaveMs, undefined, { ref: false });
  child.kill('SIGKILL');
}

/** Runs it and fails where it does. @throws Error naming the command */
export async function holdfastOrFail(args: readonly string[], environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const code = await holdfast(args, environment, signal);
  if (code !== 0) throw new Error(`holdfast ${args.join(' ')} exited ${code}`);
}
