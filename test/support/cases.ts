/** One test over many rows, of which few are worth their time in every run. */
import { test } from 'vitest';

/**
 * @param always the rows that say something of their own: in `npm test`
 * @param long further ones of the same kind, under the tag `long`: in `npm run test:all` (ADR 35)
 * @param on `test.concurrent` where the rows go side by side
 * @returns as `test.for`: what it makes of a title, and of a function that is given one row
 */
export function cases<const Row, const Further = Row>(always: readonly Row[], long: readonly Further[], on: Pick<typeof test, 'for'> = test): (title: string, fn: (row: Row | Further) => Promise<void>, timeout?: number) => void {
  return (title, fn, timeout) => {
    const options = timeout === undefined ? {} : { timeout };
    on.for(always)(title, options, (row) => fn(row));
    on.for(long)(title, { ...options, tags: 'long' }, (row) => fn(row));
  };
}
