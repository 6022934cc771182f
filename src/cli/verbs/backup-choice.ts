/** A backup named on the command line, checked before anything is started for it. */
import { parseChoice } from '../../domain/drill/drill-settings.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { isBackupPrefix } from '../../domain/identifiers.ts';

/** An id, its first digits, or "latest". Whether there is such a backup is for the run to say. @throws InvalidInput */
export function checkBackupChoice(text: string | undefined): string {
  if (text === 'latest' || (text !== undefined && isBackupPrefix(text))) return text;
  throw new HoldfastFailure('InvalidInput', { operation: 'find the backup', object: JSON.stringify((text ?? '').slice(0, 40)), cause: 'a backup id looks like 20261123-010000', hint: 'See `holdfast list`; the first digits are enough when they are unique, and latest is the newest.' });
}

/** Of a drill also one by chance: `random-within 30d`. @throws InvalidInput */
export const checkDrilledChoice = (text: string): string => (parseChoice(text) === null ? checkBackupChoice(text) : text);
