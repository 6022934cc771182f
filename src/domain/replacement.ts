/**
 * Replacing data where it lies: may it be dropped before the new data stands? Only where there is no room for both, for a backup that was proven, and with a place
 * on another file system for a copy of what goes. Pure.
 */
import type { Verdict } from './proof.ts';
import { sizeText } from './wording.ts';

/** Where the copy of the old data would lie. */
export interface CopyPlace {
  /** For people: `/srv/backups`. */
  readonly location: string;
  /** `here`: files of the engine's own host, on another file system than the data; `same`: on the same one; `elsewhere`: on another machine, or no files at all. */
  readonly lies: 'here' | 'same' | 'elsewhere';
  /** Null where it cannot be told. */
  readonly freeBytes: number | null;
}

/** The room for an exchange in place, of a restore as of its undo. */
export interface ExchangeRoom {
  /** What the archive of the live files takes uncompressed, and what goes free on their file system when they go. */
  readonly archiveBytes: number;
  readonly freedBytes: number;
  /** Free where the data lies; null where it cannot be told. */
  readonly freeBytes: number | null;
  /** What comes in, alone on that file system. */
  readonly incomingBytes: number;
  readonly place: CopyPlace;
}

export interface ReplacementFacts extends ExchangeRoom {
  /** Is there a server's data at all? */
  readonly hasServer: boolean;
  /** What the restore needs that makes all ready beside the live data. */
  readonly besideBytes: number;
  /** The newest proof of this very backup; null where there is none. */
  readonly proof: Verdict | null;
}

export type RoomAnswer =
  | { readonly kind: 'allowed' }
  /** Not even alone does what comes in fit. */
  | { readonly kind: 'noRoom'; readonly neededBytes: number; readonly foundBytes: number }
  | { readonly kind: 'noPlace'; readonly neededBytes: number; readonly why: string };

export type ReplacementAnswer = RoomAnswer
  | { readonly kind: 'nothingThere' }
  | { readonly kind: 'roomBeside'; readonly neededBytes: number; readonly freeBytes: number | null }
  | { readonly kind: 'unproven'; readonly proof: Verdict | null };

/** What tar adds of its own is in the measure already; this is for directories, and for what else is written there meanwhile. */
const archiveMarginBytes = 16 * 1024 ** 2;

/** What the copy takes at the most. How far it can be compressed nobody knows before, and finding out costs an outage. */
export const copyRoom = (archiveBytes: number): number => Math.ceil(archiveBytes * 1.02) + archiveMarginBytes;

/** In this order: what is not needed is not asked for its place. */
export function judgeReplacement(facts: ReplacementFacts): ReplacementAnswer {
  const { hasServer, besideBytes, freeBytes, proof } = facts;
  if (!hasServer) return { kind: 'nothingThere' };
  // Where nobody can tell what is free, the ordinary way is not refused for it, and finds out without dropping anything.
  if (freeBytes === null || freeBytes >= besideBytes) return { kind: 'roomBeside', neededBytes: besideBytes, freeBytes };
  if (proof !== 'proven') return { kind: 'unproven', proof };
  return judgeRoom(facts);
}

/** The part that an undo has to answer too. */
export function judgeRoom({ archiveBytes, freedBytes, freeBytes, incomingBytes, place }: ExchangeRoom): RoomAnswer {
  const neededBytes = copyRoom(archiveBytes);
  const noPlace = (why: string): RoomAnswer => ({ kind: 'noPlace', neededBytes, why });
  if (freeBytes !== null && freeBytes + freedBytes < incomingBytes) return { kind: 'noRoom', neededBytes: incomingBytes, foundBytes: freeBytes + freedBytes };
  if (place.lies === 'elsewhere') return noPlace(`${place.location} lies on another machine than the database, and copies go only where they can be written and read back as files`);
  if (place.lies === 'same') return noPlace(`${place.location} lies on the same file system as the data`);
  if (place.freeBytes !== null && place.freeBytes < neededBytes) return noPlace(`${place.location} has ${sizeText(place.freeBytes)} free`);
  return { kind: 'allowed' };
}

/** A rate that any disk of a server keeps up, for telling people what to expect; what it really takes is measured by the run. */
const assumedBytesPerSecond = 100 * 1024 ** 2;

/** How long nobody is served: written, read back, and what comes in unpacked. It grows with the data. */
export const outageMs = (archiveBytes: number, incomingBytes: number): number => Math.ceil((2 * archiveBytes + incomingBytes) / assumedBytesPerSecond) * 1000;
