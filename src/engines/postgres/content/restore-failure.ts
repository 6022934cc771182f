/** What a failed restore or verify helper means. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { failedStep, sourceFailure, spaceFailure } from '../server/postgres-helper.ts';
import { diskFullIn, failureFrom, firstError, machineFailure, machineTroubleIn, ownWords } from '../server/psql-failure.ts';

/** Steps that fail because of the stored bytes alone. */
const bytesSteps = new Set(['damaged', 'unpack', 'members', 'list', 'read']);

/** @param object what was restored, where */
export function restoreFailure(result: HelperResult, object: string, operation: string): HoldfastFailure {
  const { step, messages } = failedStep(result);
  const call = { operation: `${operation} (${step})`, object };
  if (step === 'space') return spaceFailure(result, call);
  // What it was unpacked to ran full: that says nothing about the bytes.
  const full = bytesSteps.has(step) ? diskFullIn(messages) : null;
  if (full !== null || /No space left on device|Disk quota exceeded|could not extend file/i.test(ownWords(messages))) {
    return new HoldfastFailure('DiskFull', { ...call, cause: full ?? firstError(messages), hint: 'Make room on the file system that is named, then start again.' });
  }
  if (step === 'source') return sourceFailure(result, call);
  // What was found to be other bytes was read to its end, whatever else went wrong.
  const trouble = step === 'damaged' ? null : machineTroubleIn(messages);
  if (bytesSteps.has(step)) {
    if (trouble !== null) return machineFailure(trouble, call);
    const cause = step === 'damaged' ? 'its bytes are not the ones in the manifest' : firstError(messages);
    return new HoldfastFailure('ArtifactDamaged', { ...call, cause, hint: 'Use another copy or another backup; nothing was changed.' });
  }
  const named = { ...call, object: `${object}${restoredObject(messages)}`, cause: firstError(messages) };
  if (/(must|can only) be (pre)?loaded (via|by|with)[^\n]*shared_preload_libraries|could not access file "[^"]*": No such file|could not load library|could not open extension control file|extension "[^"]*" is not available/i.test(messages)) {
    return new HoldfastFailure('ExtensionMissing', { ...named, hint: 'The server that it was tried on lacks an extension, or has not loaded its library at start: this says nothing about the backup. Use an image and settings that have it.' });
  }
  if (/The owner of an? [^\n]* must be a superuser|must be superuser to create[^\n]*publication/i.test(messages)) {
    return new HoldfastFailure('PermissionDenied', { ...named, hint: 'The owner of that object was a superuser and is none here: create that role first (CREATE ROLE … NOLOGIN SUPERUSER), then start again.' });
  }
  const failure = failureFrom(messages, named, { type: 'RestoreFailed', hint: 'The dump cannot be restored as it is: look at the named object (a constraint or function that needs a search path, for one). The live data is untouched.' });
  return trouble !== null && blamesTheData(failure) ? machineFailure(trouble, call) : failure;
}

/** The object that pg_restore was at: `from TOC entry 3456; 0 16400 TABLE DATA chk postgres`. */
function restoredObject(messages: string): string {
  const entry = /from TOC entry \d+; \d+ \d+ (.+)/.exec(messages)?.[1];
  return entry === undefined ? '' : `: ${entry.trim()}`;
}

/** Does the failure say something about the backup, rather than about where it was tried? */
export const blamesTheData = (failure: HoldfastFailure): boolean => failure.type === 'RestoreFailed' || failure.type === 'ArtifactDamaged' || failure.type === 'PermissionDenied' || failure.type === 'RoleMissing';
