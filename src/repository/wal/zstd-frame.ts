/**
 * One zstd frame and nothing behind it. node:zlib takes a second frame, or a skippable one, for more of the same (and drops part of it where both
 * come in one piece): so the frame's own structure says where it ends. Format: RFC 8878, section 3.1.1.
 */

const magic = 0xfd2fb528;
const blockHeadBytes = 3;
const checksumBytes = 4;
const nothing = Buffer.alloc(0);
const dictionaryBytes = [0, 1, 2, 4] as const;
const contentSizeBytes = [0, 2, 4, 8] as const;

type Part = 'head' | 'block' | 'data' | 'checksum' | 'end';

export interface FrameWalk {
  /** False as soon as the bytes so far cannot be one frame with a checksum, or go on behind it. Blocks are not looked into: the decompressor does that. */
  take(chunk: Buffer): boolean;
  /** How many bytes of the next chunk belong to the frame: all but those behind its end. Of bytes that are no frame, as many as the chunk has. */
  within(chunk: Buffer): number;
  /** Was that the whole frame? */
  isWhole(): boolean;
}

export function walkFrame(): FrameWalk {
  let part: Part = 'head';
  let held: Buffer = Buffer.alloc(0);
  /** Bytes of the current part that are still to come; of a head or block head, its whole length. */
  let wanted = 5;
  let isLast = false;

  /** Takes the next part's bytes out of the chunk; null where the chunk ends before. */
  function gather(chunk: Buffer): Buffer | null {
    const taken = chunk.subarray(0, wanted - held.byteLength);
    held = Buffer.concat([held, taken]);
    return held.byteLength === wanted ? chunk.subarray(taken.byteLength) : null;
  }

  function enter(next: Part, bytes: number): void {
    part = next;
    wanted = bytes;
    held = Buffer.alloc(0);
  }

  /** False where the head is not one of a frame with a checksum. */
  function readHead(): boolean {
    if (held.byteLength > 5) {
      enter('block', blockHeadBytes);
      return true;
    }
    const descriptor = held.readUInt8(4);
    const isSingle = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 && isSingle ? 1 : contentSizeBytes[sizeFlag] as number;
    wanted = 5 + (isSingle ? 0 : 1) + (dictionaryBytes[descriptor & 3] as number) + sizeBytes;
    // The bit that has no meaning, and the one that is reserved, are never set.
    return held.readUInt32LE(0) === magic && (descriptor & 0x04) !== 0 && (descriptor & 0x18) === 0;
  }

  function readBlockHead(): void {
    const head = held.readUIntLE(0, blockHeadBytes);
    isLast = (head & 1) === 1;
    // A run of one byte is stored as that byte.
    enter('data', ((head >> 1) & 3) === 1 ? 1 : head >> 3);
  }

  /** What follows the frame in this chunk; null where it cannot be one. */
  function behind(chunk: Buffer): Buffer | null {
    let rest: Buffer = chunk;
    while (rest.byteLength > 0) {
      if (part === 'end') return rest;
      if (part === 'data' || part === 'checksum') {
        const skipped = Math.min(wanted, rest.byteLength);
        wanted -= skipped;
        rest = rest.subarray(skipped);
      } else {
        const after = gather(rest);
        if (after === null) return nothing;
        rest = after;
        if (part === 'block') readBlockHead();
        else if (!readHead()) return null;
      }
      if (part === 'data' && wanted === 0) enter(isLast ? 'checksum' : 'block', isLast ? checksumBytes : blockHeadBytes);
      if (part === 'checksum' && wanted === 0) enter('end', 0);
    }
    return nothing;
  }

  const within = (chunk: Buffer): number => chunk.byteLength - (behind(chunk)?.byteLength ?? 0);
  return { take: (chunk) => behind(chunk)?.byteLength === 0, within, isWhole: () => part === 'end' };
}
