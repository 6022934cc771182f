/** How a server's archiving stands, as look.sh found it beside the server, and what of that keeps the log from coming. Pure. */
import { HoldfastFailure } from '../../../../domain/failures.ts';
import { leastFreeBytes } from '../../../../domain/wal/server-room.ts';
import { sizeText } from '../../../../domain/wording.ts';

export interface ArchivingState {
  /** Of the newest reading; null before the first. */
  readonly server: {
    readonly mode: string;
    /** File name of the script that archive_command runs, or `none` or `other`. */
    readonly command: string;
    /** An archive_library goes before every archive_command. */
    readonly library: boolean;
    /** What the archiver's last attempt failed with, where its last was a failure: a hint only, its figures are gone with a crash (databases.md P8). */
    readonly failed: string | null;
  } | null;
  readonly spool: boolean;
  readonly scripts: readonly { readonly name: string; readonly sha256: string; readonly mode: string }[];
  readonly freeBytes: number | null;
  readonly sizeBytes: number | null;
}

/** Of `df -Pk`: size and free, of whatever file system it names. */
const roomPattern = /^\S.*?\s+(\d+)\s+\d+\s+(\d+)\s+\d+%\s/;
const readingPattern = /^\d{4}-\d\d-\d\dT\S+Z \S+ [0-9A-F]{8} - - - \S+ (off|on|always) (none|other|archive-[0-9a-f]{12}\.sh) (library|-) ([0-9A-Za-z.]+|-)$/;
const scriptPattern = /^script (archive-\S+\.sh) ([0-9a-f]{64}) ([0-7]{1,4})$/;

export function archivingState(output: string): ArchivingState {
  const lines = output.split('\n');
  const reading = lines.map((line) => readingPattern.exec(line)).findLast((match) => match !== null);
  const [, size, free] = lines.map((line) => roomPattern.exec(line)).findLast((match) => match !== null) ?? [];
  return {
    server: reading == null ? null : { mode: reading[1] as string, command: reading[2] as string, library: reading[3] === 'library', failed: reading[4] === '-' ? null : reading[4] as string },
    spool: lines.includes('spool'),
    scripts: lines.flatMap((line) => {
      const [, name, sha256, mode] = scriptPattern.exec(line) ?? [];
      return name === undefined ? [] : [{ name, sha256: sha256 as string, mode: mode as string }];
    }),
    freeBytes: free === undefined ? null : Number(free) * 1024,
    sizeBytes: size === undefined ? null : Number(size) * 1024,
  };
}

const enable = 'holdfast wal enable says what is to be done, and does it.';

/** What of it has to be mended before the log comes again; null where nothing is known to be wrong. */
export function archivingTrouble(state: ArchivingState, container: string, segmentSizeBytes: number): HoldfastFailure | null {
  const { server, spool, freeBytes, sizeBytes } = state;
  const wrong = (cause: string, hint: string): HoldfastFailure => new HoldfastFailure('WalNotArchived', { operation: 'look at the archiving of the log', object: container, cause, hint });
  if (server === null) return null;
  if (server.mode === 'off') return wrong('archive_mode is off: the server archives nothing', `${enable} It takes a restart of the database.`);
  if (server.library) return wrong('an archive_library is set, and goes before archive_command', enable);
  if (server.command === 'none') return wrong('archive_command is empty: the server keeps its log, and archives nothing', enable);
  if (server.command === 'other') return wrong('archive_command is another one than Holdfast\'s', enable);
  const script = scriptTrouble(state, server.command);
  if (script !== null) return wrong(script, `${enable} Until then the server keeps its log.`);
  if (!spool) return wrong('the spool beside the script is gone', `${enable} Until then the server keeps its log.`);
  if (freeBytes !== null && sizeBytes !== null && freeBytes - segmentSizeBytes < leastFreeBytes(sizeBytes)) {
    return new HoldfastFailure('DiskFull', {
      operation: 'look at the archiving of the log', object: container, cause: `the spool's file system has ${sizeText(freeBytes)} left: below ${sizeText(leastFreeBytes(sizeBytes))} and one segment nothing is archived`,
      hint: 'Make room on it, and see that the repository takes the log. The server keeps its log meanwhile; once its own disk has as little left it lets go of it: a recorded break, and a base backup once there is room.',
    });
  }
  if (server.failed === null) return null;
  return wrong(`the archiver's last attempt failed, at ${server.failed}`, 'See the server\'s log for what the script said; the server tries again, and keeps its log until it succeeds.');
}

/** What is the matter with the script that the server runs; null where nothing is. */
export function scriptTrouble({ scripts }: Pick<ArchivingState, 'scripts'>, name: string): string | null {
  const found = scripts.find((script) => script.name === name);
  if (found === undefined) return `the script ${name} that archive_command runs is gone`;
  if (name !== `archive-${found.sha256.slice(0, 12)}.sh`) return `the script ${name} was changed: it is not what its name says`;
  if (!/[4-7]..$/.test(found.mode)) return `the script ${name} may not be read by its owner (mode ${found.mode})`;
  return null;
}
