/**
 * How lengths, strings and values lie in an RDB file, so that a scan can step over them and count keys. Formats: rdb.h and rdb.c of
 * Redis 7.0 to 8.0 (RDB versions 10 to 12) and Valkey 8.1 (11). Nothing is decompressed and no value is held. Pure.
 */
import type { ByteCursor, Parsing } from './byte-cursor.ts';

/** What cannot be a length or a value of an RDB file; the scan turns it into a failure that names the place. */
export class NotRdb extends Error {
  override readonly name = 'NotRdb';
}

type Step = (cursor: ByteCursor) => Parsing<void>;

interface Length {
  readonly value: number;
  /** Not a length but the kind of an encoded string: 0-2 integers, 3 LZF. */
  readonly encoded: boolean;
}

function* lengthOrEncoding(cursor: ByteCursor): Parsing<Length> {
  const first = yield* cursor.byte();
  switch (first >> 6) {
    case 0: return { value: first & 0x3f, encoded: false };
    case 1: return { value: ((first & 0x3f) << 8) | (yield* cursor.byte()), encoded: false };
    case 3: return { value: first & 0x3f, encoded: true };
    default: break;
  }
  if (first === 0x80) return { value: (yield* cursor.bytes(4)).readUInt32BE(0), encoded: false };
  if (first === 0x81) return { value: Number((yield* cursor.bytes(8)).readBigUInt64BE(0)), encoded: false };
  throw new NotRdb(`the byte 0x${first.toString(16)} begins no length`);
}

/** A length or number. Beyond 2^53 it is only approximate, which the numbers that may be so large (ids, times) never need. */
export function* readLength(cursor: ByteCursor): Parsing<number> {
  const length = yield* lengthOrEncoding(cursor);
  if (length.encoded) throw new NotRdb('an encoded string stands where a length belongs');
  return length.value;
}

const integerSizes = [1, 2, 4] as const;
const lzfEncoding = 3;

export function* skipString(cursor: ByteCursor): Parsing<void> {
  const length = yield* lengthOrEncoding(cursor);
  if (!length.encoded) return yield* cursor.skip(length.value);
  const integerSize = integerSizes[length.value];
  if (integerSize !== undefined) return yield* cursor.skip(integerSize);
  if (length.value !== lzfEncoding) throw new NotRdb(`string encoding ${length.value} does not exist`);
  const compressed = yield* readLength(cursor);
  yield* readLength(cursor);
  return yield* cursor.skip(compressed);
}

const longestShortString = 65_536;

/** A short string (a field of the header), or null where it is compressed. */
export function* readShortString(cursor: ByteCursor): Parsing<string | null> {
  const length = yield* lengthOrEncoding(cursor);
  if (!length.encoded) {
    if (length.value > longestShortString) throw new NotRdb(`a header field of ${length.value} bytes`);
    return (yield* cursor.bytes(length.value)).toString('latin1');
  }
  const integerSize = integerSizes[length.value];
  if (integerSize !== undefined) return String((yield* cursor.bytes(integerSize)).readIntLE(0, integerSize));
  if (length.value !== lzfEncoding) throw new NotRdb(`string encoding ${length.value} does not exist`);
  const compressed = yield* readLength(cursor);
  yield* readLength(cursor);
  yield* cursor.skip(compressed);
  return null;
}

const times = (...steps: readonly Step[]): Step => function* repeat(cursor) {
  const count = yield* readLength(cursor);
  for (let done = 0; done < count; done += 1) for (const step of steps) yield* step(cursor);
};

const fixed = (sizeBytes: number): Step => (cursor) => cursor.skip(sizeBytes);
const skipLength: Step = function* pass(cursor) {
  yield* readLength(cursor);
};

/** The score of the oldest sorted sets: a length byte and digits; 253-255 stand for not-a-number and the infinities. */
const skipScoreText: Step = function* pass(cursor) {
  const size = yield* cursor.byte();
  if (size < 253) yield* cursor.skip(size);
};

const streamId = fixed(16);
const milliseconds = fixed(8);

/** Streams grew twice: 19 added the first id, the largest deleted id, a counter, and per group the entries read; 21 the consumer's active time. */
function skipStream(type: 15 | 19 | 21): Step {
  const pending = times(streamId, milliseconds, skipLength);
  const consumers = times(skipString, milliseconds, ...(type >= 21 ? [milliseconds] : []), times(streamId));
  const groupNumbers = Array.from({ length: type >= 19 ? 3 : 2 }, () => skipLength);
  const streamNumbers = Array.from({ length: type >= 19 ? 8 : 3 }, () => skipLength);
  const steps = [times(skipString, skipString), ...streamNumbers, times(skipString, ...groupNumbers, pending, consumers)];
  return function* pass(cursor) {
    for (const step of steps) yield* step(cursor);
  };
}

const moduleStep: Readonly<Record<number, Step>> = { 1: skipLength, 2: skipLength, 3: fixed(4), 4: fixed(8), 5: skipString };

/** What a module saved: typed fields up to an end mark, so that it can be passed over without the module. */
export function* skipModuleFields(cursor: ByteCursor): Parsing<void> {
  for (;;) {
    const kind = yield* readLength(cursor);
    if (kind === 0) return;
    const step = moduleStep[kind];
    if (step === undefined) throw new NotRdb(`module field kind ${kind} does not exist`);
    yield* step(cursor);
  }
}

const skipModuleValue: Step = function* pass(cursor) {
  yield* readLength(cursor);
  yield* skipModuleFields(cursor);
};

const withExpiryFirst = (rest: Step): Step => function* pass(cursor) {
  yield* milliseconds(cursor);
  yield* rest(cursor);
};

/** How to pass over a value, by its type byte. A type that is not here is newer than this table: the scan then answers no counts. */
export const valueSteps: Readonly<Record<number, Step>> = {
  0: skipString,
  1: times(skipString),
  2: times(skipString),
  3: times(skipString, skipScoreText),
  4: times(skipString, skipString),
  5: times(skipString, fixed(8)),
  7: skipModuleValue,
  9: skipString,
  10: skipString,
  11: skipString,
  12: skipString,
  13: skipString,
  14: times(skipString),
  15: skipStream(15),
  16: skipString,
  17: skipString,
  18: times(skipLength, skipString),
  19: skipStream(19),
  20: skipString,
  21: skipStream(21),
  24: withExpiryFirst(times(skipLength, skipString, skipString)),
  25: withExpiryFirst(skipString),
};
