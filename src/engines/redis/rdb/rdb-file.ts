/**
 * What an RDB file says about itself, read as a stream: header, origin, functions, and the exact number of keys per database
 * (databases.md R5: the file is the truth about its moment; a master that loads it already drops what has expired). Pure.
 */
import { createHash, type Hash } from 'node:crypto';
import type { RedisDatabaseContent } from '../../../domain/content.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { createByteCursor, type ByteCursor, type Parsing } from './byte-cursor.ts';
import { hasExpiringFields, isModuleValue, isStream, NotRdb, passExpiringHash, passModuleFields, passString, readLength, readModuleType, readShortString, valueSteps } from './rdb-values.ts';

export interface RdbFile {
  readonly signature: 'REDIS' | 'VALKEY';
  /** 10 for Redis 7.0, 11 for 7.2 and Valkey 8, 12 for 7.4 and 8.0, 80 for Valkey 9. */
  readonly version: number;
  /** `redis-ver` or `valkey-ver`, or null. */
  readonly serverVersion: string | null;
  /** `ctime`: seconds since the epoch at which the file was begun; whole seconds is all the format has. */
  readonly createdAtSeconds: number | null;
  /** `used-mem` in bytes, or null. */
  readonly usedMemoryBytes: number | null;
  /** False where the server runs with `rdbchecksum no`: the file's own check then finds nothing. */
  readonly checksummed: boolean;
  readonly sizeBytes: number;
  /** Exact counts, or null with the reason where the file holds a kind of value that this scan does not know. */
  readonly counts: RdbCounts | null;
  readonly countsMissing: string | null;
  /** Keys per type that a module defined (`ReJSON-RL`), as far as the scan came. */
  readonly moduleValues: ReadonlyMap<string, number>;
  /** Keys that have no time to live and had gone nevertheless at the moment that was asked for, by database: hashes each of whose fields has one. As far as the scan came. */
  readonly expiringHashes: ReadonlyMap<number, number>;
  /** Types whose module keeps data outside keys. */
  readonly moduleAux: readonly string[];
}

export interface RdbCounts {
  /** Only databases that hold keys, by number. */
  readonly databases: readonly RedisDatabaseContent[];
  /** Function libraries. */
  readonly functions: number;
  /** 32 hex digits over what DEBUG DIGEST leaves out: times to live, streams with their consumer groups, function code. In no order. */
  readonly details: string;
}

const opcode = { slotInfo: 244, function: 245, moduleAux: 247, idle: 248, frequency: 249, aux: 250, resize: 251, expireMs: 252, expireSeconds: 253, select: 254, end: 255 } as const;
const checksumBytes = 8;
/** `redis-cli --rdb -` leaves the end mark of diskless replication behind the file (databases.md R3). */
const endMarkBytes = 40;

interface Tally {
  readonly atMs: bigint;
  readonly aux: Map<string, string>;
  readonly databases: { database: number; keys: number; expires: number; announced: { keys: number; expires: number } | null }[];
  functions: number;
  details: bigint;
  readonly moduleValues: Map<string, number>;
  readonly expiringHashes: Map<number, number>;
  readonly moduleAux: Set<string>;
}

/**
 * Reads an RDB file to its end, in a bounded window.
 * @param atMs since the epoch: hashes that have gone by then are told
 * @throws HoldfastFailure ArtifactDamaged when it is no RDB file, ends early, goes on after its end, or contradicts itself
 */
