/** Configuration of the servers that load a copy: replicas of nobody, without network, saving nothing. Pure. */
import type { ServerModule } from '../server/server-facts.ts';

export interface ReplicaSettings {
  readonly directory: string;
  readonly dbFilename: string;
  /** Highest database number in use, so that there are enough of them. */
  readonly highestDatabase: number;
  readonly appendOnly: boolean;
  readonly appendDirname?: string;
  readonly appendFilename?: string;
  readonly modules: readonly ServerModule[];
}

const defaultDatabases = 16;

/**
 * A redis.conf. A replica keeps what has expired and evicts nothing, so that its counts are those of the file (databases.md R5, R6);
 * `port 0` and a master that does not exist keep it to itself, also where the helper shares a network.
 */
export function replicaConfiguration(settings: ReplicaSettings): string {
  const lines: (readonly string[])[] = [
    ['port', '0'],
    ['unixsocket', '/holdfast/redis.sock'],
    ['replicaof', '127.0.0.1', '1'],
    ['save', ''],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['enable-debug-command', 'local'],
    ['databases', String(Math.max(defaultDatabases, settings.highestDatabase + 1))],
    ['dir', settings.directory],
    ['dbfilename', settings.dbFilename],
    ['appendonly', settings.appendOnly ? 'yes' : 'no'],
    ...(settings.appendDirname === undefined ? [] : [['appenddirname', settings.appendDirname]]),
    ...(settings.appendFilename === undefined ? [] : [['appendfilename', settings.appendFilename]]),
    ...settings.modules.map((module) => ['loadmodule', module.path, ...module.args]),
  ];
  return `${lines.map(([name, ...values]) => [name, ...values.map(quoted)].join(' ')).join('\n')}\n`;
}

export interface CopySettings extends Pick<ReplicaSettings, 'directory' | 'dbFilename' | 'highestDatabase' | 'modules'> {
  readonly port: number;
  /** Who may come, with the SHA-256 of his password, which is all that a server keeps of it; null where nobody needs one. */
  readonly user: { readonly name: string; readonly passwordSha256: string } | null;
}

/** A redis.conf of a server of its own: it follows nobody, evicts nothing, and keeps what is written to it by saving now and then. */
export function copyConfiguration({ directory, dbFilename, highestDatabase, modules, port, user }: CopySettings): string {
  const everything = (passwordSha256: string): readonly string[] => ['reset', 'on', `#${passwordSha256}`, '~*', '&*', '+@all'];
  const lines: (readonly string[])[] = [
    ['port', String(port)], ['protected-mode', 'no'], ['maxmemory-policy', 'noeviction'], ['databases', String(Math.max(defaultDatabases, highestDatabase + 1))],
    ['dir', directory], ['dbfilename', dbFilename], ['appendonly', 'no'], ['save', '900', '1'], ['save', '60', '1000'],
    ...modules.map((module) => ['loadmodule', module.path, ...module.args]),
    ...(user === null ? [] : [['user', user.name, ...everything(user.passwordSha256)], ...(user.name === 'default' ? [] : [['user', 'default', 'reset']])]),
  ];
  return `${lines.map(([name, ...values]) => [name, ...values.map(quoted)].join(' ')).join('\n')}\n`;
}

/** A value the way redis.conf reads it back exactly: in double quotes, everything unusual as \xHH of its UTF-8 bytes. */
function quoted(value: string): string {
  const bytes = [...Buffer.from(value, 'utf8')].map((byte) => {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    return plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${bytes.join('')}"`;
}
