/** The demo's worker: the product's own, as a process that can be killed, and another that takes over. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { dieWithUs } from '../die-with-us.ts';
import { identifyProcess } from '../process-identity.ts';
import { SetupFailure } from '../setup-failure.ts';
import { unlessAborted } from '../signals.ts';

export interface DemoWorker {
  readonly pid: number;
  /** Pid and start time, by which it is ended later. */
  readonly identity: string;
  /** SIGKILL: no good-bye, as when a machine dies. */
  kill(): Promise<void>;
}

export interface DemoWorkerOptions {
  readonly configPath: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Outlives this process, and writes to this file instead of this terminal. Otherwise it ends with it, even when this process is killed. */
  readonly keptLog: string | null;
  readonly signal: AbortSignal;
}

const source = join(import.meta.dirname, '..', '..', 'src', 'worker', 'process.ts');

/** Starts one and returns when both its pollers run. @throws the signal's reason */
export async function startDemoWorker(options: DemoWorkerOptions): Promise<DemoWorker> {
  const kept = options.keptLog !== null;
  const command = [source, options.configPath];
  const { program, args } = kept ? { program: process.execPath, args: command } : await dieWithUs('KILL', process.execPath, command);
  // A demo that is being taken away starts nothing more: it may be gone before this program could be told to go with it.
  options.signal.throwIfAborted();
  const log = kept ? openSync(options.keptLog, 'a') : 'inherit';
  const child = spawn(program, args, { env: options.environment, stdio: ['ignore', 'ignore', log, 'ipc'], detached: kept });
  if (typeof log === 'number') closeSync(log);
  try {
    await unlessAborted(options.signal, untilReady(child));
  } catch (error) {
    await kill(child);
    throw error;
  }
  if (kept) {
    child.disconnect();
    child.unref();
  }
  const pid = child.pid ?? 0;
  return { pid, identity: identifyProcess(pid) ?? '', kill: () => kill(child) };
}

async function untilReady(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new SetupFailure(`the demo's worker ended with ${String(code)}`, 'see what it printed above');
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
}

/** SIGKILL, and its end waited for, also of a child that was let go of. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  // One that outlives this process keeps it from ending only while its end is waited for.
  child.ref();
  child.kill('SIGKILL');
  await exited;
}
