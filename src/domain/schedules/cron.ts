/**
 * The five fields of a cron expression as sets of numbers, so that two ways of writing the same times are the same. Names of days and months, lists, ranges and
 * steps, as cron has them; nothing else. Pure.
 */

export interface CronTimes {
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly dayOfMonth: readonly number[];
  readonly month: readonly number[];
  /** Sunday is 0. */
  readonly dayOfWeek: readonly number[];
}

export type ParsedCron = { readonly times: CronTimes; readonly problem: null } | { readonly times: null; readonly problem: string };

interface Field { readonly name: keyof CronTimes; readonly what: string; readonly first: number; readonly last: number; readonly names?: readonly string[] }

const fields: readonly Field[] = [
  { name: 'minute', what: 'minute', first: 0, last: 59 },
  { name: 'hour', what: 'hour', first: 0, last: 23 },
  { name: 'dayOfMonth', what: 'day of the month', first: 1, last: 31 },
  { name: 'month', what: 'month', first: 1, last: 12, names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] },
  { name: 'dayOfWeek', what: 'day of the week', first: 0, last: 6, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];

/** In a leap year: 29 February comes. */
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const longestText = 200;

export function parseCron(text: string): ParsedCron {
  const words = text.trim().split(/\s+/);
  if (text.length > longestText || words.length !== fields.length) return refused('a cron string has five fields: minute, hour, day of the month, month, day of the week');
  const times: Partial<Record<keyof CronTimes, readonly number[]>> = {};
  for (const [index, field] of fields.entries()) {
    const values = valuesOf(words[index] as string, field);
    if (values === null) return refused(`${words[index]} is no ${field.what} (${field.first} to ${field.last}${field.names === undefined ? '' : `, or ${field.names[0]} to ${field.names.at(-1)}`}; lists, ranges and */steps)`);
    times[field.name] = values;
  }
  const found = times as CronTimes;
  // Cron starts on either, Temporal only on both: whoever writes it means one of them, and would get the other.
  if (!isEvery(found.dayOfMonth, 'dayOfMonth') && !isEvery(found.dayOfWeek, 'dayOfWeek')) return refused('a day of the month and a day of the week are given; cron and Temporal disagree on what that means, so give one of them');
  if (!found.month.some((month) => found.dayOfMonth.some((day) => day <= (longestMonths[month - 1] as number)))) return refused('no such day ever comes');
  return { times: found, problem: null };
}

const refused = (problem: string): ParsedCron => ({ times: null, problem });

/** Sorted, without repetition; null where the word is none of cron's. */
function valuesOf(word: string, field: Field): readonly number[] | null {
  const values = new Set<number>();
  for (const part of word.split(',')) {
    const [, range = '', step = '1'] = /^([^/]+)(?:\/([1-9]\d?))?$/.exec(part) ?? [];
    const ends = range === '*' ? [field.first, field.last] : endsOf(range, field);
    if (ends === null || (part.includes('/') && range !== '*' && !range.includes('-'))) return null;
    const [first = 0, last = 0] = ends;
    for (let value = first; value <= last; value += Number(step)) values.add(field.name === 'dayOfWeek' ? value % 7 : value);
  }
  return [...values].sort((a, b) => a - b);
}

function endsOf(range: string, field: Field): readonly [number, number] | null {
  const [first, last, ...more] = range.split('-').map((text) => numberOf(text, field));
  if (first === undefined || first === null || last === null || more.length > 0) return null;
  return (last ?? first) < first ? null : [first, last ?? first];
}

function numberOf(text: string, { first, last, names, name }: Field): number | null {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + first;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  // Cron's Sunday is 0, and 7.
  return value >= first && value <= (name === 'dayOfWeek' ? 7 : last) ? value : null;
}

const fieldOf = (name: keyof CronTimes): Field => fields.find((field) => field.name === name) as Field;

/** Is it every value that the field has? */
function isEvery(values: readonly number[], name: keyof CronTimes): boolean {
  const { first, last } = fieldOf(name);
  return values.length === last - first + 1;
}

/** The one text of these times: {@link parseCron} reads it back, and equal times have equal texts. */
export const cronText = (times: CronTimes): string => fields.map(({ name }) => fieldText(times[name], name)).join(' ');

function fieldText(values: readonly number[], name: keyof CronTimes): string {
  if (isEvery(values, name)) return '*';
  const { first, last } = fieldOf(name);
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const stepped = values.length > 2 && step > 1 && values.length === Math.floor((last - first) / step) + 1 && values.every((value, index) => value === first + index * step);
  return stepped ? `*/${step}` : runsIn(values).map(([begin, end]) => (begin === end ? `${begin}` : `${begin}-${end}`)).join(',');
}

function runsIn(values: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === value - 1) run[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}
