/** One thing that is wrong with a configuration, and the failure that carries all of them at once. */
import { HoldfastFailure } from '../domain/failures.ts';

export interface ConfigProblem {
  /** `services.story-portal.health.within`, or the name of an environment variable. */
  readonly where: string;
  /** Where it stands in the file, counted from 1; null for the environment. */
  readonly position: { readonly line: number; readonly column: number } | null;
  /** What is there, shortened; never the value of anything that could be a secret. */
  readonly found: string;
  /** What would be right, or why it is refused. */
  readonly allowed: string;
}

/** `line 4, column 13: services.story-portal.health.within: found "2 minutes"; allowed is …` */
export function problemText({ where, position, found, allowed }: ConfigProblem): string {
  const place = position === null ? '' : `line ${position.line}, column ${position.column}: `;
  return `${place}${where === '' ? '' : `${where}: `}found ${found}; ${allowed}`;
}

/** The one failure for any number of problems, in the order of the file. */
export function invalidConfiguration(object: string, problems: readonly ConfigProblem[]): HoldfastFailure {
  const ordered = [...problems].sort((a, b) => (a.position?.line ?? 0) - (b.position?.line ?? 0) || (a.position?.column ?? 0) - (b.position?.column ?? 0));
  const lines = ordered.map((problem) => `\n  ${problemText(problem)}`).join('');
  return new HoldfastFailure('InvalidConfiguration', {
    operation: 'read the configuration',
    object,
    cause: `${problems.length} problem${problems.length === 1 ? '' : 's'}:${lines}\n`,
    hint: 'Correct what is listed; `holdfast config schema` prints everything that is allowed.',
  });
}

const secretWords = /pass|secret|token|credential|api.?key/i;
const shownCharacters = 60;

/** What stands at a path, worded for a person. Anything under a key that sounds secret, and any URL that carries a password, is not shown. */
export function describeFound(path: readonly PropertyKey[], value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  if (path.some((part) => secretWords.test(String(part))) || /:\/\/[^/]*@/.test(String(value))) return `a ${typeof value} (not shown: it may be a secret)`;
  if (typeof value !== 'string') return `the ${typeof value} ${String(value)}`;
  return JSON.stringify(value.length > shownCharacters ? `${value.slice(0, shownCharacters)}…` : value);
}
