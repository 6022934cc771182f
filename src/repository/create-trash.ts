/** The trash over a storage. A stay in it is numbered: what one decided about it says nothing of the next. */
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { backupDirectory, checkName, isBackupId } from '../domain/identifiers.ts';
import { partsOf } from '../domain/retention/facts.ts';
import { partsFrom, storedParts, type Asked, type Done, type RemovalRecord, type TrashEnd } from '../domain/retention/records.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createCanonicalOrMatch, createOrMatch, documentNames, notWhatItClaims, readCanonical, readDocument } from './documents.ts';
import { believedManifest, manifestPath } from './manifests.ts';
import { logMarksIn } from './log-marks.ts';
import { plansIn } from './plans.ts';
import type { Trash, TrashEntry, TrashedManifest, Trashing } from './trash.ts';

/** A stay in the trash: where its record and its end lie. */
interface Stay {
  readonly number: number;
  readonly record: string;
  readonly endPath: string;
  readonly hasRecord: boolean;
  readonly end: TrashEnd | null;
}

type Recorded = TrashedManifest & { readonly document: Readonly<Record<string, unknown>> };
type BackupTrash = Omit<Trash, 'markedSegments' | 'markSegments' | 'unmarkSegments' | 'lastPlan' | 'recordPlan'>;

const trashDirectory = (service: string): string => `${checkName('service', service)}/trash/backups`;
const removedDirectory = (service: string): string => `${checkName('service', service)}/removed`;

/** @param repositoryId of which its manifests are; asked before anything is written whether this is still the repository it was */
export function createTrash(storage: BackupStorage, repositoryId: () => Promise<string>): Trash {
  return { ...backupTrash(storage, repositoryId), ...logMarksIn(storage, repositoryId), ...plansIn(storage, repositoryId) };
}

