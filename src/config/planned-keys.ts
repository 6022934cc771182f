/**
 * Keys that a later version will understand. They are refused by name: a configuration that asks for encryption must not
 * get plaintext because the key was silently skipped, nor a schedule that never runs.
 */
import { isScheduledVerb } from '../domain/schedules/scheduled-runbooks.ts';

/** Runbooks that a later version will start by itself: one that has its entry among the scheduled runbooks is not planned any more. */
const plannedSchedules: Readonly<Record<string, string>> = {
  prune: 'removing backups by policy',
};

const planned: readonly { readonly path: readonly string[]; readonly what: string }[] = [
  { path: ['services', '*', 'versionCommand'], what: 'asking the application for its version; write it as `version`' },
  { path: ['services', '*', 'health', 'onFailure'], what: 'choosing what an unhealthy service means; the run ends as failed, the restored data stays, and undo is the way back' },
  ...Object.entries(plannedSchedules).filter(([verb]) => !isScheduledVerb(verb)).map(([verb, what]) => ({ path: ['services', '*', 'schedules', verb], what })),
  { path: ['repositories', '*', 'encryption'], what: 'encryption; put the repository on an encrypted file system' },
  { path: ['repositories', '*', 'storageClass'], what: 'object storage' },
  { path: ['approval', 'rollbackReminder'], what: 'reminders about rollback copies; `holdfast status` lists them' },
];

/** Values that are refused by name, where the key itself is known. */
export const plannedApproval = 'it need not be named: `holdfast delete` always asks, and `holdfast prune` where more would go than comes of age';
export const plannedCopies = 'not in this version: copies in a further repository; name one, and copy its directory by other means';

/** What a key would do in a later version, or null where it is simply not known. */
export function plannedKey(path: readonly PropertyKey[]): string | null {
  const match = planned.find((candidate) => candidate.path.length === path.length
    && candidate.path.every((part, index) => part === '*' || part === path[index]));
  return match === undefined ? null : `not in this version: ${match.what}`;
}
