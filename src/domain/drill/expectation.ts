/** What an assertion of the user's expects, and whether an answer is it. Pure. */

/** Numbers are decimal strings: counts exceed 2^53, and money has fractions. Inclusive where the name says so. */
export type Expectation =
  | { readonly kind: 'equals'; readonly value: string }
  | { readonly kind: 'number'; readonly atLeast?: string; readonly atMost?: string; readonly above?: string; readonly below?: string }
  | { readonly kind: 'rows' }
  | { readonly kind: 'empty' };

/** What the server answered: how many rows, and the first value of the first of them. */
export interface Answer {
  readonly rows: number;
  /** Null for NULL, and for Redis's nil. */
  readonly value: string | null;
}

export const numberBounds = ['atLeast', 'atMost', 'above', 'below'] as const;
export const longestValue = 1_000;
export const expectationAllowed = 'allowed is rows (at least one), empty (none), a value ("paid", 42), or a mapping with equals, or with atLeast, atMost, above, below and numbers';

const decimalPattern = /^-?\d{1,60}(\.\d{1,30})?$/;
export const isDecimal = (text: string): boolean => decimalPattern.test(text);

/**
 * From what stands in holdfast.yaml: `rows`, `empty`, `42`, `"paid"`, `{equals: rows}`, `{atLeast: 1, below: 100}`. Null where it is none of these.
 * A number that YAML read as a fraction is taken as it was printed again; write it in quotes where its digits matter.
 */
export function readExpectation(value: unknown): Expectation | null {
  if (value === 'rows' || value === 'empty') return { kind: value };
  const plain = valueText(value);
  if (plain !== null) return { kind: 'equals', value: plain };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  const [first] = entries;
  if (first === undefined) return null;
  if (entries.length === 1 && first[0] === 'equals') return equals(first[1]);
  const bounds = entries.map(([name, bound]) => [name, valueText(bound)] as const);
  if (!bounds.every(([name, bound]) => numberBounds.some((each) => each === name) && bound !== null && isDecimal(bound))) return null;
  return { kind: 'number', ...Object.fromEntries(bounds) };
}

function equals(value: unknown): Expectation | null {
  const text = valueText(value);
  return text === null ? null : { kind: 'equals', value: text };
}

function valueText(value: unknown): string | null {
  if (typeof value === 'string') return value.length <= longestValue ? value : null;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isFinite(value) && isDecimal(String(value)) ? String(value) : null;
}

/** A judgement: `holds`, `fails`, or `cannotTell` where the answer is none that can be judged. `found` never shows a value that is not a number: it may be somebody's. */
export interface Judgement {
  readonly outcome: 'holds' | 'fails' | 'cannotTell';
  readonly found: string;
}

export function judgeAnswer(expectation: Expectation, { rows, value }: Answer): Judgement {
  if (!Number.isSafeInteger(rows) || rows < 0) return { outcome: 'cannotTell', found: 'an answer without a number of rows' };
  switch (expectation.kind) {
    case 'rows': return { outcome: rows > 0 ? 'holds' : 'fails', found: rows === 1 ? '1 row' : `${rows} rows` };
    case 'empty': return { outcome: rows === 0 ? 'holds' : 'fails', found: rows === 1 ? '1 row' : `${rows} rows` };
    default: break;
  }
  if (rows > 1) return { outcome: 'cannotTell', found: `${rows} rows, where one value was to be compared` };
  if (rows === 0) return { outcome: 'fails', found: 'no row' };
  if (value === null) return { outcome: 'fails', found: 'no value (NULL)' };
  if (expectation.kind === 'equals') return judgeEqual(expectation.value, value);
  if (!isDecimal(value)) return { outcome: 'cannotTell', found: 'a value that is no number' };
  return { outcome: within(expectation, value) ? 'holds' : 'fails', found: shown(value) };
}

/** Equal as text, or as numbers: `3.50` is `3.5`, and PostgreSQL prints `t` for true. */
function judgeEqual(expected: string, found: string): Judgement {
  const booleans: Readonly<Record<string, string>> = { t: 'true', f: 'false' };
  const equal = expected === found || (isDecimal(expected) && isDecimal(found) && compareDecimals(expected, found) === 0)
    || ((expected === 'true' || expected === 'false') && booleans[found] === expected);
  return { outcome: equal ? 'holds' : 'fails', found: equal ? 'the value that was expected' : isDecimal(expected) && isDecimal(found) ? shown(found) : 'another value (not shown)' };
}

function within({ atLeast, atMost, above, below }: Extract<Expectation, { kind: 'number' }>, value: string): boolean {
  return (atLeast === undefined || compareDecimals(value, atLeast) >= 0) && (atMost === undefined || compareDecimals(value, atMost) <= 0)
    && (above === undefined || compareDecimals(value, above) > 0) && (below === undefined || compareDecimals(value, below) < 0);
}

/** A long number may be an account's or a card's. */
const shownDigits = 12;
const shown = (value: string): string => (value.replace(/\D/g, '').length <= shownDigits ? value : 'another number (not shown)');

/** Exactly, whatever their size. @returns below, at or above 0 */
export function compareDecimals(a: string, b: string): number {
  const difference = scaled(a) - scaled(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

const fractionDigits = 30;
function scaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole + fraction.padEnd(fractionDigits, '0'));
  return text.startsWith('-') ? -size : size;
}

/** `at least 1 and below 100`: for reports. A value that is no number is not repeated: it stands in the configuration, whose hash the report has. */
export function expectationText(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'rows': return 'at least one row';
    case 'empty': return 'no row';
    case 'equals': return isDecimal(expectation.value) ? shown(expectation.value) : 'the value in the configuration';
    case 'number': {
      const words = { atLeast: 'at least', atMost: 'at most', above: 'above', below: 'below' } as const;
      return numberBounds.flatMap((bound) => (expectation[bound] === undefined ? [] : [`${words[bound]} ${expectation[bound]}`])).join(' and ');
    }
  }
}
