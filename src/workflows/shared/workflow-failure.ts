/** How failures leave a workflow: as one ApplicationFailure with a stable type. Anything else would keep the run in "Running" for ever. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, ChildWorkflowFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import { isFailure, isFailureType, type FailureFields, type FailureType } from '../../domain/failures.ts';

/** A failure raised by workflow code itself. */
export function workflowFailure(type: FailureType, fields: FailureFields): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${fields.operation} (${fields.object}): ${fields.cause}. ${fields.hint}`,
    type,
    nonRetryable: true,
    details: [fields],
  });
}

/** The stable type at the root of whatever an awaited activity or child threw. */
export function failureTypeOf(error: unknown): FailureType {
  const root = rootOf(error);
  if (isFailure(root)) return root.type;
  if (root instanceof ApplicationFailure && root.type != null && isFailureType(root.type)) return root.type;
  if (isCancellation(error)) return 'RunCancelled';
  if (root instanceof TimeoutFailure) return root.timeoutType === 'SCHEDULE_TO_START' ? 'HostUnavailable' : 'WorkerLost';
  return 'Internal';
}

/** What a run ends with: the root failure under its own type, so that clients and the UI see it without digging through causes. */
export function finalFailure(error: unknown, service: string): Error {
  if (isCancellation(error)) return error instanceof Error ? error : new CancelledFailure('cancelled');
  const root = rootOf(error);
  const type = failureTypeOf(error);
  if (root instanceof ApplicationFailure && root.type === type) return ApplicationFailure.create({ message: root.message, type, nonRetryable: true, details: root.details ?? [] });
  if (isFailure(root)) return workflowFailure(root.type, root.fields);
  return workflowFailure(type, {
    operation: 'run the runbook',
    object: service,
    cause: root instanceof Error ? root.message : String(root),
    hint: type === 'HostUnavailable' ? 'Start the worker beside the Docker engine: holdfast worker.' : 'See the run in the Temporal UI; `holdfast doctor` checks the usual causes.',
  });
}

/** The same with a further sentence at its end; a cancellation as it is. */
export function tellingToo(error: unknown, service: string, sentence: string): Error {
  const failure = finalFailure(error, service);
  const fields = failure instanceof ApplicationFailure ? failure.details?.[0] as FailureFields | undefined : undefined;
  return fields === undefined ? failure : workflowFailure(failureTypeOf(failure), { ...fields, hint: `${fields.hint} ${sentence}` });
}

function rootOf(error: unknown): unknown {
  let current: unknown = error;
  for (let depth = 0; depth < 10; depth += 1) {
    if (!(current instanceof ActivityFailure || current instanceof ChildWorkflowFailure) || current.cause === undefined) return current;
    current = current.cause;
  }
  return current;
}
