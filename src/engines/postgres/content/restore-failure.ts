/** What a failed restore or verify helper means. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { failedStep } from '../server/postgres-helper.ts';
import { failureFrom, firstError } from '../server/psql-failure.ts';

/** Steps that fail because of the stored bytes alone. */
const bytesSteps = new Set(['damaged', 'unpack', 'members', 'list', 'read']);

/** @param object what was restored, where */
export function restoreFailure(result: HelperResult, object: string, operation: string): HoldfastFailure {
  const { step, messages } = failedStep(result);
  const call = { operation: `${operation} (${step})`, object };
  if (/No space left on device|could not extend file/i.test(messages)) {
    return new HoldfastFailure('DiskFull', { ...call, cause: firstError(messages), hint: 'Make room on the file system that is named, then start again.' });
  }
  if (bytesSteps.has(step)) {
    const cause = step === 'damaged' ? 'its bytes are not the ones in the manifest' : firstError(messages);
    return new HoldfastFailure('ArtifactDamaged', { ...call, cause, hint: 'Use another copy or another backup; nothing was changed.' });
  }
  return failureFrom(messages, { ...call, object: `${object}${restoredObject(messages)}` }, { type: 'RestoreFailed', hint: 'The dump cannot be restored as it is: look at the named object (a constraint or function that needs a search path, for one). The live data is untouched.' });
}

/** The object that pg_restore was at: `from TOC entry 3456; 0 16400 TABLE DATA chk postgres`. */
function restoredObject(messages: string): string {
  const entry = /from TOC entry \d+; \d+ \d+ (.+)/.exec(messages)?.[1];
  return entry === undefined ? '' : `: ${entry.trim()}`;
}

/** Does the failure say something about the backup, rather than about where it was tried? */
export const blamesTheData = (failure: HoldfastFailure): boolean => failure.type === 'RestoreFailed' || failure.type === 'ArtifactDamaged' || failure.type === 'PermissionDenied';