export async function scanRdb(source: AsyncIterable<Uint8Array>, object: string, atMs = 0): Promise<RdbFile> {
  const cursor = createByteCursor();
  const parsing = parseFile(cursor, BigInt(atMs));
  let tail: Buffer = Buffer.alloc(0);
  let sizeBytes = 0;
  let parsed: IteratorResult<void, Parsed> | undefined;
  const damaged = (cause: string): HoldfastFailure =>
    new HoldfastFailure('ArtifactDamaged', { operation: 'read the RDB file', object, cause, hint: 'Use another backup, or take this one again.' });
  try {
    for await (const chunk of source) {
      sizeBytes += chunk.byteLength;
      tail = Buffer.concat([tail.subarray(-endMarkBytes), chunk.subarray(-(endMarkBytes + checksumBytes + 1))]).subarray(-(endMarkBytes + checksumBytes + 1));
      if (parsed?.done === true) continue;
      cursor.append(chunk);
      parsed = parsing.next();
    }
  } catch (error) {
    if (error instanceof NotRdb) throw damaged(`${error.message}, at byte ${cursor.offset()}`);
    throw error;
  }
  if (parsed?.done !== true) throw damaged(`it ends early, at byte ${sizeBytes}`);
  const ending = endingProblem(parsed.value, sizeBytes, tail);
  if (ending !== null) throw damaged(ending);
  return describe(parsed.value, sizeBytes, tail);
}

interface Parsed {
  readonly signature: 'REDIS' | 'VALKEY';
  readonly version: number;
  readonly tally: Tally;
  /** Offset just behind the checksum, or null where the scan stopped at something it does not know. */
  readonly endOffset: number | null;
  readonly unknown: string | null;
}

function* parseFile(cursor: ByteCursor, atMs: bigint): Parsing<Parsed> {
  const header = (yield* cursor.bytes(9)).toString('latin1');
  const match = /^(?:(REDIS)(\d{4})|(VALKEY)(\d{3}))$/.exec(header);
  if (match === null) throw new NotRdb('it does not begin like an RDB file');
  const signature = match[1] === undefined ? 'VALKEY' : 'REDIS';
  const version = Number(match[2] ?? match[4]);
  const tally: Tally = { atMs, aux: new Map(), databases: [], functions: 0, details: 0n, moduleValues: new Map(), expiringHashes: new Map(), moduleAux: new Set() };
  const unknown = yield* parseBody(cursor, tally);
  if (unknown !== null) return { signature, version, tally, endOffset: null, unknown };
  yield* cursor.skip(checksumBytes);
  const contradiction = tally.databases.find((each) => each.announced !== null && (each.announced.keys !== each.keys || each.announced.expires !== each.expires));
  if (contradiction !== undefined) throw new NotRdb(`database ${contradiction.database} holds ${contradiction.keys} keys and announces ${contradiction.announced?.keys}`);
  return { signature, version, tally, endOffset: cursor.offset(), unknown: null };
}

/** Everything between header and end; answers null at the end, else what it does not know. */
function* parseBody(cursor: ByteCursor, tally: Tally): Parsing<string | null> {
  let expiresAt: string | null = null;
  for (;;) {
    const code = yield* cursor.byte();
    if (code === opcode.end) return null;
    if (code === opcode.expireMs) expiresAt = String((yield* cursor.bytes(8)).readBigInt64LE(0));
    else if (code === opcode.expireSeconds) expiresAt = `${(yield* cursor.bytes(4)).readInt32LE(0)}000`;
    else if (code === opcode.idle) yield* readLength(cursor);
    else if (code === opcode.frequency) yield* cursor.skip(1);
    else if (code >= opcode.slotInfo && code !== 246) yield* parseOpcode(cursor, code, tally);
    else {
      if (valueSteps[code] === undefined) return `a value or section of kind ${code}`;
      yield* parseKey(cursor, code, expiresAt, tally);
      expiresAt = null;
    }
  }
}

