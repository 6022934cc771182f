/**
 * Whose unfinished files these are. What a killed writer leaves behind has to be told from what a living one is about to finish, by whoever
 * cleans up after it: so every write is made for somebody, and the mark follows the work through its asynchronous steps.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { HoldfastFailure } from '../domain/failures.ts';

const markPattern = /^[A-Za-z0-9-]{1,64}$/;
const marks = new AsyncLocalStorage<string>();

/** Does the work; what it writes into a storage is marked (a run id) until it is complete. @throws HoldfastFailure InvalidInput */
export const writingFor = <T>(mark: string, work: () => T): T => marks.run(checkMark(mark), work);

/** For whom the current work writes, or null where nobody said. */
export const currentMark = (): string | null => marks.getStore() ?? null;

/** @throws HoldfastFailure InvalidInput */
export function checkMark(mark: string): string {
  if (markPattern.test(mark)) return mark;
  throw new HoldfastFailure('InvalidInput', { operation: 'mark what is written', object: JSON.stringify(mark.slice(0, 80)), cause: 'a mark has 1 to 64 letters, digits or "-"', hint: 'Marks are run ids.' });
}
