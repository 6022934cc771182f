/** Watching a run to its end. The watcher may come and go, and so may server and worker: the run lives in Temporal. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Timing } from '../domain/timing.ts';
import { askTemporal, isAbsence } from './ask-temporal.ts';
import { readRun, type RunView } from './read-run.ts';
import { runFailure } from './run-failure.ts';

export interface RunWatcher {
  readonly timing: Pick<Timing, 'followPollMs' | 'followAbsenceMs' | 'followCallMs'>;
  readonly signal?: AbortSignal;
  /** Each look at the run. `leave` stops watching; the run goes on. */
  onView(view: RunView): Promise<'stay' | 'leave'> | 'stay' | 'leave';
  /** Temporal (or, for the status, a worker) has not answered for this long. May bring it back where that is its business. */
  onAbsence?(who: 'server' | 'worker', sinceMs: number): Promise<void> | void;
}

export type Followed<R> = { readonly ended: true; readonly result: R } | { readonly ended: false };

/**
 * Follows a run until it ends or the watcher leaves.
 * @throws the failure the run ended with; TemporalUnreachable after `followAbsenceMs` without any answer; the signal's reason
 */
export async function followRun<R>(client: Client, workflowId: string, watcher: RunWatcher): Promise<Followed<R>> {
  const absent = { server: 0, worker: 0 };
  for (;;) {
    watcher.signal?.throwIfAborted();
    const view = await look(client, workflowId, watcher, absent);
    if (view !== null) {
      if ((await watcher.onView(view)) === 'leave') return { ended: false };
      if (!view.open) return { ended: true, result: await resultOf<R>(client, workflowId) };
    }
    await pause(watcher.timing.followPollMs, undefined, watcher.signal === undefined ? {} : { signal: watcher.signal });
  }
}

/** The result of a run that has ended. @throws the failure it ended with */
export async function resultOf<R>(client: Client, workflowId: string): Promise<R> {
  try {
    return await askTemporal(client, 'read the result', workflowId, () => client.workflow.getHandle(workflowId).result() as Promise<R>);
  } catch (error) {
    throw runFailure(error, workflowId);
  }
}

async function look(client: Client, workflowId: string, watcher: RunWatcher, absent: { server: number; worker: number }): Promise<RunView | null> {
  try {
    const view = await readRun(client, workflowId, watcher.timing.followCallMs);
    absent.server = 0;
    absent.worker = view.status === null && view.open ? absent.worker || Date.now() : 0;
    if (absent.worker > 0) await watcher.onAbsence?.('worker', Date.now() - absent.worker);
    return view;
  } catch (error) {
    if (!isAbsence(error)) throw error;
    absent.server = absent.server || Date.now();
    const sinceMs = Date.now() - absent.server;
    if (sinceMs >= watcher.timing.followAbsenceMs) throw error;
    await watcher.onAbsence?.('server', sinceMs);
    return null;
  }
}
