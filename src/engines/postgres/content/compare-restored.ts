/** Equality of a restored copy with its manifest, sequences included. Pure. */
import type { PostgresDump } from '../../../domain/backup-manifest.ts';
import { compareContent } from '../../../domain/content.ts';
import type { Difference, PostgresContent } from '../../../domain/content.ts';
import { isBehind } from './content-reading.ts';
import type { ContentReading } from './content-reading.ts';

/** Every difference; empty means equal in all that the manifest holds. */
export function compareRestored(backup: PostgresDump, found: ContentReading): readonly Difference[] {
  return [...compareContent(backup.content, found.content), ...sequencesBehind(backup.content, found)];
}

/** A restored sequence lies at or past the recorded value, or the next insert meets a key that is there already. A cycling one proves nothing. */
function sequencesBehind(expected: PostgresContent, found: ContentReading): Difference[] {
  const foundByName = new Map(found.sequences.map((reading) => [reading.sequence, reading]));
  return expected.sequences.flatMap(({ sequence, lastValue }) => {
    const reading = foundByName.get(sequence);
    if (reading === undefined || reading.cycle || !isBehind(reading, { lastValue })) return [];
    return [{ object: sequence, property: 'last value', expected: `${lastValue} or past it`, found: reading.lastValue }];
  });
}

/** How many things were compared: for the sentence under a proof. */
export const comparedObjects = (content: PostgresContent): number => content.tables.length + content.sequences.length + Object.keys(content.objects).length + 1;

/** Were rows hashed, or only counted? */
export const isHashed = (content: PostgresContent): boolean => content.largeObjects.hash !== null || content.tables.some((table) => table.hash !== null);
