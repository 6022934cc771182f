/** Resets a run the way `temporal workflow reset` does: by default the server re-applies updates and signals (that is the danger). */
import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyEvents } from './run-history.ts';

/** Resets to the last workflow task that was completed before the event that `isPast` finds first; answers a handle on the new run. */
export async function resetBefore(client: Client, handle: WorkflowHandle, isPast: (eventType: string, activityType: string | undefined) => boolean): Promise<WorkflowHandle> {
  const events = await historyEvents(handle);
  const index = events.findIndex((event) => isPast(event.type, event.activityType));
  if (index < 0) throw new Error(`no such event in the history: ${events.map((event) => event.activityType ?? event.type).join(', ')}`);
  const task = events.slice(0, index + 1).findLast((event) => event.type === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED');
  if (task === undefined) throw new Error('no workflow task was completed before it');
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: handle.workflowId, runId: events[0]?.runId ?? null },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: task.id,
  });
  return client.workflow.getHandle(handle.workflowId, runId);
}
