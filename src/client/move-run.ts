/** Sending a run that waits with its plan on to another moment: an update, which is answered at once. */
import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { HoldfastFailure } from '../domain/failures.ts';
import { moveUpdate, type Move } from '../workflows/restore-to-point-in-time/messages.ts';
import { askTemporal } from './ask-temporal.ts';

/** Answers the point, a relative one resolved. @throws InvalidInput with the run's reason, UnknownRun, TemporalUnreachable */
export async function moveRun(client: Client, workflowId: string, move: Move): Promise<string> {
  try {
    return await askTemporal(client, 'move the run', workflowId, () => client.workflow.getHandle(workflowId).executeUpdate(moveUpdate, { args: [move] }), 30_000);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new HoldfastFailure('InvalidInput', { operation: 'move the run', object: workflowId, cause: error.cause?.message ?? error.message, hint: 'Only a restore to a moment is moved, while its plan waits: holdfast watch shows it.' }, { cause: error });
  }
}
