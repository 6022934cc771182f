/** The configuration of a copy's server: the original's, and on top of it what keeps the copy from acting like the original (databases.md P14). Pure. */
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { quietLibraries, settingsText } from '../base/base-input.ts';

/**
 * On the command line, where no file and no ALTER SYSTEM of the original's is stronger. Waiting for a standby that does not follow it would stop every commit; what
 * lies outside of its volume (certificates, log directories, sockets) is not there.
 */
export function quietSettings({ cluster }: Pick<PostgresBase, 'cluster'>): Readonly<Record<string, string>> {
  return {
    archive_mode: 'off', archive_command: '', max_logical_replication_workers: '0', primary_conninfo: '', primary_slot_name: '', restore_command: '', synchronous_standby_names: '',
    ...quietLibraries(cluster.preloadLibraries),
    port: '5432', ssl: 'off', logging_collector: 'off', log_destination: 'stderr', unix_socket_directories: '/var/run/postgresql', external_pid_file: '',
  };
}

export const asArguments = (settings: Readonly<Record<string, string>>): readonly string[] => Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/**
 * As the original's server was told: its own files where the backup has them, then its command, then what it said it ran with.
 * Paths are read from where this file lies, which is beside the data directory.
 */
export const likeOriginal = (backup: PostgresBase, command: readonly string[]): string => [
  'include_if_exists \'data/postgresql.conf\'\n', 'include_if_exists \'kept.auto.conf\'\n', settingsText(settingsInCommand(command)), ofBackup(backup),
].join('');

/** Where no server starts with that: only what recovery insisted on. */
export const plainSettings = (backup: PostgresBase): string => ofBackup(backup);

const ofBackup = ({ cluster }: PostgresBase): string =>
  settingsText({ ...cluster.settings, ...(cluster.preloadLibraries.length === 0 ? {} : { shared_preload_libraries: cluster.preloadLibraries.join(',') }) });

/** Not to be read from a file of settings, or of the place where the original is. */
const ofItsPlace = new Set(['config_file', 'data_directory', 'hba_file', 'ident_file', 'external_pid_file', 'listen_addresses', 'port', 'unix_socket_directories']);
const nameOf = (text: string): string => text.replaceAll('-', '_').toLowerCase();

/** The settings that a container's command gives its server: `-c name=value`, `-cname=value`, `--name=value`; others are known from the server itself. */
export function settingsInCommand(command: readonly string[]): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const [index, word] of command.entries()) {
    const text = word === '-c' ? command[index + 1] : /^(?:-c(?=[A-Za-z])|--)(.+)$/s.exec(word)?.[1];
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$/s.exec(text ?? '') ?? [];
    // What was cut from a backup as a secret is none.
    if (name === undefined || value === undefined || value.includes('REDACTED') || ofItsPlace.has(nameOf(name))) continue;
    settings[nameOf(name)] = value;
  }
  return settings;
}
