/** What helpers counted and hashed, as the account that goes into a manifest. */
import type { PostgresContent, SequenceContent, TableContent } from '../../../domain/content.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { resultOf } from '../server/postgres-helper.ts';

/** A sequence as sequences.sql prints it; `lastValue` is `unused` before its first nextval. */
export interface SequenceReading {
  readonly sequence: string;
  readonly lastValue: string;
  readonly increment: string;
  readonly cycle: boolean;
}

type Piece = { readonly piece: number } & ({ readonly table: string; readonly rows: string; readonly hash: string | null } | { readonly largeObjects: string; readonly hash: string | null });

export interface ContentReading {
  readonly content: PostgresContent;
  readonly sequences: readonly SequenceReading[];
}

/** From the files that work.sql, content.sql, objects.sql and sequences.sql left. @throws HelperFailed where one is missing, or a piece of one */
export function contentFrom(result: HelperResult, sessions: number): ContentReading {
  const pieces = piecesOf(result, sessions);
  const largeObjects = pieces.find((piece) => 'largeObjects' in piece);
  const objects = JSON.parse(resultOf(result, 'objects')) as Record<string, string>;
  const sequences = lesser(sequencesOf(resultOf(result, 'sequences.first')), sequencesOf(result.files.get('sequences.last') ?? '[]'));
  const content: PostgresContent = {
    engine: 'postgres',
    tables: sums(pieces.filter((piece) => 'table' in piece)),
    sequences: sequences.map(({ sequence, lastValue }): SequenceContent => ({ sequence, lastValue })),
    // Every list has them, so their absence is a session's.
    largeObjects: largeObjects === undefined ? { count: resultOf(result, 'large objects'), hash: null } : { count: largeObjects.largeObjects, hash: largeObjects.hash },
    objects: Object.fromEntries(Object.entries(objects).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return { content, sequences };
}

/** All that work.sql listed, each piece exactly once: an account that lacks a table, or holds one twice, describes nothing. */
function piecesOf(result: HelperResult, sessions: number): readonly Piece[] {
  const expected = JSON.parse(resultOf(result, 'expected')) as { readonly pieces: number; readonly tables: number };
  const byNumber = new Map<number, Piece>();
  for (let session = 1; session <= sessions; session += 1) {
    for (const piece of linesOf(result.files.get(`content.${session}`) ?? '')) {
      if (byNumber.has(piece.piece) || piece.piece >= expected.pieces) throw miscounted(`piece ${piece.piece} of ${expected.pieces}`, 'it counted a piece twice, or one that nobody listed');
      byNumber.set(piece.piece, piece);
    }
  }
  for (let number = 0; number < expected.pieces; number += 1) if (!byNumber.has(number)) throw miscounted(`piece ${number} of ${expected.pieces}`, 'it ended well but left no such result');
  const tables = new Set([...byNumber.values()].flatMap((piece) => ('table' in piece ? [piece.table] : []))).size;
  if (tables !== expected.tables) throw miscounted('tables', `${expected.tables} were listed and ${tables} counted`);
  return [...byNumber.values()];
}

const miscounted = (object: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('HelperFailed', { operation: 'count and hash', object, cause, hint: 'Please report this: it is a mistake in Holdfast.' });

const linesOf = (text: string): Piece[] => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Piece);

const sequencesOf = (text: string): readonly SequenceReading[] => JSON.parse(text) as SequenceReading[];

/** Pieces of one table, and partitions that are accounted for as one, added up. */
function sums(pieces: readonly TableContent[]): readonly TableContent[] {
  const byTable = new Map<string, { rows: bigint; hash: bigint | null }>();
  for (const { table, rows, hash } of pieces) {
    const sum = byTable.get(table) ?? { rows: 0n, hash: hash === null ? null : 0n };
    byTable.set(table, { rows: sum.rows + BigInt(rows), hash: sum.hash === null || hash === null ? null : sum.hash + BigInt(hash) });
  }
  return [...byTable].sort(([a], [b]) => (a < b ? -1 : 1)).map(([table, { rows, hash }]) => ({ table, rows: String(rows), hash: hash === null ? null : String(hash) }));
}

/** Of two readings of each sequence the one that is further back: what any reading between them has reached at least. */
function lesser(first: readonly SequenceReading[], last: readonly SequenceReading[]): readonly SequenceReading[] {
  const lastByName = new Map(last.map((reading) => [reading.sequence, reading]));
  return first.map((reading) => {
    const other = lastByName.get(reading.sequence);
    return other !== undefined && isBehind(other, reading) ? other : reading;
  });
}

/** Has `reading` not come as far as `other`, in the direction that the sequence counts in? */
export function isBehind(reading: SequenceReading, other: { readonly lastValue: string }): boolean {
  if (other.lastValue === 'unused') return false;
  if (reading.lastValue === 'unused') return true;
  return BigInt(reading.increment) > 0n ? BigInt(reading.lastValue) < BigInt(other.lastValue) : BigInt(reading.lastValue) > BigInt(other.lastValue);
}
