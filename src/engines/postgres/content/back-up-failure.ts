/** What a failed back-up helper means. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { failedStep, spaceFailure } from '../server/postgres-helper.ts';
import { failureFrom, firstError } from '../server/psql-failure.ts';

const lostHint = 'The step is tried again with a new snapshot; if it happens each time, see what ends sessions on the server.';

/** By the step that failed and what it said. @param object container/database */
export function backUpFailure(result: HelperResult, object: string): HoldfastFailure {
  const { step, messages } = failedStep(result);
  const call = { operation: `back up (${step})`, object };
  if (step === 'space') return spaceFailure(result, call);
  if (/lock timeout|could not obtain lock/i.test(messages)) {
    return new HoldfastFailure('TableLocked', { ...call, cause: firstError(messages), hint: 'Another session holds or wants a table for itself (ALTER, TRUNCATE, VACUUM FULL, REINDEX …): the step is tried again with a new snapshot.' });
  }
  if (/row-level security/i.test(messages)) {
    return new HoldfastFailure('RowSecurityFilters', { ...call, cause: firstError(messages), hint: 'Use a superuser, or a role with BYPASSRLS.' });
  }
  const snapshotWasTaken = result.files.get('snapshot') !== undefined;
  const sessionEnded = /terminating connection|server closed the connection|connection to server was lost|SSL connection has been closed/i.test(messages);
  if ((step === 'holder' && snapshotWasTaken && sessionEnded) || /(invalid )?snapshot (identifier)?.*(does not exist|invalid)|invalid snapshot identifier|could not import the requested snapshot/i.test(messages)) {
    return new HoldfastFailure('SnapshotLost', { ...call, cause: firstError(messages), hint: lostHint });
  }
  return failureFrom(messages, call, { type: 'DumpFailed', hint: 'See the server\'s log around that time.' });
}