function* parseKey(cursor: ByteCursor, type: number, expiresAt: string | null, tally: Tally): Parsing<void> {
  const database = tally.databases.at(-1);
  const step = valueSteps[type];
  if (database === undefined || step === undefined) throw new NotRdb('a key stands before any database');
  const stream = isStream(type);
  const into = stream || expiresAt !== null ? createHash('sha256').update(`key ${database.database} ${expiresAt ?? ''} `) : null;
  yield* passString(cursor, into);
  if (isModuleValue(type)) {
    const name = yield* readModuleType(cursor);
    tally.moduleValues.set(name, (tally.moduleValues.get(name) ?? 0) + 1);
    yield* passModuleFields(cursor, null);
  } else if (hasExpiringFields(type)) {
    const goesAtMs = yield* passExpiringHash(cursor, type);
    if (goesAtMs !== null && goesAtMs <= tally.atMs && expiresAt === null) tally.expiringHashes.set(database.database, (tally.expiringHashes.get(database.database) ?? 0) + 1);
  } else {
    yield* step(cursor, stream ? into : null);
  }
  addDetail(tally, into);
  database.keys += 1;
  if (expiresAt !== null) database.expires += 1;
}

/** A sum, because keys and libraries come in any order; not XOR, in which pairs cancel (databases.md L3). */
function addDetail(tally: Tally, into: Hash | null): void {
  if (into !== null) tally.details = BigInt.asUintN(128, tally.details + BigInt(`0x${into.digest('hex').slice(0, 32)}`));
}

function* parseOpcode(cursor: ByteCursor, code: number, tally: Tally): Parsing<void> {
  switch (code) {
    case opcode.aux: {
      const [name, value] = [yield* readShortString(cursor), yield* readShortString(cursor)];
      if (name !== null && value !== null) tally.aux.set(name, value);
      return;
    }
    case opcode.select:
      tally.databases.push({ database: yield* readLength(cursor), keys: 0, expires: 0, announced: null });
      return;
    case opcode.resize: {
      const announced = { keys: yield* readLength(cursor), expires: yield* readLength(cursor) };
      const database = tally.databases.at(-1);
      if (database !== undefined) database.announced = announced;
      return;
    }
    case opcode.function: {
      const into = createHash('sha256').update('function ');
      yield* passString(cursor, into);
      addDetail(tally, into);
      tally.functions += 1;
      return;
    }
    case opcode.moduleAux:
      tally.moduleAux.add(yield* readModuleType(cursor));
      yield* passModuleFields(cursor, null);
      return;
    default:
      for (let field = 0; field < 3; field += 1) yield* readLength(cursor);
  }
}

function endingProblem(parsed: Parsed, sizeBytes: number, tail: Buffer): string | null {
  if (parsed.endOffset !== null) {
    const behind = sizeBytes - parsed.endOffset;
    if (behind === 0) return null;
    return behind === endMarkBytes ? 'it ends with the end mark of a replication stream, which does not belong to it' : `${behind} bytes follow its end`;
  }
  return tail.at(-(checksumBytes + 1)) === opcode.end ? null : 'it does not end like an RDB file';
}

function describe(parsed: Parsed, sizeBytes: number, tail: Buffer): RdbFile {
  const { tally } = parsed;
  const number = (name: string): number | null => (/^\d{1,15}$/.test(tally.aux.get(name) ?? '') ? Number(tally.aux.get(name)) : null);
  const databases = tally.databases.filter((each) => each.keys > 0).sort((a, b) => a.database - b.database)
    .map((each) => ({ database: each.database, keys: String(each.keys), expires: String(each.expires) }));
  return {
    signature: parsed.signature,
    version: parsed.version,
    serverVersion: tally.aux.get('redis-ver') ?? tally.aux.get('valkey-ver') ?? null,
    createdAtSeconds: number('ctime'),
    usedMemoryBytes: number('used-mem'),
    checksummed: tail.subarray(-checksumBytes).some((byte) => byte !== 0),
    sizeBytes,
    counts: parsed.unknown === null ? { databases, functions: tally.functions, details: tally.details.toString(16).padStart(32, '0') } : null,
    countsMissing: parsed.unknown,
    moduleValues: tally.moduleValues,
    expiringHashes: tally.expiringHashes,
    moduleAux: [...tally.moduleAux],
  };
}
