/** Names of tables as people write them and as manifests do: `orders`, `public.orders`, `"odd schema"."Order ""1"""`. Pure. */
import { HoldfastFailure } from '../failures.ts';

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** As it was asked for: without a schema, whichever one has the only table of that name. */
export interface WantedTable {
  readonly schema: string | null;
  readonly name: string;
}

const plainPart = /^[a-z_][a-z0-9_]*$/;
/** One part: in double quotes anything (`""` for one quote), without them anything but dots and quotes. */
const partPattern = /^(?:"((?:[^"\0]|"")+)"|([^".\0]+))/;
/** Of an identifier (NAMEDATALEN − 1). */
const longestBytes = 63;

/** As any SQL takes it, a word that means something else there too (`select`). */
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const partText = (part: string): string => (plainPart.test(part) ? part : quotedName(part));

/** The manifest's form: each part quoted unless it is of a-z, 0-9 and _ alone. */
export const tableText = ({ schema, name }: WantedTable): string => (schema === null ? partText(name) : `${partText(schema)}.${partText(name)}`);

/**
 * Taken as it is written, capital letters too: nobody has to quote a quoted name for a shell. Only a dot or a quote inside a name needs quotes.
 * @throws HoldfastFailure InvalidInput
 */
export function parseTableName(text: string): WantedTable {
  const parts: string[] = [];
  let rest = text;
  if (!text.isWellFormed()) throw invalid(text, 'it holds half of a character');
  do {
    const [whole, quoted, plain] = partPattern.exec(rest) ?? [];
    if (whole === undefined) throw invalid(text, 'it is not the name of a table');
    parts.push(quoted === undefined ? plain ?? '' : quoted.replaceAll('""', '"'));
    rest = rest.slice(whole.length);
    if (rest !== '' && !rest.startsWith('.')) throw invalid(text, 'behind a quoted part comes a dot or nothing');
    if (rest === '.') throw invalid(text, 'it ends with a dot');
    rest = rest.slice(1);
  } while (rest !== '');
  const [first, second, ...more] = parts;
  if (first === undefined || more.length > 0) throw invalid(text, 'a name has at most a schema and a table');
  for (const part of parts) if (new TextEncoder().encode(part).length > longestBytes) throw invalid(text, `a part of it has more than ${longestBytes} bytes`);
  return second === undefined ? { schema: null, name: first } : { schema: first, name: second };
}

const invalid = (text: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('InvalidInput', { operation: 'read the name of a table', object: JSON.stringify(text.slice(0, 140)), cause, hint: 'Write it like orders, shop.orders or "odd schema"."a.b"; without a schema, the only table of that name is meant.' });

const schemaPattern = /^[a-z_][a-z0-9_]{0,62}$/;

/** A schema that is to be made: plain letters, and none of PostgreSQL's or Holdfast's own. @throws HoldfastFailure InvalidInput */
export function checkNewSchema(text: string): string {
  if (schemaPattern.test(text) && !/^(pg_|holdfast_)/.test(text) && text !== 'information_schema' && text !== 'public') return text;
  throw new HoldfastFailure('InvalidInput', {
    operation: 'read the name of the new schema', object: JSON.stringify(text.slice(0, 80)), cause: 'it has to be new, of a-z, 0-9 and _, and begin with neither pg_ nor holdfast_', hint: 'Write it like before_the_accident.',
  });
}

/** Each table once: named twice, it would be restored twice. @throws HoldfastFailure InvalidInput */
export function checkTables(texts: readonly string[]): readonly WantedTable[] {
  const wanted = texts.map(parseTableName);
  const twice = wanted.find((each, place) => wanted.findIndex((other) => tableText(other) === tableText(each)) !== place);
  if (twice !== undefined) throw invalid(tableText(twice), 'it is named twice');
  if (wanted.length === 0) throw invalid('', 'no table is named');
  if (wanted.length > mostTables) throw invalid(`${wanted.length} tables`, `at most ${mostTables} go in one transaction`);
  return wanted;
}

/** All of them are locked at once, and each has its lines in a plan that a human reads. */
const mostTables = 50;
