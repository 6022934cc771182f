/** What goes when a receiver is forgotten, in lines. Pure. */
import type { ForgettableLog } from '../../domain/wal/forgettable-log.ts';
import { endingStatements } from '../../domain/wal/archive-command.ts';
import { counted, sizeText } from '../../domain/wording.ts';

export function forgettableLines(logs: readonly ForgettableLog[]): readonly string[] {
  if (logs.length === 0) return ['There is no receiver.'];
  return logs.flatMap(({ component, container, systemIdentifier, unstored, refusal, by }) => [
    ...(by === 'archive' ? archivingLines(component, container, systemIdentifier) : [`${component} in container ${container}: the receiver of cluster ${systemIdentifier}, its replication slot and its volume`]),
    unstored.files === 0 ? '  all that it received is in the repository' : `  LOST with it: ${counted(unstored.files, 'file')} (${sizeText(unstored.sizeBytes)}) that the repository does not have`,
    ...(refusal === null ? [] : [`  Not now: ${refusal.cause}. ${refusal.hint}`]),
  ]);
}

/** What becomes of the server besides: with an empty archive_command it would keep its log for ever, until its next restart. */
const archivingLines = (component: string, container: string, systemIdentifier: string): readonly string[] => [
  `${component} in container ${container}: the archiving of cluster ${systemIdentifier}, its script and its spool`,
  ...endingStatements.map((statement) => `  ${statement}`),
  '      where archive_command is Holdfast\'s still. /bin/true archives nothing, and has the server keep nothing; archive_mode goes back to what its files say with the next restart, which is not made',
];
