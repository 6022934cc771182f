/**
 * What a store holds, as it can be counted and hashed inside one snapshot, and the comparison of two such accounts.
 * The comparison is the heart of "proven": equal means equal, and what was not compared is said. Pure.
 */

/** One table's rows in one snapshot. Counts and sums are decimal strings: they exceed 2^53. */
export interface TableContent {
  /** `schema.table`, each part in double quotes unless it is of a-z, 0-9 and _ alone: quote_ident would quote keywords too, which differ between majors. */
  readonly table: string;
  readonly rows: string;
  /** Sum of the row hashes (databases.md L3), or null where only rows were counted. */
  readonly hash: string | null;
}

export interface SequenceContent {
  readonly sequence: string;
  /** `last_value` read after the snapshot was taken: sequences are not transactional, so restored must be >= none of it and the columns decide. */
  readonly lastValue: string;
}

export interface PostgresContent {
  readonly engine: 'postgres';
  readonly tables: readonly TableContent[];
  readonly sequences: readonly SequenceContent[];
  readonly largeObjects: { readonly count: string; readonly hash: string | null };
  /** Number of objects per kind (`index`, `constraint`, `function`, `view`, …): a lost index is a difference too. */
  readonly objects: Readonly<Record<string, string>>;
}

export interface RedisDatabaseContent {
  readonly database: number;
  readonly keys: string;
  readonly expires: string;
}

export interface RedisContent {
  readonly engine: 'redis';
  readonly databases: readonly RedisDatabaseContent[];
  /** `DEBUG DIGEST` of the file loaded as a dangling replica, or null where the server does not answer it. */
  readonly digest: string | null;
  /** Digest of what `DEBUG DIGEST` leaves out, read from the file: times to live, streams with their groups, function code; null where the file could not be read through. */
  readonly details: string | null;
  readonly functions: string;
}

export type Content = PostgresContent | RedisContent;

/** One way in which two accounts differ. */
export interface Difference {
  readonly object: string;
  readonly property: string;
  readonly expected: string;
  readonly found: string;
}

const absent = 'absent';

/** Every difference between what the manifest says and what was found; empty means equal. */
export function compareContent(expected: Content, found: Content): readonly Difference[] {
  if (expected.engine === 'postgres' && found.engine === 'postgres') return comparePostgres(expected, found);
  if (expected.engine === 'redis' && found.engine === 'redis') return compareRedis(expected, found);
  return [{ object: 'engine', property: 'name', expected: expected.engine, found: found.engine }];
}

function comparePostgres(expected: PostgresContent, found: PostgresContent): Difference[] {
  const tables = compareKeyed(expected.tables, found.tables, (table) => table.table, ['rows', 'hash']);
  const sequences = compareSequences(expected.sequences, found.sequences);
  const largeObjects = compareFields('large objects', expected.largeObjects, found.largeObjects, ['count', 'hash']);
  const kinds = [...new Set([...Object.keys(expected.objects), ...Object.keys(found.objects)])].sort();
  const objects = kinds.flatMap((kind) => compareValue(`objects of kind ${kind}`, 'count', expected.objects[kind] ?? '0', found.objects[kind] ?? '0'));
  return [...tables, ...sequences, ...largeObjects, ...objects];
}

/** A sequence's value moves outside transactions, so only its existence is compared here; the engine checks it against its columns. */
function compareSequences(expected: readonly SequenceContent[], found: readonly SequenceContent[]): Difference[] {
  return compareKeyed(expected, found, (sequence) => sequence.sequence, []);
}

function compareRedis(expected: RedisContent, found: RedisContent): Difference[] {
  const databases = compareKeyed(expected.databases, found.databases, (database) => `database ${database.database}`, ['keys', 'expires']);
  return [
    ...databases,
    ...compareValue('keyspace', 'digest', expected.digest, found.digest),
    ...compareValue('times to live, consumer groups and functions', 'digest', expected.details, found.details),
    ...compareValue('functions', 'count', expected.functions, found.functions),
  ];
}

function compareKeyed<T extends object>(expected: readonly T[], found: readonly T[], keyOf: (item: T) => string, fields: readonly (keyof T & string)[]): Difference[] {
  const twice = [...repeated(expected.map(keyOf)), ...repeated(found.map(keyOf))].map((key) => ({ object: key, property: 'account', expected: 'listed once', found: 'listed twice' }));
  const foundByKey = new Map(found.map((item) => [keyOf(item), item]));
  const expectedKeys = new Set(expected.map(keyOf));
  const missingOrChanged = expected.flatMap((item) => {
    const other = foundByKey.get(keyOf(item));
    if (other === undefined) return [{ object: keyOf(item), property: 'existence', expected: 'present', found: absent }];
    return compareFields(keyOf(item), item, other, fields);
  });
  const extra = found.filter((item) => !expectedKeys.has(keyOf(item))).map((item) => ({ object: keyOf(item), property: 'existence', expected: absent, found: 'present' }));
  return [...twice, ...missingOrChanged, ...extra];
}

/** Keys that come more than once: an account that lists a table twice describes nothing. */
function repeated(keys: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return [...new Set(keys.filter((key) => seen.has(key) || !seen.add(key)))];
}

function compareFields<T extends object>(object: string, expected: T, found: T, fields: readonly (keyof T & string)[]): Difference[] {
  return fields.flatMap((field) => compareValue(object, field, expected[field] as string | null, found[field] as string | null));
}

/** A value that the manifest does not hold is not compared (the manifest lists it); one that it holds must be found and equal. */
function compareValue(object: string, property: string, expected: string | null, found: string | null): Difference[] {
  if (expected === null || expected === found) return [];
  return [{ object, property, expected, found: found ?? absent }];
}

/** One line a person can read: `orders: rows 1204118, found 1204117`. */
export const describeDifference = (difference: Difference): string =>
  `${difference.object}: ${difference.property} ${difference.expected}, found ${difference.found}`;
