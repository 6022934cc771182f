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

/** Returns when both its pollers run. @throws what kept it from starting */
export async function startWorkerProcess(request: WorkerRequest, environment: NodeJS.ProcessEnv, currentDirectory: string, log: string, startMs: number): Promise<string> {
  const file = await open(log, 'a', 0o600);
  const child = spawn(process.execPath, [siblingModule(import.meta.url, 'run-local-worker'), JSON.stringify(request)], {
    detached: true, cwd: currentDirectory, env: workerEnvironment(environment), stdio: ['ignore', file.fd, file.fd, 'ipc'],
  });
  await file.close();
  const identity = child.pid === undefined ? null : identityOf(child.pid);
  try {
    const report = await firstReport(child, startMs);
    if (!report.ready) throw new HoldfastFailure(isFailureType(report.type) ? report.type as FailureType : 'Internal', report.fields);
    if (identity === null) throw new Error('it ended at once');
    return identity;
  } catch (error) {
    if (identity !== null) await endProcess(identity, graceMs);
    if (error instanceof HoldfastFailure) throw error;
    const lastLine = (await readFile(log, 'utf8')).trim().split('\n').at(-1) ?? '';
    throw new HoldfastFailure('HostUnavailable', { operation: 'start a worker', object: 'this machine', cause: `${error instanceof Error ? error.message : String(error)}: ${lastLine.slice(0, 300)}`, hint: `Its log is ${log}.` }, { cause: error });
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

export const stopWorkerProcess = (identity: string): Promise<void> => endProcess(identity, graceMs);

function firstReport(child: ChildProcess, startMs: number): Promise<WorkerReport> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not start within ${Math.round(startMs / 1000)} s`)), startMs);
    const settle = (act: () => void) => (): void => {
      clearTimeout(timer);
      act();
    };
    child.once('message', (message) => settle(() => resolve(message as WorkerReport))());
    child.once('exit', (code, signal) => settle(() => reject(new Error(`it ended with ${code ?? signal ?? 'nothing'}`)))());
    child.once('error', (error) => settle(() => reject(error))());
  });
}
