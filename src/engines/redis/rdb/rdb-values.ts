/**
 * How lengths, strings and values lie in an RDB file, so that a scan can step over them, or hash them on the way. Formats: rdb.h and
 * rdb.c of Redis 7.0 to 8.0 (RDB versions 10 to 12) and Valkey 8.1 (11). No value is held; what is hashed is hashed as what it means,
 * so that compression makes no difference. Pure.
 */
import type { Hash } from 'node:crypto';
import type { ByteCursor, Parsing } from './byte-cursor.ts';
import { decompressLzf } from './lzf.ts';

/** What cannot be a length or a value of an RDB file; the scan turns it into a failure that names the place. */
export class NotRdb extends Error {
  override readonly name = 'NotRdb';
}

/** Passes over something; with a hash, feeds it what was passed. */
export type Step = (cursor: ByteCursor, into: Hash | null) => Parsing<void>;

interface Length {
  readonly value: number;
  /** Not a length but the kind of an encoded string: 0-2 integers, 3 LZF. */
  readonly encoded: boolean;
}

function* lengthOrEncoding(cursor: ByteCursor, begun?: number): Parsing<Length> {
  const first = begun ?? (yield* cursor.byte());
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

export function* passString(cursor: ByteCursor, into: Hash | null): Parsing<void> {
  const length = yield* lengthOrEncoding(cursor);
  if (!length.encoded) return yield* passPlain(cursor, into, length.value);
  const integerSize = integerSizes[length.value];
  if (integerSize !== undefined) {
    const text = String((yield* cursor.bytes(integerSize)).readIntLE(0, integerSize));
    into?.update(`${text.length}:${text}`);
    return;
  }
  if (length.value !== lzfEncoding) throw new NotRdb(`string encoding ${length.value} does not exist`);
  const compressed = yield* readLength(cursor);
  const plain = yield* readLength(cursor);
  if (into === null) return yield* cursor.skip(compressed);
  const text = decompressLzf(yield* cursor.bytes(compressed), plain);
  if (text === null) throw new NotRdb('a compressed string is damaged');
  into.update(`${plain}:`).update(text);
}

function* passPlain(cursor: ByteCursor, into: Hash | null, sizeBytes: number): Parsing<void> {
  if (into === null) return yield* cursor.skip(sizeBytes);
  into.update(`${sizeBytes}:`);
  for (let left = sizeBytes; left > 0;) {
    const part = yield* cursor.some(left);
    into.update(part);
    left -= part.length;
  }
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

const times = (...steps: readonly Step[]): Step => function* repeat(cursor, into) {
  const count = yield* readLength(cursor);
  into?.update(`${count};`);
  for (let done = 0; done < count; done += 1) for (const step of steps) yield* step(cursor, into);
};

const fixed = (sizeBytes: number): Step => function* pass(cursor, into) {
  const bytes = yield* cursor.bytes(sizeBytes);
  into?.update(bytes);
};
const passLength: Step = function* pass(cursor, into) {
  const value = yield* readLength(cursor);
  into?.update(`${value};`);
};

/** The score of the oldest sorted sets: a length byte and digits; 253-255 stand for not-a-number and the infinities. */
const passScoreText: Step = function* pass(cursor) {
  const size = yield* cursor.byte();
  if (size < 253) yield* cursor.skip(size);
};

/** Passed over and never hashed: when a consumer was last seen is set anew when an AOF is replayed, and nobody restores it. */
const unhashed = (sizeBytes: number): Step => (cursor) => cursor.skip(sizeBytes);

const streamId = fixed(16);
const milliseconds = fixed(8);

/** Streams grew twice: 19 added the first id, the largest deleted id, a counter, and per group the entries read; 21 the consumer's active time. */
function passStream(type: 15 | 19 | 21): Step {
  const pending = times(streamId, milliseconds, passLength);
  const consumers = times(passString, unhashed(type >= 21 ? 16 : 8), times(streamId));
  const groupNumbers = Array.from({ length: type >= 19 ? 3 : 2 }, () => passLength);
  const streamNumbers = Array.from({ length: type >= 19 ? 8 : 3 }, () => passLength);
  const steps = [times(passString, passString), ...streamNumbers, times(passString, ...groupNumbers, pending, consumers)];
  return function* pass(cursor, into) {
    for (const step of steps) yield* step(cursor, into);
  };
}

export const isModuleValue = (type: number): boolean => type === 7;
export const isStream = (type: number): boolean => type === 15 || type === 19 || type === 21;

const moduleStep: Readonly<Record<number, Step>> = { 1: passLength, 2: passLength, 3: fixed(4), 4: fixed(8), 5: passString };

/** What a module saved: typed fields up to an end mark, so that it can be passed over without the module. */
export const passModuleFields: Step = function* pass(cursor, into) {
  for (;;) {
    const kind = yield* readLength(cursor);
    if (kind === 0) return;
    const step = moduleStep[kind];
    if (step === undefined) throw new NotRdb(`module field kind ${kind} does not exist`);
    yield* step(cursor, into);
  }
};

const passModuleValue: Step = function* pass(cursor, into) {
  yield* readModuleType(cursor);
  yield* passModuleFields(cursor, into);
};

const moduleTypeLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The name of a module's type: nine letters of six bits each, and ten bits of version behind them (moduleTypeEncodeId in Redis's module.c). */
export function* readModuleType(cursor: ByteCursor): Parsing<string> {
  const first = yield* cursor.byte();
  const id = first === 0x81 ? (yield* cursor.bytes(8)).readBigUInt64BE(0) : BigInt((yield* lengthOrEncoding(cursor, first)).value);
  return Array.from({ length: 9 }, (_, index) => moduleTypeLetters[Number((id >> BigInt(58 - 6 * index)) & 0x3fn)]).join('');
}

const withExpiryFirst = (rest: Step): Step => function* pass(cursor, into) {
  yield* milliseconds(cursor, into);
  yield* rest(cursor, into);
};

/** Hashes of which fields have a time to live of their own (HEXPIRE, Redis 7.4 and newer): laid out, and as one listpack. */
type ExpiringHash = 24 | 25;
export const hasExpiringFields = (type: number): type is ExpiringHash => type === 24 || type === 25;

/** A listpack's last entry, a number of 64 bits, and its end: `f4`, eight bytes, their length, `ff` (listpack.c). Fields stand by their times, the latest last, and behind all of them those that have 0 in its place. */
const lastNumberBytes = 11;

/**
 * Passes over such a hash (rdb.c, rdbSaveObject). @returns when its last field goes, and the key with it, in milliseconds since the epoch; null where a field stays
 */
export function* passExpiringHash(cursor: ByteCursor, type: ExpiringHash): Parsing<bigint | null> {
  const first = (yield* cursor.bytes(8)).readBigUInt64LE(0);
  if (type === 25) {
    const end = yield* readStringEnd(cursor, lastNumberBytes);
    return end.length === lastNumberBytes && end[0] === 0xf4 && end[9] === 9 ? end.readBigUInt64LE(1) : null;
  }
  const count = yield* readLength(cursor);
  let [lasting, latest] = [0, 0];
  for (let done = 0; done < count; done += 1) {
    // From the first on, and one more: 0 is none.
    const after = yield* readLength(cursor);
    if (after === 0) lasting += 1;
    else latest = Math.max(latest, after);
    yield* passString(cursor, null);
    yield* passString(cursor, null);
  }
  return lasting > 0 || latest === 0 ? null : first + BigInt(latest - 1);
}

/** The last bytes of a string of any length. */
function* readStringEnd(cursor: ByteCursor, sizeBytes: number): Parsing<Buffer> {
  const length = yield* lengthOrEncoding(cursor);
  if (!length.encoded) {
    yield* cursor.skip(Math.max(0, length.value - sizeBytes));
    return yield* cursor.bytes(Math.min(length.value, sizeBytes));
  }
  if (length.value !== lzfEncoding) throw new NotRdb('a number stands where a hash belongs');
  const compressed = yield* readLength(cursor);
  const plain = yield* readLength(cursor);
  const text = decompressLzf(yield* cursor.bytes(compressed), plain);
  if (text === null) throw new NotRdb('a compressed string is damaged');
  return text.subarray(-sizeBytes);
}

/** How to pass over a value, by its type byte. A type that is not here is newer than this table: the scan then answers no counts. */
export const valueSteps: Readonly<Record<number, Step>> = {
  0: passString,
  1: times(passString),
  2: times(passString),
  3: times(passString, passScoreText),
  4: times(passString, passString),
  5: times(passString, fixed(8)),
  7: passModuleValue,
  9: passString,
  10: passString,
  11: passString,
  12: passString,
  13: passString,
  14: times(passString),
  15: passStream(15),
  16: passString,
  17: passString,
  18: times(passLength, passString),
  19: passStream(19),
  20: passString,
  21: passStream(21),
  24: withExpiryFirst(times(passLength, passString, passString)),
  25: withExpiryFirst(passString),
};
