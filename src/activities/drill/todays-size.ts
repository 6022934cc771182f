/** How large a service is today, as far as backups tell: what a drill of an older one, or of fewer rows, is projected to. */
import { liveSizeBytes, type ComponentBackup } from '../../domain/backup-manifest.ts';
import type { Repository } from '../../repository/repository.ts';
import { readIfThere } from '../base-backups.ts';
import type { RestoredStore } from './report-evidence.ts';

/** Bytes of the live data of each store, by its newest backup of the same way: a dump is of one database, a copy of the whole server. Null where nothing was to be brought back. */
export async function todaysBytes(repository: Repository, service: string, restored: readonly RestoredStore[]): Promise<number | null> {
  if (restored.length === 0) return null;
  const missing = new Map(restored.map(({ backup }) => [backup.component, backup]));
  let sum = 0;
  for (const id of [...await repository.listBackups(service)].reverse()) {
    if (missing.size === 0) break;
    const { manifest } = await readIfThere(repository, service, id) ?? {};
    if (manifest === undefined || manifest.imported !== undefined) continue;
    for (const own of manifest.components) {
      const wanted = missing.get(own.component);
      if (wanted === undefined || wayOf(wanted) !== wayOf(own)) continue;
      sum += liveSizeBytes(own);
      missing.delete(own.component);
    }
  }
  return sum + [...missing.values()].reduce((left, backup) => left + liveSizeBytes(backup), 0);
}

const wayOf = (backup: ComponentBackup): string => (backup.engine === 'redis' ? 'rdb' : backup.method);
