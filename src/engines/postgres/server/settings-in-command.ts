/** What a container's command tells its server. Pure. */

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
