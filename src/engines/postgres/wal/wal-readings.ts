/** The lines that the receiver's session writes (sql/in-helper/sample.sql; what sample-archive.sql adds is read by archive/archiving-state.ts), and the names of the files it receives. Pure. */
import { parseLsn } from '../../../domain/wal/lsn.ts';
import { parseHistoryName, parseSegmentName } from '../../../domain/wal/segment.ts';
import type { ReceivedFile, WalReading } from '../../wal-source.ts';

const linePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\S+) ([0-9A-F]{8}) (\S+) (reserved|extended|unreserved|lost|-) (-?\d+|-) (beat|-)( .*)?$/;
const smallestSegmentBytes = 1024 * 1024;
const partialSuffix = '.partial';

const currentDirectory = 'segments';
/** Of the receiver's volume: what is received now, and what was received before a break; the second is nobody's any more but the reader's. */
export const segmentDirectories = [currentDirectory, 'former'] as const;

/** One line, or null for one that was cut: the receiver may be killed at any byte. */
export function parseReading(line: string): WalReading | null {
  const [, at, position, timeline, received, state, room] = linePattern.exec(line) ?? [];
  const lsn = parseLsn(position ?? '');
  const synced = parseLsn(received ?? '');
  if (at === undefined || lsn === null || (synced === null && received !== '-')) return null;
  return {
    at, lsn, timeline: Number.parseInt(timeline as string, 16), received: synced,
    slotState: state === '-' ? null : state as string, slotRoomBytes: room === '-' ? null : BigInt(room as string),
  };
}

/** All that can be read, oldest first; instants of equal width are in the order of their text. */
export const readingsIn = (text: string): readonly WalReading[] =>
  text.split('\n').map(parseReading).filter((reading) => reading !== null).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));

/** A moment as readings have it: ISO 8601 UTC. */
export const isMoment = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(text);

/** Of `df -Pk` on one directory: a head, and a line whose second and fourth figures are the size and what is free, in KiB; null where it says something else. */
export function diskIn(text: string): { readonly sizeBytes: number; readonly freeBytes: number } | null {
  const [, size, free] = /^\S.*?\s+(\d+)\s+\d+\s+(\d+)\s+\d+%\s/m.exec(text.split('\n').slice(1).join('\n')) ?? [];
  return free === undefined ? null : { sizeBytes: Number(size) * 1024, freeBytes: Number(free) * 1024 };
}

export const freeBytesIn = (text: string): number | null => diskIn(text)?.freeBytes ?? null;

export type WalFileKind = 'segment' | 'partial' | 'history';

/** What a name stands for; null for any that pg_receivewal does not give a finished file, above all for one with a path in it. */
export function walFileKind(name: string): WalFileKind | null {
  if (parseHistoryName(name) !== null) return 'history';
  // Which of them a server with larger segments could not have written does not matter here.
  const isSegment = (text: string): boolean => parseSegmentName(text, smallestSegmentBytes) !== null;
  if (isSegment(name)) return 'segment';
  return name.endsWith(partialSuffix) && isSegment(name.slice(0, -partialSuffix.length)) ? 'partial' : null;
}

/** A file and the directory of the volume that it lies in. */
export interface PlacedFile extends ReceivedFile {
  readonly directory: string;
}

/**
 * From lines `<size> /wal/<directory>/<name>`: in the log's order, which is that of the names as text (a timeline's history before its segments).
 * Not what was being received before a break: a server that was brought back writes the rest of that segment under the same name.
 */
export function placedFilesIn(listing: string): readonly PlacedFile[] {
  return listing.split('\n').flatMap((line): PlacedFile[] => {
    const [, size, directory, name] = /^(\d+) \/wal\/([a-z]+)\/([^/]+)$/.exec(line) ?? [];
    return name === undefined || walFileKind(name) === null || isOfBefore(directory as string, name) ? [] : [{ name, directory: directory as string, sizeBytes: Number(size) }];
  }).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const isOfBefore = (directory: string, name: string): boolean => directory !== currentDirectory && walFileKind(name) === 'partial';

/** Where a file of this name may lie, the likelier first. One that is being received lies in one place: it is asked for when it has become whole since it was listed. */
export const directoriesOf = (name: string): readonly string[] => (walFileKind(name) === 'partial' ? [currentDirectory] : segmentDirectories);

/** Each name once: where both directories have it, the one that is received now is as good, and goes on. */
export function receivedFiles(files: readonly PlacedFile[]): readonly ReceivedFile[] {
  return files.filter(({ name, directory }) => directory === currentDirectory || !files.some((other) => other.name === name && other.directory === currentDirectory))
    .map(({ name, sizeBytes }) => ({ name, sizeBytes }));
}

/**
 * The paths that go when these names are released. What pg_receivewal goes on from stays: the newest complete segment (in an empty directory it would begin
 * wherever the slot is, and not notice that this is behind a gap, databases.md P9) and the newest partial one. A partial one of a timeline that was left goes.
 */
export function releasablePaths(names: readonly string[], files: readonly PlacedFile[]): readonly string[] {
  const wanted = new Set(names);
  const current = files.filter(({ directory }) => directory === currentDirectory);
  const kept = new Set([current.findLast(({ name }) => walFileKind(name) === 'segment'), current.findLast(({ name }) => walFileKind(name) === 'partial')]);
  return files.filter((file) => wanted.has(file.name) && !kept.has(file)).map(({ directory, name }) => `/wal/${directory}/${name}`);
}
