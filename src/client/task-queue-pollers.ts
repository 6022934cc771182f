/** Does a worker listen? A run that is started without one waits, silently, for ever. */
import type { Client } from '@temporalio/client';
import { askTemporal } from './ask-temporal.ts';

/** `temporal.api.enums.v1.TaskQueueType` */
const queueTypes = { workflow: 1, activity: 2 } as const;
/** A poll is held open for a minute; who has not come back after more is gone. */
const pollerAgeMs = 90_000;

/** Identities of the workers that poll a task queue now. @throws TemporalUnreachable */
export async function pollersOf(client: Client, taskQueue: string, type: keyof typeof queueTypes): Promise<readonly string[]> {
  const { pollers } = await askTemporal(client, 'ask for workers', taskQueue, () => client.workflowService.describeTaskQueue({ namespace: client.options.namespace, taskQueue: { name: taskQueue }, taskQueueType: queueTypes[type] }));
  return (pollers ?? []).filter(({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < pollerAgeMs).map(({ identity }) => identity ?? '');
}
