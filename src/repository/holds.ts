/** Holds: why backups have to stay, and what let them go (docs/backup-format.md). A release is an object of its own: nothing here is ever changed or removed. */
import { HoldfastFailure } from '../domain/failures.ts';
import { checkName } from '../domain/identifiers.ts';
import type { Hold, HoldRelease, ReleasedHold } from '../domain/hold.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { readClaims } from './claims.ts';
import { createOrMatch, documentNames, notWhatItClaims, readDocument } from './documents.ts';
import type { Repository } from './repository.ts';

export function holdsIn(storage: BackupStorage): Pick<Repository, 'recordHold' | 'listHolds' | 'releaseHold' | 'listReleasedHolds'> {
  const directory = (service: string): string => `${checkName('service', service)}/holds`;
  const releasePath = (hold: Hold): string => `${checkName('service', hold.service)}/releases/${nameOf(hold)}.json`;

  async function all(service: string): Promise<readonly { readonly hold: Hold; readonly release: HoldRelease | null }[]> {
    const found: { hold: Hold; release: HoldRelease | null }[] = [];
    for (const name of await documentNames(storage, directory(service))) {
      const path = `${directory(service)}/${name}.json`;
      const hold = await readDocument(storage, path) as unknown as Hold | null;
      if (hold === null) continue;
      if (hold.service !== service || !Number.isSafeInteger(hold.sequence) || typeof hold.reason !== 'string' || nameOf(hold) !== name) throw notWhatItClaims('RepositoryDamaged', path, 'it is not a hold');
      found.push({ hold, release: await readRelease(hold) });
    }
    return found;
  }

  async function readRelease(hold: Hold): Promise<HoldRelease | null> {
    const release = await readDocument(storage, releasePath(hold)) as unknown as HoldRelease | null;
    if (release !== null && (release.service !== hold.service || release.backupId !== hold.backupId)) throw notWhatItClaims('RepositoryDamaged', releasePath(hold), 'it is not the release of that hold');
    return release;
  }

  return {
    async recordHold(hold) {
      const path = `${directory(hold.service)}/${nameOf(hold)}.json`;
      const sequence = (await readClaims(storage, hold.service)).find(({ claim }) => claim.backupId === hold.backupId)?.sequence;
      if (sequence === undefined) throw notWhatItClaims('RepositoryDamaged', path, 'nobody claimed that backup');
      await createOrMatch(storage, path, { format: 1, ...hold, sequence });
    },
    listHolds: async (service) => (await all(service)).filter(({ release }) => release === null).map(({ hold }) => hold),
    async releaseHold(hold, release) {
      if (await createOrMatch(storage, releasePath(hold), { format: 1, service: hold.service, backupId: hold.backupId, ...release })) return;
      const winner = await readRelease(hold);
      if (winner?.run.runId === release.run.runId) return;
      throw new HoldfastFailure('UnknownHold', { operation: 'release a hold', object: `${hold.service}/${hold.backupId}`, cause: `${winner?.run.workflowId} released it at ${winner?.at}`, hint: 'Nothing is left to do: holdfast list --all shows who did it, and why.' });
    },
    listReleasedHolds: async (service) => (await all(service)).flatMap(({ hold, release }): readonly ReleasedHold[] => (release === null ? [] : [{ hold, release }])),
  };
}

/** A damaged page is one of one backup's component, however often it is found; who holds a backup by hand may do so again after it was let go. */
const nameOf = ({ backupId, component, run }: Pick<Hold, 'backupId' | 'component' | 'run'>): string =>
  (component === undefined ? `${backupId}.${checkName('run', run.runId)}` : `${backupId}-${checkName('component', component)}`);
