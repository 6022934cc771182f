/** The workflows that watch the logs which this worker keeps: begun with the worker, and anew where they fail. One that somebody cancels stays so until a worker starts again. */
import type { Client } from '@temporalio/client';
import { ensureLogWatch, reviveLogWatch } from '../../client/ensure-log-watch.ts';
import { pauseFor } from '../../containers/wait-until.ts';
import type { Timing } from '../../domain/timing.ts';
import type { KeptLog } from './keep-logs.ts';

/** Tries until each is begun, then looks after them until the signal is aborted: bytes do not wait for it. */
export async function watchLogs(client: Client, taskQueue: string, logs: readonly Pick<KeptLog, 'service'>[], timing: Pick<Timing, 'retryMaximumMs' | 'walBaseRetryMs'>, signal: AbortSignal): Promise<void> {
  const services = [...new Set(logs.map((log) => log.service))];
  for (const service of services) {
    while (!signal.aborted) {
      const begun = await ensureLogWatch(client, taskQueue, service).then(() => true, () => false);
      if (begun) break;
      await pauseFor(timing.retryMaximumMs, signal).catch(() => undefined);
    }
  }
  while (services.length > 0 && !signal.aborted) {
    await pauseFor(timing.walBaseRetryMs, signal).catch(() => undefined);
    // A Temporal that is away is asked again the next time.
    for (const service of signal.aborted ? [] : services) await reviveLogWatch(client, taskQueue, service).catch(() => undefined);
  }
}
