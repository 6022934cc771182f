/**
 * Takes Docker's framed streams apart: each frame has an 8-byte header (1 byte stream, 3 zero bytes, 4 bytes length, big endian) and its
 * payload (Docker Engine API, "Attach to a container", stream format).
 *
 * The client library's own function ignores back-pressure and hands a damaged header on as data (databases.md D4); this one pulls,
 * copies nothing but split headers, and ends with `BrokenStream` on anything that is not a whole number of well-formed frames.
 */
import { HoldfastFailure } from '../domain/failures.ts';

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

const headerBytes = 8;
/** The engine writes at most what it read from a pipe at once (32 KiB); a length far beyond that is a misread header. */
const frameLimitBytes = 16 * 1024 * 1024;

/**
 * Yields the payloads in their order; a frame may come in several pieces. The end of the source in the middle of a frame, an unknown
 * stream or a length nobody writes is `BrokenStream`; so is an error of the source.
 */
export async function* demultiplex(source: AsyncIterable<Uint8Array>, object: string): AsyncGenerator<OutputChunk, void, undefined> {
  const header = new FrameHeader(object);
  let remaining = 0;
  for await (const chunk of wellEnding(source, object)) {
    let offset = 0;
    while (offset < chunk.length) {
      if (remaining === 0) {
        offset += header.take(chunk, offset);
        if (!header.complete) break;
        remaining = header.readLength();
        continue;
      }
      const end = Math.min(offset + remaining, chunk.length);
      yield { stream: header.stream, bytes: chunk.subarray(offset, end) };
      remaining -= end - offset;
      offset = end;
    }
  }
  if (remaining > 0) throw broken(object, `the stream ended ${remaining} bytes before the end of a frame`);
  if (header.begun) throw broken(object, 'the stream ended inside a frame\'s header');
}

/** Collects a header that may be split over chunks. */
class FrameHeader {
  stream: OutputChunk['stream'] = 'stdout';
  readonly #object: string;
  readonly #bytes = new Uint8Array(headerBytes);
  #filled = 0;

  constructor(object: string) {
    this.#object = object;
  }

  get complete(): boolean {
    return this.#filled === headerBytes;
  }

  get begun(): boolean {
    return this.#filled > 0;
  }

  /** Takes what is missing from the chunk; answers how many bytes that was. */
  take(chunk: Uint8Array, offset: number): number {
    const part = chunk.subarray(offset, offset + headerBytes - this.#filled);
    this.#bytes.set(part, this.#filled);
    this.#filled += part.length;
    return part.length;
  }

  /** The payload's length; the header is empty again afterwards. */
  readLength(): number {
    const [stream, ...rest] = this.#bytes;
    const length = new DataView(this.#bytes.buffer).getUint32(4);
    if ((stream !== 1 && stream !== 2) || rest.slice(0, 3).some((byte) => byte !== 0) || length > frameLimitBytes) {
      throw broken(this.#object, `a frame's header is damaged (${Buffer.from(this.#bytes).toString('hex')})`);
    }
    this.stream = stream === 1 ? 'stdout' : 'stderr';
    this.#filled = 0;
    return length;
  }
}

async function* wellEnding(source: AsyncIterable<Uint8Array>, object: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    throw broken(object, `the connection broke: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function broken(object: string, cause: string, error?: unknown): HoldfastFailure {
  return new HoldfastFailure('BrokenStream', {
    operation: 'read the output of a container',
    object,
    cause,
    hint: 'The step is tried again; if it happens each time, look at what lies between Holdfast and the engine.',
  }, { cause: error });
}

/** Keeps the last bytes of a stream of any length: standard error is for people, and must not fill the memory. */
export class Tail {
  readonly #limitBytes: number;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  push(bytes: Uint8Array): void {
    // A copy: a kept view would keep the whole network buffer it was cut from.
    this.#chunks.push(Uint8Array.from(bytes.subarray(Math.max(0, bytes.length - this.#limitBytes))));
    this.#sizeBytes += this.#chunks.at(-1)?.length ?? 0;
    if (this.#sizeBytes > 2 * this.#limitBytes || this.#chunks.length > 1024) this.#shorten();
  }

  toString(): string {
    this.#shorten();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #shorten(): void {
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole.subarray(Math.max(0, whole.length - this.#limitBytes))];
    this.#sizeBytes = this.#chunks[0]?.length ?? 0;
  }
}
