/** Holds: why older backups have to stay (docs/backup-format.md). */
import { checkName } from '../domain/identifiers.ts';
import type { Hold } from '../domain/hold.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { readClaims } from './claims.ts';
import { createOrMatch, documentNames, notWhatItClaims, readDocument } from './documents.ts';
import type { Repository } from './repository.ts';

export function holdsIn(storage: BackupStorage): Pick<Repository, 'recordHold' | 'listHolds'> {
  const directory = (service: string): string => `${checkName('service', service)}/holds`;
  return {
    async recordHold(hold) {
      const path = `${directory(hold.service)}/${hold.backupId}-${checkName('component', hold.component)}.json`;
      const sequence = (await readClaims(storage, hold.service)).find(({ claim }) => claim.backupId === hold.backupId)?.sequence;
      if (sequence === undefined) throw notWhatItClaims('RepositoryDamaged', path, 'nobody claimed that backup');
      await createOrMatch(storage, path, { format: 1, ...hold, sequence });
    },
    async listHolds(service) {
      const holds: Hold[] = [];
      for (const name of await documentNames(storage, directory(service))) {
        const path = `${directory(service)}/${name}.json`;
        const hold = await readDocument(storage, path) as unknown as Hold | null;
        if (hold === null) continue;
        if (hold.service !== service || !Number.isSafeInteger(hold.sequence) || typeof hold.reason !== 'string') throw notWhatItClaims('RepositoryDamaged', path, 'it is not a hold');
        holds.push(hold);
      }
      return holds;
    },
  };
}
