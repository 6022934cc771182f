/** Names that come from outside, checked before they become paths, container names or workflow ids. Pure. */
import { HoldfastFailure } from './failures.ts';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const backupIdPattern = /^\d{8}-\d{6}$/;
const backupPrefixPattern = /^\d{1,8}(-\d{0,6})?$/;

/** Could this be the name of a service, component, host or repository? */
export const isName = (name: string): boolean => namePattern.test(name) && !name.includes('..');

/** A service, component, host or repository name. @throws HoldfastFailure InvalidInput */
export function checkName(what: string, name: unknown): string {
  if (typeof name === 'string' && isName(name)) return name;
  throw new HoldfastFailure('InvalidInput', {
    operation: `read the ${what}`,
    object: typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : typeof name,
    cause: `a ${what} has 1 to 63 letters, digits, "_", "." or "-", begins with a letter or digit and has no ".."`,
    hint: `Give the ${what} as it stands in holdfast.yaml.`,
  });
}

/** Dates that no calendar has (30 February, 24:00) are read as other days by Date.parse; an id has to come out as it went in. */
export function isBackupId(text: string): boolean {
  if (!backupIdPattern.test(text)) return false;
  const epochMs = Date.parse(backupInstant(text));
  return !Number.isNaN(epochMs) && backupIdAt(epochMs) === text;
}

/** The instant a backup id stands for, ISO 8601 UTC: ids are `YYYYMMDD-HHMMSS` in UTC. */
export function backupInstant(id: string): string {
  return `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}T${id.slice(9, 11)}:${id.slice(11, 13)}:${id.slice(13, 15)}.000Z`;
}

/** The backup id of an instant (milliseconds since the epoch), to the second. */
export function backupIdAt(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}

/** What a run made for itself alone of another store's archive, stored and read like a backup, and in no list of them: it goes with the run's notes. */
export interface RunBackup {
  readonly runId: string;
  /** As in its manifest. */
  readonly backupId: string;
}

const runBackupPattern = /^run-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(\d{8}-\d{6})$/;

export const runBackupId = ({ runId, backupId }: RunBackup): string => `run-${runId}-${backupId}`;

/** Null for the id of a backup. */
export function parseRunBackupId(text: string): RunBackup | null {
  const [, runId, backupId] = runBackupPattern.exec(text) ?? [];
  return runId === undefined || backupId === undefined || !isBackupId(backupId) ? null : { runId, backupId };
}

/** Where a backup lies in the repository of its service. */
export function backupDirectory(service: string, id: string): string {
  const own = parseRunBackupId(id);
  return own === null ? `${service}/backups/${id}` : `${service}/runs/${own.runId}/backups/${own.backupId}`;
}

/** Is this something a backup id may begin with? */
export const isBackupPrefix = (text: string): boolean => backupPrefixPattern.test(text);

/**
 * The one backup that a full id or unique prefix names.
 * @throws HoldfastFailure InvalidInput, UnknownBackup, AmbiguousBackup
 */
export function resolveBackupId(prefix: unknown, known: readonly string[]): string {
  const shown = typeof prefix === 'string' ? prefix.slice(0, 40) : typeof prefix;
  const fail = (type: 'InvalidInput' | 'UnknownBackup' | 'AmbiguousBackup', cause: string, hint: string): never => {
    throw new HoldfastFailure(type, { operation: 'find the backup', object: JSON.stringify(shown), cause, hint });
  };
  if (typeof prefix !== 'string' || !isBackupPrefix(prefix)) {
    return fail('InvalidInput', 'a backup id looks like 20261123-010000', 'See `holdfast list`; the first digits are enough when they are unique.');
  }
  if (known.includes(prefix)) return prefix;
  const matches = known.filter((id) => id.startsWith(prefix));
  if (matches.length === 1) return matches[0] as string;
  if (matches.length === 0) return fail('UnknownBackup', 'no committed backup has that id', 'See `holdfast list` for the backups there are.');
  return fail('AmbiguousBackup', `${matches.length} backups begin with it: ${matches.slice(0, 5).join(', ')}`, 'Give more digits.');
}
