/** The archive_command that has a server archive its log for Holdfast, and what another one is. Pure. */

/** Where users archive to (the seed's path): on a volume of the database's container, or it is gone with that. */
export const archiveRoot = '/var/lib/postgresql/wal_archive';

/** Script, spool and notes of one component: in a directory that no other installation's is. @param id 12 hex digits of namespace, service and component */
export const archiveDirectory = (id: string): string => `${archiveRoot}/holdfast-${id}`;

/** The script's file name says what it holds: another version is another file, and one that was changed is told from it. @param sha256 of its text, hex */
export const archiveScriptName = (sha256: string): string => `archive-${sha256.slice(0, 12)}.sh`;

/**
 * Run by `sh`, so that the volume may be mounted without the right to execute. Where that volume is not there, the script is not either, and cannot let go of a segment before the
 * server's own disk is full: what stands behind it can, by the script's own measure. @param sha256 of the script's text, hex
 */
export function archiveCommand(id: string, sha256: string): string {
  const script = `${archiveDirectory(id)}/${archiveScriptName(sha256)}`;
  return `/bin/sh ${script} "%p" "%f" || { test ! -r ${script} && set -- $(LC_ALL=C df -Pk pg_wal) && test "\${11}" -lt 524288 && test "\${11}" -lt "$((\${9} / 10))" && echo "holdfast archive: BREAK: %f is let go of, for its script is gone and too little room is left" >&2; }`;
}

export type CommandOwner =
  | { readonly kind: 'none' }
  /** Holdfast's for this very component, in this version or another. */
  | { readonly kind: 'ours'; readonly current: boolean }
  /** The copy that the scripts before Holdfast used: not synced, and not compared. */
  | { readonly kind: 'copy' }
  | { readonly kind: 'other'; readonly tool: string };

const tools: readonly (readonly [string, RegExp])[] = [
  ['pgBackRest', /\bpgbackrest\b/i], ['WAL-G', /\bwal-?g\b/i], ['WAL-E', /\bwal-?e\b/i], ['Barman', /\bbarman\b/i], ['pg_probackup', /\bpg_probackup\b/i], ['another installation of Holdfast', /\/holdfast-[0-9a-f]{12}\//],
];

/** `test ! -f DIRECTORY/%f && cp %p DIRECTORY/%f`, with any quotes: what the manual of PostgreSQL shows too. */
const plainCopy = /^\s*test\s+!\s+-[fe]\s+(["']?)(\/[\w./-]+)\/%f\1\s*&&\s*cp\s+(?:-[ip]\s+)?(["']?)%p\3\s+(["']?)\2\/%f\4\s*$/;

/** Whose a server's archive_command is. */
export function commandOwner(command: string, id: string, sha256: string): CommandOwner {
  if (command.trim() === '') return { kind: 'none' };
  if (command === archiveCommand(id, sha256)) return { kind: 'ours', current: true };
  const directory = archiveDirectory(id);
  if (command.startsWith(`/bin/sh ${directory}/`) && /^archive-[0-9a-f]{12}\.sh "%p" "%f"( \|\| \{ test ! -r .*\})?$/.test(command.slice(`/bin/sh ${directory}/`.length))) return { kind: 'ours', current: false };
  if (plainCopy.test(command)) return { kind: 'copy' };
  return { kind: 'other', tool: tools.find(([, pattern]) => pattern.test(command))?.[0] ?? 'somebody else' };
}

/** What has a server archive no more. An empty archive_command would have it keep its log for ever while archive_mode is on, and only a restart changes that. */
export const endingStatements = ['ALTER SYSTEM SET archive_command = \'/bin/true\';', 'ALTER SYSTEM RESET archive_mode;', 'ALTER SYSTEM RESET archive_timeout;'] as const;
