/**
 * A window over a stream of bytes for parsers written as generators: they `yield` where they need more, so that a file of any size is
 * read with a bounded window and without a promise per byte. Pure.
 */

/** A parser in progress: it yields whenever the window is too short, and is resumed after the next chunk was appended. */
export type Parsing<T> = Generator<void, T, void>;

export interface ByteCursor {
  /** Adds the next chunk of the stream behind what is left of the window. */
  append(chunk: Uint8Array): void;
  /** Bytes consumed so far, from the beginning of the stream. */
  offset(): number;
  /** One byte, 0-255. */
  byte(): Parsing<number>;
  /** A copy-free view of the next bytes; valid until the next yield. Only for small counts: the window grows to hold them. */
  bytes(count: number): Parsing<Buffer>;
  /** A view of what is there, at least one and at most this many bytes; valid until the next yield. */
  some(limit: number): Parsing<Buffer>;
  /** Passes over any number of bytes without holding them. */
  skip(count: number): Parsing<void>;
  /** Bytes in the window that were not consumed. */
  remaining(): number;
}

export function createByteCursor(): ByteCursor {
  let window: Buffer = Buffer.alloc(0);
  let position = 0;
  let consumedBefore = 0;

  const remaining = (): number => window.length - position;

  return {
    append(chunk) {
      const next = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      consumedBefore += position;
      window = remaining() === 0 ? next : Buffer.concat([window.subarray(position), next]);
      position = 0;
    },
    offset: () => consumedBefore + position,
    *byte() {
      while (position >= window.length) yield;
      const value = window[position] as number;
      position += 1;
      return value;
    },
    *bytes(count) {
      while (remaining() < count) yield;
      const view = window.subarray(position, position + count);
      position += count;
      return view;
    },
    *some(limit) {
      while (position >= window.length) yield;
      const view = window.subarray(position, position + limit);
      position += view.length;
      return view;
    },
    *skip(count) {
      let left = count;
      while (left > remaining()) {
        left -= remaining();
        position = window.length;
        yield;
      }
      position += left;
    },
    remaining,
  };
}
