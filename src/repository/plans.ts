/** The plan that was carried out last: the record with the highest number. */
import { checkName, isBackupId } from '../domain/identifiers.ts';
import type { LastPlan } from '../domain/retention/facts.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createOrMatch, documentNames, listedAnew, notWhatItClaims, readDocument } from './documents.ts';
import type { Trash } from './trash.ts';

const isId = (value: unknown): value is string => typeof value === 'string' && isBackupId(value);

/** @param beforeWriting fails where this is not the repository it was */
export function plansIn(storage: BackupStorage, beforeWriting: () => Promise<unknown>): Pick<Trash, 'lastPlan' | 'recordPlan'> {
  const directory = (service: string): string => `${checkName('service', service)}/retention`;
  const pathOf = (service: string, number: number): string => `${directory(service)}/${String(number).padStart(9, '0')}.json`;

  async function numbers(service: string): Promise<readonly number[]> {
    const names = await documentNames(storage, directory(service));
    const other = names.find((name) => !/^\d{9}$/.test(name));
    if (other !== undefined) throw notWhatItClaims('RepositoryDamaged', `${directory(service)}/${other}.json`, 'its name is no number');
    return names.map(Number).sort((a, b) => a - b);
  }

  /** Null where another was carried out since it was listed. */
  async function planOf(path: string): Promise<LastPlan | null> {
    const document = await readDocument(storage, path);
    if (document === null) return null;
    const { upTo, newest, takenBack = [] } = document;
    if (!Number.isSafeInteger(upTo) || !isId(newest) || !Array.isArray(takenBack) || !takenBack.every(isId)) throw notWhatItClaims('RepositoryDamaged', path, 'it is no plan that was carried out');
    return { upTo: upTo as number, newest, takenBack };
  }

  return {
    async lastPlan(service) {
      const { plan } = await listedAnew(directory(service), async () => {
        const newest = (await numbers(service)).at(-1);
        if (newest === undefined) return { plan: null };
        const found = await planOf(pathOf(service, newest));
        return found === null ? null : { plan: found };
      });
      return plan;
    },
    async recordPlan(service, { upTo, newest, takenBack }, by) {
      await beforeWriting();
      const before = await numbers(service);
      for (let number = (before.at(-1) ?? 0) + 1; !(await createOrMatch(storage, pathOf(service, number), { format: 1, upTo, newest, ...(takenBack.length === 0 ? {} : { takenBack }), by })); number += 1);
      for (const number of before) await storage.remove(pathOf(service, number));
    },
  };
}
