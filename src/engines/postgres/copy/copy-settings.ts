/** The configuration of a copy's server: the original's, and on top of it what keeps the copy from acting like the original (databases.md P14). Pure. */
import type { PostgresBase, PostgresDump, TimeFormats } from '../../../domain/backup-manifest.ts';
import { settingsText } from '../base/base-input.ts';
import { preloadLibraries, preloadSettings, quietLibraries } from '../server/preload-settings.ts';
import { settingsInCommand } from '../server/settings-in-command.ts';

/** What of the original's server stands above its files and its command. */
export interface CarriedSettings {
  readonly settings: Readonly<Record<string, string>>;
  /** Loaded at its start. */
  readonly libraries: readonly string[];
  /** How times read: of a base backup its files say so. */
  readonly formats: Readonly<Partial<TimeFormats>>;
}

/** Of a base backup what its server said it ran with. A dump knows no more than its extensions, and how the container was told to start its server. */
export function carriedBy(backup: Pick<PostgresBase, 'method' | 'cluster'> | Pick<PostgresDump, 'method' | 'extensions' | 'timeFormats'>, database: string, command: readonly string[]): CarriedSettings {
  if (backup.method === 'base') return { settings: backup.cluster.settings, libraries: backup.cluster.preloadLibraries, formats: {} };
  const { [preloadLibraries]: needed = '', ...settings } = preloadSettings(backup, database);
  const told = (settingsInCommand(command)[preloadLibraries] ?? '').split(',').map((name) => name.trim());
  return { settings, libraries: [...new Set([...needed.split(','), ...told])].filter((name) => name !== ''), formats: backup.timeFormats ?? {} };
}

/**
 * On the command line, where no file and no ALTER SYSTEM of the original's is stronger. Waiting for a standby that does not follow it would stop every commit; what
 * lies outside of its volume (certificates, log directories, sockets) is not there.
 */
export function quietSettings({ libraries }: Pick<CarriedSettings, 'libraries'>): Readonly<Record<string, string>> {
  return {
    archive_mode: 'off', archive_command: '', max_logical_replication_workers: '0', primary_conninfo: '', primary_slot_name: '', restore_command: '', synchronous_standby_names: '',
    ...quietLibraries(libraries),
    port: '5432', ssl: 'off', logging_collector: 'off', log_destination: 'stderr', unix_socket_directories: '/var/run/postgresql', external_pid_file: '',
  };
}

/**
 * Of a server beside the original, perhaps on a smaller machine: what the original takes of its own for a whole load of clients would be taken a second time. That a server
 * starts with that, too, was tried when it was made (scripts/copy/finish.sh).
 * @param limitBytes of its container; 0 where it has none of its own
 */
export function modestSettings(limitBytes: number): Readonly<Record<string, string>> {
  const [most, least] = [256, 16];
  const sharedMib = limitBytes === 0 ? most : Math.max(least, Math.min(most, Math.floor(limitBytes / 4 / 1024 ** 2)));
  return { shared_buffers: `${sharedMib}MB`, huge_pages: 'off' };
}

const [usualConnections, usualLocks, headroom] = [100, 64, 2];

/**
 * Of a server that a dump was restored into, and whose tables and sequences are read in one snapshot: each is locked at once. The original's room for that, which its dump needed, too, may have been set in its
 * files, and a dump has none of them. As much as the default unless there are thousands: some 300 bytes a lock.
 */
export function roomForLocks({ content }: Pick<PostgresDump, 'content'>, command: readonly string[]): Readonly<Record<string, string>> {
  const { max_connections: connections, max_locks_per_transaction: told } = settingsInCommand(command);
  const needed = Math.ceil(headroom * (content.tables.length + content.sequences.length) / (Number(connections) || usualConnections));
  return needed <= (Number(told) || usualLocks) ? {} : { max_locks_per_transaction: String(needed) };
}

/**
 * As the original's server was told: its own files where the backup has them, then its command, then what it said it ran with.
 * Paths are read from where this file lies, which is beside the data directory.
 */
export const likeOriginal = (carried: CarriedSettings, command: readonly string[]): string => [
  'include_if_exists \'data/postgresql.conf\'\n', 'include_if_exists \'kept.auto.conf\'\n', settingsText({ ...settingsInCommand(command), ...carried.formats }), plainSettings(carried),
].join('');

/** Where no server starts with that: only what recovery insisted on. */
export const plainSettings = ({ settings, libraries }: Omit<CarriedSettings, 'formats'>): string =>
  settingsText({ ...settings, ...(libraries.length === 0 ? {} : { [preloadLibraries]: libraries.join(',') }) });
