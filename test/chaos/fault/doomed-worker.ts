/** The parent's side of chaos-worker.ts: processes that are loaded in advance, given an order, and watched until they are dead. */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { dockerHost } from '../../support/test-environment.ts';
import type { DoomedOrder, DoomedReport } from './chaos-worker.ts';

export interface DoomedWorker {
  /** Gives the order and waits until the worker polls. */
  serve(order: DoomedOrder): Promise<void>;
  /** The worker stands at its point (strike `hold`). */
  readonly reached: Promise<void>;
  /** The process is gone; the signal that ended it, or null. */
  readonly gone: Promise<NodeJS.Signals | null>;
  signal(signal: NodeJS.Signals): void;
  /** Lets a held worker go on. */
  goOn(): void;
  /** What it wrote to standard output and error. */
  output(): string;
}

/** Always one process ahead: loading the SDK takes longer than many a case. */
export function createDoomedWorkers(): { next(): DoomedWorker; stop(): Promise<void> } {
  let spare: DoomedWorker | null = null;
  return {
    next: () => {
      const worker = spare ?? startDoomedWorker();
      spare = startDoomedWorker();
      return worker;
    },
    stop: async () => {
      spare?.signal('SIGKILL');
      await spare?.gone;
    },
  };
}

export function startDoomedWorker(): DoomedWorker {
  const child = fork(join(import.meta.dirname, 'chaos-worker.ts'), { env: { ...process.env, DOCKER_HOST: dockerHost() }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-20_000); });
  const gone = new Promise<NodeJS.Signals | null>((resolve) => void child.once('exit', (_code, signal) => resolve(signal)));
  const told = (report: DoomedReport): Promise<void> => heard(child, report);
  const [loaded, ready, reached] = [told('loaded'), told('ready'), told('reached')];
  return {
    serve: async (order) => {
      await unlessGone(loaded);
      child.send(order);
      await unlessGone(ready);
    },
    reached, gone,
    signal: (signal) => void child.kill(signal),
    goOn: () => void (child.connected && child.send('go on')),
    output: () => output,
  };

  async function unlessGone(promise: Promise<void>): Promise<void> {
    const died = gone.then((signal) => { throw new Error(`the worker ended early (${signal}): ${output}`); });
    await Promise.race([promise, died]);
  }
}

const heard = (child: ChildProcess, report: DoomedReport): Promise<void> =>
  new Promise((resolve) => void child.on('message', (message) => { if (message === report) resolve(); }));
