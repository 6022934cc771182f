/** The one archiveWal of a service: begun where none is open, left alone where one is; begun anew where it failed. */
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

/**
 * Begins it anew where it failed: any worker of its task queue may be the one that it asks about the service, and one that does not know that yet (a configuration that is rolled out host by
 * host) ends it. One that somebody ended stays so. @throws TemporalUnreachable, UnknownRun
 */
export async function reviveLogWatch(client: Client, taskQueue: string, service: string): Promise<void> {
  const workflowId = logWatchId(service);
  const { status } = await askTemporal(client, 'look at what watches the log', workflowId, () => client.workflow.getHandle(workflowId).describe());
  if (status.name === 'FAILED') await ensureLogWatch(client, taskQueue, service);
}
