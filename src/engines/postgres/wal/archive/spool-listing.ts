/** The files that a server's archiving leaves, by name: what of them is the log's, what a note of something missing, and what may go. Pure. */
import { beginOf, parseSegmentName } from '../../../../domain/wal/segment.ts';
import type { LetGo, ReceivedFile, WalReading } from '../../../wal-source.ts';
import { walFileKind } from '../wal-readings.ts';

export interface SpooledFile extends ReceivedFile {
  /** `own`: beside the readings. `break`: a note, its name the segment's and the time. */
  readonly directory: 'own' | 'spool' | 'break';
}

/** From lines `<directory> <size> <path>`: in the log's order, which is that of the names as text (a timeline's history before its segments). */
export function spooledIn(text: string): readonly SpooledFile[] {
  return text.split('\n').flatMap((line): SpooledFile[] => {
    const [, directory, size, name] = /^(own|spool|break) (\d+) \/(?:[^/]+\/)*([^/]+)$/.exec(line) ?? [];
    if (name === undefined || (directory !== 'break' && walFileKind(name) === null)) return [];
    return [{ directory: directory as SpooledFile['directory'], name, sizeBytes: Number(size) }];
  }).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/**
 * Whole segments and histories, each name once. Not what a promotion leaves of an old timeline's last segment (`.partial`): the younger timeline's segment of the
 * same number repeats it, and takes it along when it is released.
 */
export const shippable = (files: readonly SpooledFile[]): readonly ReceivedFile[] =>
  files.filter(({ directory, name }, index) => directory !== 'break' && walFileKind(name) !== 'partial' && files.findIndex((other) => other.name === name && other.directory !== 'break') === index)
    .map(({ name, sizeBytes }) => ({ name, sizeBytes }));

const notePattern = /^([0-9A-F]{24})(?:\.partial)?\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** What the server let go of, and the name of each note. */
export const letGoIn = (files: readonly SpooledFile[]): readonly (LetGo & { readonly name: string })[] => files.flatMap(({ directory, name }) => {
  const [, segment, year, month, day, hours, minutes, seconds] = directory === 'break' ? notePattern.exec(name) ?? [] : [];
  return segment === undefined ? [] : [{ segment, at: `${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`, name }];
});

/** The end of the newest whole segment of the reading's timeline, and no further than the server was then; null where the spool has none. */
export function archivedUpTo(files: readonly SpooledFile[], { timeline, lsn }: Pick<WalReading, 'timeline' | 'lsn'>, segmentSizeBytes: number): bigint | null {
  const newest = files.filter(({ directory }) => directory === 'spool').map(({ name }) => parseSegmentName(name, segmentSizeBytes)).findLast((segment) => segment?.timeline === timeline);
  if (newest == null) return null;
  const end = beginOf(newest.number + 1n, segmentSizeBytes);
  return end < lsn ? end : lsn;
}

/** What goes when these names are released: all of them but the newest whole segment, which says how far the archiving is; and with a segment what an older timeline left of it. */
export function releasableFiles(names: readonly string[], files: readonly SpooledFile[]): readonly SpooledFile[] {
  const wanted = new Set(names);
  const newest = files.findLast(({ directory, name }) => directory === 'spool' && walFileKind(name) === 'segment');
  const repeats = (partial: string): boolean => names.some((name) => walFileKind(name) === 'segment' && name.slice(8) === partial.slice(8, 24) && name.slice(0, 8) > partial.slice(0, 8));
  return files.filter((file) => file !== newest && file.directory !== 'break' && (wanted.has(file.name) || (walFileKind(file.name) === 'partial' && repeats(file.name))));
}