function backupTrash(storage: BackupStorage, repositoryId: () => Promise<string>): BackupTrash {
  const isListed = async (service: string, backupId: string): Promise<boolean> => await storage.stat(manifestPath(service, backupId)) !== null;

  async function newestStay(service: string, backupId: string): Promise<Stay | null> {
    const names = new Set(await documentNames(storage, `${trashDirectory(service)}/${backupId}`));
    const number = Math.max(0, ...[...names].map((name) => Number(/^(\d{9})(?:\.end)?$/.exec(name)?.[1] ?? Number.NaN)));
    if (Number.isNaN(number)) throw notWhatItClaims('RepositoryDamaged', `${trashDirectory(service)}/${backupId}`, 'there is something in it that does not belong there');
    if (number === 0) return null;
    const stay = stayOf(service, backupId, number);
    const end = await readDocument(storage, stay.endPath);
    if (end !== null && end['end'] !== 'back' && end['end'] !== 'gone') throw notWhatItClaims('RepositoryDamaged', stay.endPath, 'it says neither back nor gone');
    return { ...stay, hasRecord: names.has(padded(number)), end: (end?.['end'] ?? null) as TrashEnd | null };
  }

  /** The newest stay of each, of those that have their record still. */
  async function stays(service: string): Promise<readonly { readonly backupId: string; readonly stay: Stay }[]> {
    const found: { backupId: string; stay: Stay }[] = [];
    for (const backupId of await storage.listNames(trashDirectory(service))) {
      if (!isBackupId(backupId)) throw notWhatItClaims('RepositoryDamaged', `${trashDirectory(service)}/${backupId}`, 'its name is no backup id');
      const stay = await newestStay(service, backupId);
      if (stay?.hasRecord === true) found.push({ backupId, stay });
    }
    return found;
  }

  async function removed(service: string, known?: ReadonlyMap<string, RemovalRecord>): Promise<readonly RemovalRecord[]> {
    const found: RemovalRecord[] = [];
    for (const name of await documentNames(storage, removedDirectory(service))) {
      const path = `${removedDirectory(service)}/${name}.json`;
      found.push(known?.get(name) ?? removalFrom(path, name, await readDocument(storage, path)));
    }
    return found;
  }

  async function read(service: string, backupId: string, stay: Stay): Promise<Recorded> {
    const found = await readIfThere(service, backupId, stay);
    if (found !== null) return found;
    throw notWhatItClaims('RepositoryDamaged', stay.record, 'it is gone');
  }

  /** Null where the backup has gone for good since the record was listed. */
  async function readIfThere(service: string, backupId: string, { record }: Stay): Promise<Recorded | null> {
    const found = await readDocument(storage, record);
    if (found === null) return null;
    const { trashedUpTo, sound, by, asked, manifest } = found;
    if (!Number.isSafeInteger(trashedUpTo) || typeof sound !== 'boolean' || typeof by !== 'object' || (asked !== undefined && typeof asked !== 'object') || typeof manifest !== 'object' || manifest === null) throw notWhatItClaims('RepositoryDamaged', record, 'it is no record of the trash');
    const document = manifest as Readonly<Record<string, unknown>>;
    return { ...believedManifest(record, document, await repositoryId(), service, backupId), trashedUpTo: trashedUpTo as number, sound, by: by as Done, ...(asked === undefined ? {} : { asked: asked as Asked }), document };
  }

  /** Which of the two it is: the first to say so. Who was held up until a removal had ended finds neither that word nor the record: it has gone. */
  async function decide({ endPath, record }: Stay, end: TrashEnd, by: Done): Promise<TrashEnd> {
    await repositoryId();
    const isFirst = await createOrMatch(storage, endPath, { format: 1, end, by }).catch((error: unknown) => {
      if (isFailure(error, 'ObjectNotFound')) return false;
      throw error;
    });
    if (!isFirst) return ((await readDocument(storage, endPath))?.['end'] ?? 'gone') as TrashEnd;
    if (await storage.stat(record) !== null) return end;
    await storage.remove(endPath);
    return 'gone';
  }

  async function stayIn(service: string, backupId: string, operation: string): Promise<Stay> {
    const stay = await newestStay(service, backupId);
    if (stay !== null && (stay.hasRecord || stay.end === 'gone')) return stay;
    throw new HoldfastFailure('UnknownBackup', { operation, object: `${service}/${backupId}`, cause: 'it is not in the trash', hint: 'See holdfast list --trash for what is there.' });
  }

  async function restoreManifest(service: string, backupId: string, stay: Stay): Promise<void> {
    const { document } = await read(service, backupId, stay);
    if (await createCanonicalOrMatch(storage, manifestPath(service, backupId), document)) return;
    throw notWhatItClaims('RepositoryDamaged', manifestPath(service, backupId), 'another manifest took its place while it was in the trash');
  }

  /** The record of the removal, then the files, then what the trash knows of it: the end of the stay last, for it says what has to be done. */
  async function finishRemoval(service: string, backupId: string, stay: Stay, by: Done): Promise<void> {
    await repositoryId();
    const path = `${removedDirectory(service)}/${backupId}.json`;
    if (await storage.stat(path) === null) {
      const found = await readIfThere(service, backupId, stay);
      if (found !== null) await createOrMatch(storage, path, { format: 1, backupId, sequence: found.manifest.sequence, manifest: found.sha256, sound: found.sound, parts: storedParts(partsOf(found.manifest)), by });
      // Another has ended the same removal in that moment, or somebody took the record away.
      else if (await storage.stat(path) === null) throw notWhatItClaims('RepositoryDamaged', stay.record, 'it is gone');
    }
    await storage.remove(manifestPath(service, backupId));
    await storage.removeTree(backupDirectory(service, backupId));
    const directory = `${trashDirectory(service)}/${backupId}`;
    const names = await documentNames(storage, directory);
    for (const name of [...names.filter((each) => !each.endsWith('.end')), ...names.filter((each) => each.endsWith('.end'))]) await storage.remove(`${directory}/${name}.json`);
  }

  async function open(service: string, backupId: string, { upTo, sound, by, asked }: Trashing, manifest: Readonly<Record<string, unknown>>): Promise<Stay> {
    const stay = await newestStay(service, backupId);
    const isOpen = stay !== null && stay.end === null && stay.hasRecord;
    // Begun by somebody who did not go on: what it says of its time may be long over.
    if (isOpen && (await read(service, backupId, stay)).trashedUpTo === upTo) return stay;
    if (isOpen) await decide(stay, 'back', by);
    const next = stayOf(service, backupId, (stay?.number ?? 0) + 1);
    await createOrMatch(storage, next.record, { format: 1, trashedUpTo: upTo, sound, by, ...(asked === undefined ? {} : { asked }), manifest });
    return next;
  }

  return {
    async move(service, backupId, trashing) {
      const id = await repositoryId();
      const path = manifestPath(service, backupId);
      const document = await readCanonical(storage, path, 'ManifestDamaged');
      if (document === null) return void await stayIn(service, backupId, 'move a backup to the trash');
      believedManifest(path, document, id, service, backupId);
      const stay = await open(service, backupId, trashing, document);
      // What lies in the trash is read once more before it is the only one.
      const { sha256 } = await read(service, backupId, stay);
      if (sha256 !== document['manifestSha256']) throw notWhatItClaims('RepositoryDamaged', stay.record, 'it is the record of another manifest');
      await storage.remove(path);
    },

    async bringBack(service, backupId, by) {
      const stay = await stayIn(service, backupId, 'take a backup back from the trash');
      const end = stay.end ?? await decide(stay, 'back', by);
      if (end === 'back') await restoreManifest(service, backupId, stay);
      return end;
    },

    async removeForGood(service, backupId, by) {
      const stay = await stayIn(service, backupId, 'remove a backup for good');
      if (stay.end === null && await isListed(service, backupId)) return 'back';
      const end = stay.end ?? await decide(stay, 'gone', by);
      if (end === 'gone') await finishRemoval(service, backupId, stay, by);
      return end;
    },

    async settle(service, by) {
      for (const backupId of await storage.listNames(trashDirectory(service))) {
        const stay = await newestStay(service, backupId);
        if (stay?.end === 'gone') await finishRemoval(service, backupId, stay, by);
        if (stay?.end === 'back' && stay.hasRecord && !(await isListed(service, backupId))) await restoreManifest(service, backupId, stay);
      }
    },

    async list(service) {
      const found: TrashEntry[] = [];
      for (const { backupId, stay } of await stays(service)) {
        if (stay.end !== null || await isListed(service, backupId)) continue;
        found.push({
          backupId, record: stay.record,
          read: async () => {
            const recorded = await readIfThere(service, backupId, stay);
            if (recorded === null) return null;
            const { document: _, ...trashed } = recorded;
            return trashed;
          },
        });
      }
      return found;
    },

    knows: async (service, backupId) => (await storage.listNames(`${trashDirectory(service)}/${backupId}`)).length > 0 || await storage.stat(`${removedDirectory(service)}/${backupId}.json`) !== null,

    async departed(service) {
      const trashed: Pick<RemovalRecord, 'backupId' | 'sequence' | 'sha256'>[] = [];
      for (const { backupId, stay } of await stays(service)) {
        const found = await isListed(service, backupId) ? null : await readIfThere(service, backupId, stay);
        if (found !== null) trashed.push({ backupId, sequence: found.manifest.sequence, sha256: found.sha256 });
      }
      // Last: what leaves the trash meanwhile is found there.
      const gone = await removed(service);
      const known = new Set(gone.map(({ backupId }) => backupId));
      return [...gone, ...trashed.filter(({ backupId }) => !known.has(backupId))];
    },

    removed,
  };
}

const padded = (number: number): string => String(number).padStart(9, '0');

function stayOf(service: string, backupId: string, number: number): Stay {
  const path = `${trashDirectory(service)}/${backupId}/${padded(number)}`;
  return { number, record: `${path}.json`, endPath: `${path}.end.json`, hasRecord: true, end: null };
}

function removalFrom(path: string, name: string, document: Readonly<Record<string, unknown>> | null): RemovalRecord {
  const { backupId, sequence, manifest: sha256, sound, parts: stored } = document ?? {};
  const parts = partsFrom(stored);
  if (backupId !== name || !isBackupId(name) || !Number.isSafeInteger(sequence) || typeof sha256 !== 'string' || typeof sound !== 'boolean' || parts === null) throw notWhatItClaims('RepositoryDamaged', path, 'it is no record of a removal');
  return { backupId: name, sequence: sequence as number, sha256, sound, parts };
}

