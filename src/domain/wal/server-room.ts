/** The file system that a server's own log (pg_wal) lies on: what is left there, and what keeps log on it. A server that has no room for its log stops. Pure. */
import { sizeText } from '../wording.ts';

/** Who has the server keep its log longer than a checkpoint would. */
export type LogKeptFor =
  | { readonly kind: 'slot'; readonly name: string; /** Of Holdfast's receiver. */ readonly own: boolean; /** Somebody receives through it. */ readonly active: boolean; readonly bytes: number }
  /** `failed`: the file that the archiver's last attempt failed at; null where that succeeded, or has not ended. `bytes`: null where nothing was archived yet. */
  | { readonly kind: 'archiving'; readonly failed: string | null; readonly bytes: number | null };

export interface ServerRoom {
  /** Of the whole file system, and what is free there. */
  readonly sizeBytes: number;
  readonly freeBytes: number;
  /** Of pg_wal; null where it could not be measured. */
  readonly walBytes: number | null;
  readonly keptFor: readonly LogKeptFor[];
  /** What it keeps for itself: max_wal_size, and wal_keep_size besides. */
  readonly maxWalBytes: number;
  readonly keepBytes: number;
}

/** What the script of an archiving server leaves to others (archive.sh): a tenth of a file system, 512 MiB at most. */
export const leastFreeBytes = (sizeBytes: number): number => Math.min(Math.floor(sizeBytes / 10), 512 * 1024 ** 2);

/** Early: twice what an archiving server lets go of its log at. */
const earlyBytes = (sizeBytes: number): number => 2 * leastFreeBytes(sizeBytes);

export interface RoomTrouble {
  /** Without a full stop. */
  readonly sentence: string;
  readonly next: string;
}

/** Null where it does not fill: there is room, and what is kept is less than what is left, or no more than the server keeps for itself. */
export function roomTrouble(room: ServerRoom): RoomTrouble | null {
  const { sizeBytes, freeBytes, walBytes, maxWalBytes, keepBytes } = room;
  const grows = walBytes !== null && walBytes > freeBytes && walBytes > 2 * maxWalBytes + keepBytes;
  if (freeBytes >= earlyBytes(sizeBytes) && !grows) return null;
  const { why, next } = reasonOf(room);
  const log = walBytes === null ? 'how much of it is log is not known' : `pg_wal takes ${sizeText(walBytes)}`;
  return { sentence: `the file system of the server's own log has ${sizeText(freeBytes)} of ${sizeText(sizeBytes)} left; ${log}, ${why}`, next: `${next} When it is full the database stops.` };
}

/** Whoever keeps most, where that is more than the server keeps for itself. */
function reasonOf(room: ServerRoom): { readonly why: string; readonly next: string } {
  const { walBytes, maxWalBytes, keepBytes } = room;
  const bytesOf = (kept: LogKeptFor): number => kept.bytes ?? (kept.kind === 'archiving' && kept.failed !== null ? walBytes ?? 0 : 0);
  const most = room.keptFor.toSorted((a, b) => bytesOf(b) - bytesOf(a)).find((kept) => bytesOf(kept) > Math.max(maxWalBytes, keepBytes) || (kept.kind === 'archiving' && kept.failed !== null));
  if (most?.kind === 'slot') {
    const why = `and ${sizeText(most.bytes)} are kept for the replication slot ${most.name}${most.active ? '' : ', through which nobody receives'}`;
    return most.own ? { why, next: 'See why the receiver is behind, or let its slot keep less: holdfast wal enable --slot-limit.' }
      : { why, next: `See whose slot it is and why nothing comes of it, or drop it: SELECT pg_drop_replication_slot('${most.name}').` };
  }
  if (most?.kind === 'archiving') {
    const why = `and ${most.bytes === null ? 'nothing of it was archived yet' : `${sizeText(most.bytes)} wait to be archived`}${most.failed === null ? ': the archive_command does not come to its end' : `: the archive_command fails at ${most.failed}`}`;
    return { why, next: most.failed === null ? 'See whether the disk that it archives to answers: the server waits with it, and keeps its log.' : 'See the server\'s log for what its archive_command says, and mend that: until then the server keeps its log.' };
  }
  return {
    why: `and nobody has it kept: max_wal_size is ${sizeText(maxWalBytes)}, wal_keep_size ${keepBytes === 0 ? 'none' : sizeText(keepBytes)}`,
    next: 'Make room on it; where the log is most of what fills it, lower max_wal_size and wal_keep_size: a checkpoint then removes what nobody needs.',
  };
}
