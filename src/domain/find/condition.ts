/** What `find` looks for: a condition that held, and does not any more. Pure. Plain JSON, as a run's input has it. */
import { HoldfastFailure } from '../failures.ts';

export interface Relation {
  /** `public` unless it was named. */
  readonly schema: string;
  readonly name: string;
}

export type Condition =
  /** There is a table (view, sequence apart) of that name. */
  | { readonly kind: 'dropped'; readonly relation: Relation }
  /** It has rows, and has not lost a larger share of those that it had at the most. */
  | { readonly kind: 'shrunk'; readonly relation: Relation; /** Lost rows that count, 0 to 1, both excluded. */ readonly share: number }
  /** A query answers true. */
  | { readonly kind: 'sql'; readonly sql: string };

export interface RawCondition {
  readonly dropped?: unknown;
  readonly shrunk?: unknown;
  readonly sql?: unknown;
  readonly share?: unknown;
}

const nameBytesAtMost = 63;
export const sqlBytesAtMost = 10_000;
const defaultShare = 0.5;

/** @throws InvalidInput unless exactly one condition is given, and it is one */
export function readCondition(raw: RawCondition): Condition {
  const given = (['dropped', 'shrunk', 'sql'] as const).filter((name) => raw[name] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) throw invalid('dropped, shrunk, sql', 'not one of the three is given', 'Say which table was dropped, which lost its rows, or a query that answers true while all is well.');
  const text = raw[kind];
  if (typeof text !== 'string') throw invalid(kind, 'it is no text', 'Give it as text.');
  if (raw.share !== undefined && kind !== 'shrunk') throw invalid('share', 'it belongs to shrunk', 'Leave it out.');
  if (kind === 'dropped') return { kind, relation: parseRelation(kind, text) };
  if (kind === 'shrunk') return { kind, relation: parseRelation(kind, text), share: readShare(raw.share) };
  return { kind, sql: readSql(text) };
}

/** As SQL writes it: `orders`, `sales.orders`, `"Order Lines"`, `"a.b"."c""d"`; without quotes it is folded to lower case. @throws InvalidInput */
export function parseRelation(field: string, text: string): Relation {
  const identifier = '(?:"(?:[^"\\0]|"")+"|[\\p{L}_][\\p{L}\\p{N}_$]*)';
  const [, first, second] = new RegExp(`^(${identifier})(?:\\.(${identifier}))?$`, 'u').exec(text.trim()) ?? [];
  if (first === undefined || !text.isWellFormed()) throw invalid(`${field} ${JSON.stringify(text.slice(0, 80))}`, 'it is no name of a table', 'Write it as SQL does: orders, sales.orders, "Order Lines".');
  const names = [first, second].filter((name) => name !== undefined).map(unquoted);
  const long = names.find((name) => bytesOf(name) > nameBytesAtMost);
  if (long !== undefined) throw invalid(`${field} ${JSON.stringify(long.slice(0, 80))}`, `it has more than ${nameBytesAtMost} bytes, and no table is called so`, 'Write its name as the database has it.');
  return names.length === 1 ? { schema: 'public', name: names[0] as string } : { schema: names[0] as string, name: names[1] as string };
}

/** `public.orders` as people read it: quotes where SQL needs them. */
export const relationText = ({ schema, name }: Relation): string => `${schema === 'public' ? '' : `${quoted(schema)}.`}${quoted(name)}`;

export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'dropped': return `there is a table ${relationText(condition.relation)}`;
    case 'shrunk': return `${relationText(condition.relation)} has not lost more than ${Math.round(condition.share * 100)} % of its rows`;
    case 'sql': return 'the query answers true';
  }
}

/** @param most the rows that it had at the most */
export const hasItsRows = (rows: number, most: number, share: number): boolean => rows > 0 && rows >= (1 - share) * most;

const quoted = (name: string): string => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

/** In UTF-8; a workflow has no Buffer. */
const bytesOf = (text: string): number => [...text].reduce((bytes, each) => {
  const point = each.codePointAt(0) ?? 0;
  return bytes + (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4);
}, 0);

const unquoted = (text: string): string => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));

function readShare(share: unknown): number {
  if (share === undefined) return defaultShare;
  if (typeof share === 'number' && share > 0 && share < 1) return share;
  throw invalid('share', 'it is no number between 0 and 1', 'Say 0.5 for "lost half of its rows or more".');
}

function readSql(text: string): string {
  const sql = text.trim().replace(/(\s*;)+$/, '');
  if (sql === '' || sql.includes('\0') || bytesOf(sql) > sqlBytesAtMost) throw invalid('sql', `it is no query of 1 to ${sqlBytesAtMost} bytes`, 'Give one SELECT that answers true while all is well: SELECT count(*) > 1000 FROM orders.');
  return sql;
}

const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read the condition', object, cause, hint });
