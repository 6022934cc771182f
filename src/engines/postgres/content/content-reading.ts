/** What helpers counted and hashed, as the account that goes into a manifest. */
import type { PostgresContent, SequenceContent, TableContent } from '../../../domain/content.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { resultOf } from '../server/postgres-helper.ts';

/** A sequence as sequences.sql prints it; `lastValue` is `unused` before its first nextval. */
export interface SequenceReading {
  readonly sequence: string;
  readonly lastValue: string;
  readonly increment: string;
  readonly cycle: boolean;
}

type Piece = { readonly table: string; readonly rows: string; readonly hash: string | null } | { readonly largeObjects: string; readonly hash: string | null };

export interface ContentReading {
  readonly content: PostgresContent;
  readonly sequences: readonly SequenceReading[];
}

/** From the files that content.sql, objects.sql and sequences.sql left. @throws HelperFailed where one is missing */
export function contentFrom(result: HelperResult, sessions: number): ContentReading {
  const pieces: Piece[] = [];
  for (let session = 1; session <= sessions; session += 1) pieces.push(...linesOf(result.files.get(`content.${session}`) ?? ''));
  const largeObjects = pieces.find((piece) => 'largeObjects' in piece);
  const objects = JSON.parse(resultOf(result, 'objects')) as Record<string, string>;
  const sequences = lesser(sequencesOf(resultOf(result, 'sequences.first')), sequencesOf(result.files.get('sequences.last') ?? '[]'));
  const content: PostgresContent = {
    engine: 'postgres',
    tables: sums(pieces.filter((piece) => 'table' in piece)),
    sequences: sequences.map(({ sequence, lastValue }): SequenceContent => ({ sequence, lastValue })),
    // Every run of content.sql counts them, so their absence is a session's.
    largeObjects: largeObjects === undefined ? { count: resultOf(result, 'large objects'), hash: null } : { count: largeObjects.largeObjects, hash: largeObjects.hash },
    objects: Object.fromEntries(Object.entries(objects).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return { content, sequences };
}

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
