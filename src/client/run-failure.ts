/** From what Temporal says about the end of a run back to the failure that the run ended with. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { HoldfastFailure, isFailure, isFailureType, type FailureFields, type FailureType } from '../domain/failures.ts';

/** The failure behind an error that waiting for a result threw. Errors that are none of a run's come back as they are. */
export function runFailure(error: unknown, workflowId: string): unknown {
  if (isFailure(error) || !(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  const failure = (type: FailureType, why: string, hint: string): HoldfastFailure => new HoldfastFailure(type, { operation: 'run the runbook', object: workflowId, cause: why, hint }, { cause: error });
  if (cause instanceof ApplicationFailure) return applicationFailure(cause, workflowId, error);
  if (cause instanceof CancelledFailure) return failure('RunCancelled', 'it was cancelled', 'What it had made ready was removed; after the opening of a cut-over a cancellation changes nothing any more.');
  if (cause instanceof TerminatedFailure) return failure('RunTerminated', `it was terminated${cause.message ? `: ${cause.message}` : ''}`, 'The next run of this service repairs what it left; cancel runs instead of terminating them.');
  if (cause instanceof TimeoutFailure) return failure('RunTerminated', 'its time was over', 'The next run of this service repairs what it left.');
  return failure('Internal', cause?.message ?? error.message, 'See the run in the Temporal UI.');
}

function applicationFailure(cause: ApplicationFailure, workflowId: string, error: unknown): HoldfastFailure {
  const type = cause.type != null && isFailureType(cause.type) ? cause.type : 'Internal';
  const [details] = cause.details ?? [];
  const fields = isFields(details) ? details : { operation: 'run the runbook', object: workflowId, cause: cause.message, hint: 'See the run in the Temporal UI.' };
  return new HoldfastFailure(type, fields, { cause: error });
}

function isFields(value: unknown): value is FailureFields {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  return ['operation', 'object', 'cause', 'hint'].every((name) => typeof record[name] === 'string');
}
