/** A lease is nothing but a workflow that runs under a fixed id until its owner releases it. Temporal makes the id exclusive. */
import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { releaseLeaseSignal } from '../shared/messages.ts';
import type { ServiceLeaseInput } from './messages.ts';

/** Ends when the owner named in its input releases it; a release by anyone else is ignored, and a dead owner's lease is ended by whoever needs it. */
export async function serviceLease(input: ServiceLeaseInput): Promise<void> {
  let released = false;
  setHandler(releaseLeaseSignal, ({ runId }) => {
    released ||= runId === input.owner.runId;
  });
  setCurrentDetails(`held by ${input.owner.workflowId} for ${input.purpose}`);
  await condition(() => released);
}
