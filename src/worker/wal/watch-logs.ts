/** The workflows that watch the logs which this worker keeps: begun once, with the worker. One that somebody cancels stays so until a worker starts again. */
import type { Client } from '@temporalio/client';
import { ensureLogWatch } from '../../client/ensure-log-watch.ts';
import { pauseFor } from '../../containers/wait-until.ts';
import type { Timing } from '../../domain/timing.ts';
import type { KeptLog } from './keep-logs.ts';

/** Tries until each is begun or the signal is aborted: bytes do not wait for it. */
export async function watchLogs(client: Client, taskQueue: string, logs: readonly Pick<KeptLog, 'service'>[], timing: Pick<Timing, 'retryMaximumMs'>, signal: AbortSignal): Promise<void> {
  for (const service of new Set(logs.map((log) => log.service))) {
    while (!signal.aborted) {
      const begun = await ensureLogWatch(client, taskQueue, service).then(() => true, () => false);
      if (begun) break;
      await pauseFor(timing.retryMaximumMs, signal).catch(() => undefined);
    }
  }
}
