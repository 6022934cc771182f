/**
 * Psql variables as \set lines at the head of a script: nothing shows in argv, and no value is ever part of SQL text. A single-quoted argument
 * of a psql command knows '' and C's escapes, and interpolates nothing (psql, "Meta-Commands"). Pure.
 */
export type PsqlVariables = Readonly<Record<string, string | number | boolean>>;

/** @param variables names are ours and plain; values may be anything but NUL */
export const psqlVariables = (variables: PsqlVariables): string =>
  Object.entries(variables).map(([name, value]) => `\\set ${name} '${escaped(String(value))}'\n`).join('');

const escaped = (value: string): string =>
  value.replace(/\\/g, '\\\\').replace(/'/g, '\'\'').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t');
