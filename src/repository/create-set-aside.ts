/** Copies that a run set aside, over a storage (docs/backup-format.md). */
import { checkName } from '../domain/identifiers.ts';
import type { SetAsideCopy, SetAsideDecision } from '../domain/set-aside.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createOrMatch, notWhatItClaims, readDocument } from './documents.ts';
import { headPath } from './head.ts';
import type { RepositoryPlace, SetAside, SetAsideKey } from './set-aside.ts';

/** @param beforeWriting called before anything is stored; fails where this is not the repository it was */
export function createSetAside(storage: BackupStorage, beforeWriting: () => Promise<unknown>, { service, runId, component }: SetAsideKey): SetAside {
  const own = `${checkName('service', service)}/set-aside/${runId}/${checkName('component', component)}`;
  const paths = { copy: `${own}/copy.json`, decision: `${own}/decision.json`, back: `${own}/back.json`, attempts: `${own}/attempts` } as const;
  const fileOf = (attempt: string, file: string): string => `${paths.attempts}/${attempt}/${file}`;

  async function firstOf<T extends object>(path: string, value: T): Promise<T> {
    await beforeWriting();
    if (await createOrMatch(storage, path, value)) return value;
    const found = await readDocument(storage, path);
    if (found === null) throw notWhatItClaims('RepositoryDamaged', path, 'it was there a moment ago');
    return found as unknown as T;
  }

  return {
    location: `${storage.location}/${own}`,
    async destination(attempt, signal) {
      await beforeWriting();
      return {
        hostDirectory: await storage.attemptDirectory(`${paths.attempts}/${attempt}`),
        put: (file, source) => storage.putStream(fileOf(attempt, file), source, signal),
        adopt: (file) => storage.adopt(fileOf(attempt, file), signal),
        pathOf: (file) => `${attempt}/${file}`,
      };
    },
    directory: () => storage.attemptDirectory(own),
    open: (attempt, file) => storage.openRead(fileOf(attempt, file)),
    digest: (attempt, file, signal) => storage.digest(fileOf(attempt, file), signal),
    record: (copy) => firstOf(paths.copy, copy),
    read: async () => await readDocument(storage, paths.copy) as unknown as SetAsideCopy | null,
    async removeOthers(copy) {
      for (const attempt of await storage.listNames(paths.attempts)) if (attempt !== copy.attempt) await storage.removeTree(`${paths.attempts}/${attempt}`);
    },
    decide: async (wish) => (await firstOf<{ readonly format: 1; readonly decision: SetAsideDecision }>(paths.decision, { format: 1, decision: wish })).decision,
    markBack: async () => void await firstOf(paths.back, { format: 1 }),
    isBack: async () => await storage.stat(paths.back) !== null,
    async remove() {
      await storage.remove(paths.copy);
      await storage.removeTree(paths.attempts);
    },
  };
}

/** @throws RepositoryUnreachable */
export async function placeOf(storage: BackupStorage): Promise<RepositoryPlace> {
  const hostPath = await storage.hostPath(headPath);
  return { location: storage.location, head: hostPath === null ? null : { hostPath, sha256: (await storage.digest(headPath)).sha256 }, freeBytes: await storage.freeBytes() };
}
