/** Asking a run to stop: it removes what it made, and from the opening of a cut-over on it goes on to its end. */
import type { Client } from '@temporalio/client';
import { askTemporal } from './ask-temporal.ts';

/** Returns when the request is recorded, not when the run has ended. @throws UnknownRun (also for one that has ended), TemporalUnreachable */
export async function cancelRun(client: Client, workflowId: string): Promise<void> {
  await askTemporal(client, 'cancel the run', workflowId, () => client.workflow.getHandle(workflowId).cancel());
}
