/** The one archiveWal of a service: begun where none is open, left alone where one is. */
import { WorkflowIdConflictPolicy, type Client } from '@temporalio/client';
import { logWatchId } from '../domain/workflow-ids.ts';
import { askTemporal } from './ask-temporal.ts';
import { logWatchType } from './runbooks.ts';

/** Idempotent, from any number of workers at once. @throws TemporalUnreachable */
export async function ensureLogWatch(client: Client, taskQueue: string, service: string): Promise<void> {
  const workflowId = logWatchId(service);
  await askTemporal(client, 'begin to watch the log', workflowId, () => client.workflow.start(logWatchType, {
    taskQueue, workflowId, args: [{ service }], workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING, staticSummary: `watches the write-ahead logs of ${service}`.slice(0, 120),
  }));
}
