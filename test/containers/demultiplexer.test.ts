import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demultiplex, Tail } from '../../src/containers/demultiplexer.ts';
import { failing } from '../support/failing.ts';

interface Frame {
  readonly stream: 1 | 2;
  readonly bytes: Uint8Array;
}

const frame = fc.record({ stream: fc.constantFrom<1 | 2>(1, 2), bytes: fc.uint8Array({ maxLength: 40 }) });
const frames = fc.array(frame, { minLength: 1, maxLength: 8 });

function encode(list: readonly Frame[]): Buffer {
  return Buffer.concat(list.map(({ stream, bytes }) => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(bytes.length, 4);
    return Buffer.concat([header, bytes]);
  }));
}

const payload = (list: readonly Frame[], stream: 1 | 2): Buffer => Buffer.concat(list.filter((each) => each.stream === stream).map(({ bytes }) => bytes));

/** Cuts bytes at these positions, in whatever order and number. */
function chunked(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

async function collect(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<{ stdout: Buffer; stderr: Buffer }> {
  const out: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  for await (const chunk of demultiplex(async(chunks), 'test')) out[chunk.stream].push(chunk.bytes);
  return { stdout: Buffer.concat(out.stdout), stderr: Buffer.concat(out.stderr) };
}

async function* async(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe('demultiplex', () => {
  test('gives the same bytes however the frames are cut into chunks', async () => {
    await fc.assert(fc.asyncProperty(frames, fc.array(fc.nat(), { maxLength: 20 }), async (list, cuts) => {
      const { stdout, stderr } = await collect(chunked(encode(list), cuts));
      expect(stdout.equals(payload(list, 1))).toBe(true);
      expect(stderr.equals(payload(list, 2))).toBe(true);
    }));
  });

  test('fails wherever a stream is cut inside a frame', async () => {
    await fc.assert(fc.asyncProperty(frames, fc.nat(), async (list, where) => {
      const bytes = encode(list);
      const cut = where % bytes.length;
      const boundaries = list.map((_, index) => encode(list.slice(0, index)).length);
      fc.pre(!boundaries.includes(cut));
      await failing('BrokenStream', collect([bytes.subarray(0, cut)]));
    }));
  });

  test('fails on any change of a header\'s stream or zero bytes, and yields nothing of that frame or after it', async () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 255 }));
    await fc.assert(fc.asyncProperty(frames, fc.nat(), change, async (list, which, [at, bits]) => {
      const index = which % list.length;
      const bytes = encode(list);
      const position = encode(list.slice(0, index)).length + at;
      bytes[position] = (bytes[position] as number) ^ bits;
      // 1 and 2 are each other's neighbours: exchanging them is the one change that cannot be seen.
      fc.pre(!(at === 0 && (bytes[position] === 1 || bytes[position] === 2)));
      const seen: Uint8Array[] = [];
      await failing('BrokenStream', async () => {
        for await (const chunk of demultiplex(async([bytes]), 'test')) seen.push(chunk.bytes);
      });
      expect(Buffer.concat(seen).equals(Buffer.concat(list.slice(0, index).map((each) => each.bytes)))).toBe(true);
    }));
  });

  test('fails on a changed length, unless the rest happens to be whole frames again', async () => {
    await fc.assert(fc.asyncProperty(frames, fc.nat(), fc.integer({ min: 4, max: 7 }), fc.integer({ min: 1, max: 255 }), async (list, which, at, bits) => {
      const bytes = encode(list);
      const position = encode(list.slice(0, which % list.length)).length + at;
      bytes[position] = (bytes[position] as number) ^ bits;
      fc.pre(!wellFormed(bytes));
      await failing('BrokenStream', collect([bytes]));
    }));
  });

  test('passes an error of the source on as a broken stream', async () => {
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield encode([{ stream: 1, bytes: Buffer.from('whole') }]);
      throw new Error('reset');
    }
    expect((await failing('BrokenStream', collect(breaking()))).fields.cause).toContain('reset');
  });

  test('pulls no chunk before the one before it is taken', async () => {
    let pulled = 0;
    async function* counting(): AsyncGenerator<Uint8Array> {
      for (; pulled < 100; pulled += 1) yield encode([{ stream: 1, bytes: Buffer.alloc(10) }]);
    }
    const reader = demultiplex(counting(), 'test');
    await reader.next();
    await reader.next();
    expect(pulled).toBeLessThanOrEqual(2);
    await reader.return();
  });
});

/** Another reading of the format, whole at once: is this a sequence of frames? */
function wellFormed(bytes: Buffer): boolean {
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < 8 || (bytes[offset] !== 1 && bytes[offset] !== 2) || bytes.readUIntBE(offset + 1, 3) !== 0) return false;
    offset += 8 + bytes.readUInt32BE(offset + 4);
  }
  return offset === bytes.length;
}

describe('Tail', () => {
  test('keeps exactly the last bytes', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 30 }).map((bytes) => bytes.map((byte) => byte % 128))), fc.integer({ min: 1, max: 50 }), (chunks, limit) => {
      const tail = new Tail(limit);
      for (const chunk of chunks) tail.push(chunk);
      expect(tail.toString()).toBe(Buffer.concat(chunks).subarray(-limit).toString('utf8'));
    }));
  });
});
