/** What goes wrong with a recovery, told by what its server and its scripts say. Pure. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import { saysAway } from '../../../containers/machine-words.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { failedStep, sourceFailure, spaceFailure } from '../server/postgres-helper.ts';
import { diskFullIn, firstError, machineFailure, machineTroubleIn } from '../server/psql-failure.ts';

/** A partial segment that was gone when it was to be read: the archive has a longer one by now, and the caller lists anew. */
export const supersededFailure = (operation: string, object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('LogSuperseded', { operation, object, cause: `the archive has a longer one by now (${cause})`, hint: 'The step is tried again with that.' });

/** What keeps the archived log from being read, whatever is looked for in it; null where it is something else. */
export function logReadingFailure(result: HelperResult, call: { readonly operation: string; readonly object: string }): HoldfastFailure | null {
  const { step, messages } = failedStep(result);
  if (step === 'space') return spaceFailure(result, call);
  if (step === 'superseded') return supersededFailure(call.operation, call.object, firstError(messages));
  if (step === 'source') return sourceFailure(result, call);
  const full = diskFullIn(messages);
  if (full !== null) return new HoldfastFailure('DiskFull', { ...call, cause: full, hint: 'Make room on the file system of the Docker engine\'s data directory, then start again.' });
  const trouble = step === 'damaged' ? null : machineTroubleIn(messages);
  return trouble === null ? null : machineFailure(trouble, call);
}

/** What fetch-segment.sh, serve-segments.sh and the server say where a process that delivers the log was ended. */
const deliveryEnded = /^nobody delivers .*$|^\S+: what delivers it was killed$|^.*FATAL: +could not restore file "[^"\n]*" from archive: child process (?:was terminated by signal (?:1|2|3|9|15)\b|exited with exit code (?:129|130|131|137|143)$).*$/m;

/** A server that has ended of itself: its own last words, and those of what delivers its log. An archive that is not there is named first: what is read from it looks damaged. */
export function recoveryFailure(log: string, object: string): HoldfastFailure {
  const call = { operation: 'recover to a moment', object };
  const undelivered = deliveryEnded.exec(log)?.[0];
  if (undelivered !== undefined) return new HoldfastFailure('HelperLost', { ...call, cause: `${firstError(undelivered)}: somebody else ended it`, hint: 'The step is tried again.' });
  const unreachable = log.split('\n').find((line) => /^\S+: /.test(line) && (line.includes('the archive cannot be read') || saysAway(line)));
  if (unreachable !== undefined) return new HoldfastFailure('RepositoryUnreachable', { ...call, cause: unreachable, hint: 'Look whether the disk of the repository is mounted; the step is tried again.' });
  const damaged = /^\S+: (it has (?:another SHA-256|\d+ bytes)[^\n]*|[^\n]*(?:No such file|Decoding error|unexpected end)[^\n]*)/m.exec(log);
  if (damaged !== null) return new HoldfastFailure('ArtifactDamaged', { ...call, cause: damaged[0], hint: 'The archive of the log is damaged: use another repository, or a moment before that segment.' });
  if (/recovery ended before configured recovery target was reached/.test(log)) {
    return new HoldfastFailure('PointUnreachable', { ...call, cause: `the log ends before the moment${lastCommitIn(log)}`, hint: 'Ask for an earlier moment, or for latest.' });
  }
  return new HoldfastFailure('RestoreFailed', { ...call, cause: firstError(withoutRefused(log)), hint: 'See the server\'s own words; use another base backup, or an earlier moment.' });
}

function lastCommitIn(log: string): string {
  const last = [...log.matchAll(/last completed transaction was at log time (.+)$/gm)].at(-1)?.[1];
  return last === undefined ? '' : `; its last transaction committed at ${last}`;
}

/** Whoever asks too early is told so, in the same words as what goes wrong. */
const withoutRefused = (log: string): string => log.replace(/^.*FATAL: +the database system is .*$/gm, '');

/** What the original did after its base backup was taken: replaying stops where it learns of it, and has to begin again with what that takes. */
export interface Lacking {
  /** Settings that were raised (databases.md P11), by name. */
  readonly raised: Readonly<Record<string, string>>;
  /** Directories that it made tablespaces in (P12). */
  readonly locations: readonly string[];
}

/** Null where that is not what the log tells of. */
export function lackingIn(log: string): Lacking | null {
  const raised = Object.fromEntries([...log.matchAll(/DETAIL: +([a-z_]+) = \d+ is a lower setting than on the primary server, where its value was (\d+)\.$/gm)].map(([, name, value]) => [name, value]));
  const locations = [...log.matchAll(/FATAL: +(?:directory|could not set permissions on directory) "(\/.*)"(?: does not exist|: Operation not permitted)$/gm)].map(([, location]) => location as string);
  return Object.keys(raised).length === 0 && locations.length === 0 ? null : { raised, locations };
}

export const nothingLacking: Lacking = { raised: {}, locations: [] };

/** Both; null where the one adds nothing to the other: what was given did not help. */
export function addLacking(given: Lacking, found: Lacking): Lacking | null {
  const locations = [...new Set([...given.locations, ...found.locations])];
  const isMore = locations.length > given.locations.length || Object.entries(found.raised).some(([name, value]) => given.raised[name] !== value);
  return isMore ? { raised: { ...given.raised, ...found.raised }, locations } : null;
}
