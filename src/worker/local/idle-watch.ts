/** The end of the embedded server: when no run was open, and no command attached, for a while. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { logWatchType } from '../../client/runbooks.ts';
import type { Timing } from '../../domain/timing.ts';
import { withFileLock } from './file-lock.ts';
import { livingWorkers, readLocalState, writeLocalState, type LocalState } from './local-state.ts';
import { identityOf, livingPid } from './process-identity.ts';
import { stopServer } from './server-process.ts';
import type { LocalPaths } from './state-directory.ts';

const lockWaitMs = 60_000;

/**
 * Returns when this worker should end: nothing was open on its task queue for `localIdleMs`, or the server it belongs to is gone for good.
 * Then it is no longer in the state file, and the last worker has stopped the server.
 */
export async function untilIdle(client: Client, paths: LocalPaths, taskQueue: string, timing: Pick<Timing, 'localIdleMs' | 'localPollMs'>, signal: AbortSignal): Promise<void> {
  let busyAt = Date.now();
  while (!signal.aborted) {
    await pause(timing.localPollMs, undefined, { signal }).catch(() => undefined);
    const state = await readLocalState(paths.state);
    // Our name stood there before we began: whoever took it out has replaced us, and the server is theirs.
    if (!isOurs(state)) return;
    const open = await openRuns(client, taskQueue);
    if (open === null && state.server !== null && livingPid(state.server.identity) === null) return;
    if (open !== 0) busyAt = Date.now();
    if (Date.now() - Math.max(busyAt, state.usedAtMs) >= timing.localIdleMs && (await retire(client, paths, taskQueue, timing.localIdleMs))) return;
  }
}

/** Is this process (still) the one that the state file names? Another command may have replaced it. */
const isOurs = (state: LocalState): boolean => state.workers.some(({ identity }) => identity === identityOf(process.pid));

/** Open workflows of a queue, whatever their type: a lease counts too; what watches a log does not, for it is always open. Null where the server does not answer: that is never "none". */
async function openRuns(client: Client, taskQueue: string): Promise<number | null> {
  try {
    const { count } = await client.withDeadline(Date.now() + 5_000, () => client.workflow.count(`TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND WorkflowType != '${logWatchType}'`));
    return count;
  } catch {
    return null;
  }
}

/** Under the lock nobody attaches: what is idle now stays so until the processes are gone. */
async function retire(client: Client, paths: LocalPaths, taskQueue: string, idleMs: number): Promise<boolean> {
  return withFileLock(paths.lock, lockWaitMs, async () => {
    const state = await readLocalState(paths.state);
    if (Date.now() - state.usedAtMs < idleMs || (await openRuns(client, taskQueue)) !== 0) return false;
    await leave(paths, state, identityOf(process.pid));
    return true;
  });
}

/** Takes a worker out of the state, and the server with the last one. The caller holds the lock. */
export async function leave(paths: LocalPaths, state: LocalState, identity: string | null, stoppedIdle = true): Promise<void> {
  const others = livingWorkers(state).filter((worker) => worker.identity !== identity);
  const last = others.length === 0 && state.server !== null;
  await writeLocalState(paths.state, { ...state, workers: others, stoppedIdle: last ? stoppedIdle : state.stoppedIdle });
  if (last && state.server !== null) await stopServer(state.server);
}
