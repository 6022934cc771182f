/** The history of a run, reduced to what tests look at. */
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

export interface HistoryEvent {
  readonly id: import('long').default;
  readonly type: string;
  readonly activityType: string | undefined;
  readonly taskQueue: string | undefined;
  readonly runId: string | undefined;
}

export async function historyEvents(handle: WorkflowHandle): Promise<readonly HistoryEvent[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).map((event) => ({
    id: event.eventId as import('long').default,
    type: proto.temporal.api.enums.v1.EventType[event.eventType ?? 0] ?? '',
    activityType: event.activityTaskScheduledEventAttributes?.activityType?.name ?? undefined,
    taskQueue: event.activityTaskScheduledEventAttributes?.taskQueue?.name ?? undefined,
    runId: event.workflowExecutionStartedEventAttributes?.originalExecutionRunId ?? undefined,
  }));
}
