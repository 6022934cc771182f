/** What a table is made of, as far as putting rows back depends on it; and whether two shapes fit each other. Pure. */
import { tableText, type TableName } from './table-name.ts';

export interface ColumnDefinition {
  readonly name: string;
  /** As format_type says it with an empty search path: `character varying(20)`, `public.mood`. */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** The expression of a generated column, else null. */
  readonly generated: string | null;
  readonly identity: 'always' | 'byDefault' | null;
}

export interface TableDefinition extends TableName {
  readonly oid: number;
  /** pg_class.relkind: `r` an ordinary table, `p` a partitioned one; anything else is no table of ours. */
  readonly kind: string;
  /** A partition of another table: its rows come back through the root. */
  readonly isPartition: boolean;
  /** Old inheritance, as a parent or a child. */
  readonly inherits: boolean;
  readonly columns: readonly ColumnDefinition[];
  /** Columns of the primary key, in its order; empty where there is none (or none that tells rows apart by equality). */
  readonly key: readonly string[];
  /** Triggers that would fire for a client and do not here. */
  readonly silentTriggers: readonly string[];
  /** Triggers that fire whatever the session says (ENABLE ALWAYS, ENABLE REPLICA). */
  readonly loudTriggers: readonly string[];
  /** Publications that carry its changes to subscribers. */
  readonly publications: readonly string[];
}

/** Where tables are as they were, in the words that sentences about them need. */
export interface Then {
  readonly kind: 'backup' | 'moment';
  /** The moment itself. */
  readonly it: string;
  /** `the column … ` */
  readonly has: string;
  /** `was of this type …` */
  readonly at: string;
}

export const inBackup: Then = { kind: 'backup', it: 'the backup', has: 'is in the backup', at: 'in the backup' };
export const atMoment: Then = { kind: 'moment', it: 'that moment', has: 'was there at that moment', at: 'at that moment' };

/** What somebody has to know about two shapes before rows go from one to the other. */
export interface Fit {
  /** Each a reason why they do not. Empty where they do. */
  readonly refusals: readonly string[];
  /** Harmless, and said. */
  readonly notes: readonly string[];
  /** The columns that are read and written, in the order that they had. */
  readonly columns: readonly string[];
}

/** `varchar(20)`'s values fit into `varchar(40)`, `varchar` and `text`; nothing else is taken to fit without being the same. */
export function fitsInto(from: string, into: string): boolean {
  if (from === into) return true;
  const [before, after] = [varcharLength(from), varcharLength(into)];
  return before !== null && after !== null && before <= after;
}

/** The most characters that a type of text holds, Infinity for no limit, null for any other type. */
function varcharLength(type: string): number | null {
  if (type === 'text' || type === 'character varying') return Infinity;
  const limit = /^character varying\((\d+)\)$/.exec(type)?.[1];
  return limit === undefined ? null : Number(limit);
}

/**
 * Do rows of the table as it was go into the table as it is? Names decide, not places. A column that came since is harmless where it can be left
 * out; one that went, or is of another type, is not: what it held would be lost or changed.
 */
export function fitOf(before: TableDefinition, live: TableDefinition, then: Then = inBackup): Fit {
  const table = tableText(live);
  const refusals: string[] = [];
  const notes: string[] = [];
  const columns: string[] = [];
  for (const column of before.columns) {
    const now = live.columns.find(({ name }) => name === column.name);
    if (now === undefined) {
      if (column.generated === null) refusals.push(`column ${column.name} of ${table} ${then.has} and not in the live table`);
      else notes.push(`${table}: the generated column ${column.name} of ${then.it} is not there any more.`);
      continue;
    }
    if ((column.generated === null) !== (now.generated === null)) {
      refusals.push(`column ${column.name} of ${table} is ${now.generated === null ? 'an ordinary one' : 'generated'} in the live table and was ${column.generated === null ? 'an ordinary one' : 'generated'} ${then.at}`);
      continue;
    }
    if (now.generated !== null) {
      if (now.generated !== column.generated) notes.push(`${table}: the generated column ${column.name} is computed as the live table does it now, not as it was ${then.at}.`);
      continue;
    }
    if (!fitsInto(column.type, now.type)) refusals.push(`column ${column.name} of ${table} was ${column.type} ${then.at} and is ${now.type} in the live table`);
    else if (column.type !== now.type) notes.push(`${table}: column ${column.name} was ${column.type} ${then.at} and is ${now.type} now; its values fit.`);
    columns.push(column.name);
  }
  for (const column of live.columns) {
    if (column.generated !== null || before.columns.some(({ name }) => name === column.name)) continue;
    if (column.notNull && !column.hasDefault && column.identity === null) refusals.push(`column ${column.name} of ${table} came after ${then.it}, may not be NULL and has no default`);
    else notes.push(`${table}: column ${column.name} came after ${then.it}. Rows that are inserted get its default, rows that are changed keep what they have.`);
  }
  if (before.key.join('\0') !== live.key.join('\0')) refusals.push(`the primary key of ${table} was (${before.key.join(', ')}) ${then.at} and is (${live.key.join(', ')}) in the live table`);
  return { refusals, notes, columns };
}

/** What the rows that are taken aside, and those that are kept, have beside the table's own columns; and what the list of differences has beside its key. */
const ownColumns = { ofRows: 'holdfast_present', ofKeys: 'holdfast_do' } as const;

/** Why rows of this table cannot be put back one by one, or null. */
export function refusalOf(live: TableDefinition): string | null {
  const table = tableText(live);
  if (live.kind !== 'r' && live.kind !== 'p') return `${table} is no table`;
  if (live.isPartition) return `${table} is a partition: name the partitioned table that it belongs to`;
  if (live.inherits) return `${table} inherits from another table, or another from it`;
  if (live.key.length === 0) return `${table} has no primary key, so rows cannot be told apart`;
  const taken = live.columns.find(({ name }) => name === ownColumns.ofRows || (name === ownColumns.ofKeys && live.key.includes(name)));
  if (taken !== undefined) return `${table} has a column ${taken.name}, a name that is needed for what is noted of each row`;
  return null;
}

/** What the plan says about a table besides the figures. */
export function tableNotes(live: TableDefinition, then: Then = inBackup): readonly string[] {
  const table = tableText(live);
  return [
    ...(live.silentTriggers.length > 0 ? [`${table}: triggers do not fire (${few(live.silentTriggers)}): what they would write elsewhere, audit or outbox, is not written.`] : []),
    ...(live.loudTriggers.length > 0 ? [`${table}: triggers that are enabled ALWAYS or for replicas DO fire: ${few(live.loudTriggers)}.`] : []),
    ...(live.publications.length > 0 ? [`${table}: its changes go to the subscribers of ${few(live.publications)}.`] : []),
    ...live.columns.filter(({ identity }) => identity !== null).map(({ name }) => `${table}: ${name} keeps the numbers of ${then.it}; its sequence is set forward where it has to be, and an undo does not set it back.`),
  ];
}

const few = (names: readonly string[]): string => `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
