/** A run of no workflow code: its first task is answered by the test itself, with activities to schedule. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { temporal } from '@temporalio/proto';

const pollMs = 30_000;
const startToCloseMs = 60_000;

/** A long poll by hand, as a worker makes them. */
export const polling = <T>(client: Client, poll: () => Promise<T>): Promise<T> => client.connection.withDeadline(Date.now() + pollMs, poll);

/** Starts a run under this id and has it schedule so many activities, with the ids `1`, `2` …, on a queue. */
export async function scheduleActivities(client: Client, workflowId: string, queue: string, count: number): Promise<WorkflowHandle> {
  const { namespace } = client.options;
  const taskQueue = { name: `${workflowId}-by-hand` };
  const { firstExecutionRunId } = await client.workflow.start('nothing', { workflowId, taskQueue: taskQueue.name, args: [] });
  const { taskToken } = await polling(client, () => client.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue }));
  await client.workflowService.respondWorkflowTaskCompleted({ namespace, taskToken, commands: Array.from({ length: count }, (_, index) => ({
    commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
    scheduleActivityTaskCommandAttributes: { activityId: String(index + 1), activityType: { name: 'nothing' }, taskQueue: { name: queue }, startToCloseTimeout: msToTs(startToCloseMs) },
  })) });
  return client.workflow.getHandle(workflowId, firstExecutionRunId);
}
