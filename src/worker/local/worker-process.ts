/** Starting a worker of the embedded server: detached, in its own session, with the environment of the command that needs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { HoldfastFailure, isFailureType, type FailureFields, type FailureType } from '../../domain/failures.ts';
import { endProcess, identityOf } from './process-identity.ts';
import { siblingModule } from './sibling-module.ts';
import { workerEnvironment, type WorkerRequest } from './worker-request.ts';

/** What the worker says, once, through its channel. */
export type WorkerReport = { readonly ready: true } | { readonly ready: false; readonly type: string; readonly fields: FailureFields };

const graceMs = 25_000;

export interface WorkerStart {
  readonly request: WorkerRequest;
  readonly environment: NodeJS.ProcessEnv;
  readonly currentDirectory: string;
  readonly log: string;
  readonly startMs: number;
  /** Ends it while it is being started. */
  readonly signal: AbortSignal | undefined;
  /** Writes down the process before it begins: whatever happens to this command, the next one finds it. */
  record(identity: string): Promise<void>;
}

/** Returns when both its pollers run. @throws what kept it from starting; the signal's reason */
export async function startWorkerProcess({ request, environment, currentDirectory, log, startMs, signal, record }: WorkerStart): Promise<string> {
  const file = await open(log, 'a', 0o600);
  const child = spawn(process.execPath, [siblingModule(import.meta.url, 'run-local-worker'), JSON.stringify(request)], {
    detached: true, cwd: currentDirectory, env: workerEnvironment(environment), stdio: ['ignore', file.fd, file.fd, 'ipc'],
  });
  await file.close();
  const identity = child.pid === undefined ? null : identityOf(child.pid);
  try {
    const reported = firstReport(child, startMs, signal);
    reported.catch(() => undefined);
    if (identity !== null) {
      await record(identity);
      // It waits for this word, and ends when we are gone before it: nobody would know of it.
      child.send('go', () => undefined);
    }
    const report = await reported;
    if (!report.ready) throw new HoldfastFailure(isFailureType(report.type) ? report.type as FailureType : 'Internal', report.fields);
    if (identity === null) throw new Error('it ended at once');
    return identity;
  } catch (error) {
    if (identity !== null) await endProcess(identity, graceMs);
    if (error instanceof HoldfastFailure) throw error;
    signal?.throwIfAborted();
    const lastLine = (await readFile(log, 'utf8')).trim().split('\n').at(-1) ?? '';
    throw new HoldfastFailure('HostUnavailable', { operation: 'start a worker', object: 'this machine', cause: `${error instanceof Error ? error.message : String(error)}: ${lastLine.slice(0, 300)}`, hint: `Its log is ${log}.` }, { cause: error });
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

export const stopWorkerProcess = (identity: string): Promise<void> => endProcess(identity, graceMs);

function firstReport(child: ChildProcess, startMs: number, signal: AbortSignal | undefined): Promise<WorkerReport> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not start within ${Math.round(startMs / 1000)} s`)), startMs);
    const settle = (act: () => void) => (): void => {
      clearTimeout(timer);
      act();
    };
    signal?.addEventListener('abort', settle(() => reject(signal.reason as Error)), { once: true });
    child.once('message', (message) => settle(() => resolve(message as WorkerReport))());
    child.once('exit', (code, signal) => settle(() => reject(new Error(`it ended with ${code ?? signal ?? 'nothing'}`)))());
    child.once('error', (error) => settle(() => reject(error))());
  });
}
