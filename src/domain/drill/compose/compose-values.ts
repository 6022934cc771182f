/** The values of a compose file's keys, as far as a drill understands them: each is read, or why it is not is told. Pure. */
import { notUnderstood } from './compose-keys.ts';

/** What is wrong with a value: a sentence, and where below its key. */
export class Unfit extends Error {
  readonly below: string;
  constructor(why: string, below = '') {
    super(why);
    this.below = below;
  }
}

export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text, or a number or flag as it is written. @throws Unfit */
export function textIn(value: unknown, below = ''): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Unfit('allowed is a text', below);
}

/** A list of texts; one text is a list of one. @throws Unfit */
export const textsIn = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map((each, index) => textIn(each, String(index))) : [textIn(value)]);

/** Words as they are, or a text that is split at its blanks. @throws Unfit */
export function argvIn(value: unknown): readonly string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return textsIn(value);
  const text = textIn(value);
  if (/["'\\]/.test(text)) throw new Unfit('with quotes or backslashes allowed is a list of words: [sh, -c, "…"]');
  return text.split(/\s+/).filter((word) => word !== '');
}

const variable = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** A mapping, or a list of `NAME=value`. @throws Unfit where a value would come from the environment of who reads the file */
export function environmentIn(value: unknown): Readonly<Record<string, string>> {
  const one = (name: string, text: unknown, below: string): readonly [string, string] => {
    if (!variable.test(name)) throw new Unfit('allowed is the name of a variable');
    if (text === null) throw new Unfit('it has no value: a drill takes none from the environment of the worker', below);
    return [name, textIn(text, below)];
  };
  if (isMapping(value)) return Object.fromEntries(Object.entries(value).map(([name, text]) => one(name, text, name)));
  if (!Array.isArray(value)) throw new Unfit('allowed is a mapping from variables to texts, or a list of NAME=value');
  return Object.fromEntries(value.map((each, index) => {
    const [, name = '', text = null] = /^([^=]*)(?:=(.*))?$/s.exec(textIn(each, String(index))) ?? [];
    // By its number: what has no value may be one that lost its name.
    return one(name, text, String(index));
  }));
}

/** `1m30s`, `500ms`, in whole milliseconds. @throws Unfit */
export function durationIn(value: unknown, below: string): number {
  const [found, hours = '0', minutes = '0', seconds = '0', milliseconds = '0'] = /^(?=\d)(?:(\d{1,3})h)?(?:(\d{1,5})m(?!s))?(?:(\d{1,6}(?:\.\d{1,3})?)s)?(?:(\d{1,9})ms)?$/.exec(textIn(value, below)) ?? [];
  if (found === undefined) throw new Unfit('allowed is a duration: 500ms, 5s, 1m30s', below);
  return Math.round(((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000) + Number(milliseconds);
}

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1_024, m: 1_024 ** 2, g: 1_024 ** 3 };
const [leastBytes, mostBytes] = [16 * 1_024 ** 2, 512 * 1_024 ** 3];

/** `512m`, `2gb`, a number of bytes. @throws Unfit */
export function sizeIn(value: unknown): number {
  const [, count, unit = ''] = /^(\d{1,15})([bkmg]?)b?$/.exec(textIn(value).toLowerCase()) ?? [];
  const bytes = Number(count) * (units[unit] ?? 1);
  if (count === undefined || bytes < leastBytes || bytes > mostBytes) throw new Unfit('allowed is a size from 16m to 512g');
  return bytes;
}

/** An absolute directory of a container, and nothing else. @throws Unfit */
export function directoryIn(text: string, below = ''): string {
  if (/^\/[^:\0]+$/.test(text) && !text.split('/').includes('..')) return text;
  throw new Unfit('allowed is a directory of the container: /var/lib/data', below);
}

/** Only these members of a mapping. @throws Unfit */
export function onlyMembers(value: Readonly<Record<string, unknown>>, allowed: readonly string[], below = ''): void {
  for (const key of Object.keys(value)) if (!allowed.includes(key) && !key.startsWith('x-')) throw new Unfit(notUnderstood, [below, key].filter((part) => part !== '').join('.'));
}
