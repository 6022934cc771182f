/** What goes when a receiver is forgotten, in lines. Pure. */
import type { ForgettableLog } from '../../domain/wal/forgettable-log.ts';
import { counted, sizeText } from '../../domain/wording.ts';

export function forgettableLines(logs: readonly ForgettableLog[]): readonly string[] {
  if (logs.length === 0) return ['There is no receiver.'];
  return logs.flatMap(({ component, container, systemIdentifier, unstored, refusal }) => [
    `${component} in container ${container}: the receiver of cluster ${systemIdentifier}, its replication slot and its volume`,
    unstored.files === 0 ? '  all that it received is in the repository' : `  LOST with it: ${counted(unstored.files, 'file')} (${sizeText(unstored.sizeBytes)}) that the repository does not have`,
    ...(refusal === null ? [] : [`  Not now: ${refusal.cause}. ${refusal.hint}`]),
  ]);
}
