/** The demo's worker: the product's own, as a process that can be killed, and another that takes over. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SetupFailure } from '../setup-failure.ts';

export interface DemoWorker {
  readonly pid: number;
  /** SIGKILL: no good-bye, as when a machine dies. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const program = join(import.meta.dirname, '..', '..', 'src', 'worker', 'process.ts');

/** Starts one and returns when both its pollers run. */
export async function startDemoWorker(configPath: string, environment: NodeJS.ProcessEnv): Promise<DemoWorker> {
  const child = spawn(process.execPath, [program, configPath], { env: environment, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ready = once(child, 'message');
  const ended = once(child, 'exit').then(([code]) => {
    throw new SetupFailure(`the demo's worker ended with ${String(code)}`, 'see what it printed above');
  });
  ended.catch(() => undefined);
  await Promise.race([ready, ended]);
  return { pid: child.pid ?? 0, kill: () => end(child, 'SIGKILL'), stop: () => end(child, 'SIGTERM') };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
