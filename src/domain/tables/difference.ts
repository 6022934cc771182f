/** How a table as it was and the live one differ, row by row, told apart by their primary key. Pure. */
import { counted } from '../wording.ts';

/** Which rows, as far as that may be shown. */
export interface KeySamples {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  readonly extra: readonly string[];
}

export interface TableDifference {
  /** In the manifest's form. */
  readonly table: string;
  /** Decimal strings. Rows that are not in the live table and come back. */
  readonly missing: string;
  /** Rows that are otherwise in the live table, and become what they were. */
  readonly changed: string;
  /** Rows of the live table that the source does not have. */
  readonly extra: string;
  /** Do these go (`--exact`, or an undo, which knows that they came with the restore), or are they left? */
  readonly extraGo: boolean;
  /**
   * The first few keys of each kind; null where the key is not of whole numbers, dates or times alone. Any other key (an address, a name, a token)
   * may be somebody's secret, and a plan is kept, shown, and travels through Temporal.
   */
  readonly keys: KeySamples | null;
}

/** What was done to a table, as its own transaction counted it. */
export interface TableOutcome {
  readonly table: string;
  readonly inserted: string;
  readonly changed: string;
  readonly removed: string;
}

const shownTypes: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'date', 'timestamp without time zone', 'timestamp with time zone']);

/** May keys of these types stand in a plan? */
export const keysMayShow = (types: readonly string[]): boolean => types.length > 0 && types.every((type) => shownTypes.has(type));

/** One line a table, and one per kind of row whose keys are shown. */
export function differenceLines(difference: TableDifference): readonly string[] {
  const { table, missing, changed, extra, extraGo, keys } = difference;
  const kinds = [
    { count: missing, what: 'to insert', samples: keys?.missing ?? [] },
    { count: changed, what: 'to change back', samples: keys?.changed ?? [] },
    { count: extra, what: extraGo ? 'to remove' : 'more in the live table, left (--exact removes them)', samples: keys?.extra ?? [] },
  ].filter(({ count }) => count !== '0');
  if (kinds.length === 0) return [`${table}: no row differs`];
  return [
    `${table}: ${kinds.map(({ count, what }, place) => (place === 0 ? `${rows(count)} ${what}` : `${count} ${what}`)).join(', ')}`,
    ...kinds.filter(({ samples }) => samples.length > 0).map(({ count, what, samples }) => `  ${what.split(',')[0]?.replace(' in the live table', '')}: ${samples.join('; ')}${BigInt(count) > BigInt(samples.length) ? '; …' : ''}`),
  ];
}

export const outcomeText = ({ table, inserted, changed, removed }: TableOutcome): string => `${table}: ${rows(inserted)} inserted, ${changed} changed, ${removed} removed`;

const rows = (count: string): string => (count === '1' ? counted(1, 'row') : `${count} rows`);
