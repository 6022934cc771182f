/** Will a component's backup fit into the repository? Asked before anything is dumped: what runs full half-way has cost the database its time for nothing. */
import { type PostgresBackup, storedSizeBytes } from '../domain/backup-manifest.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { sizeText } from '../domain/wording.ts';
import type { Repository } from '../repository/repository.ts';

/**
 * What a first backup takes at the least, as a part of the live data: half of a database is commonly indexes and free space, which no dump holds, and rows
 * compress to a half or a quarter. Set low on purpose: what is refused here cannot be tried, and a wrong guess the other way still ends in `DiskFull`.
 */
const firstBackupPart = 1 / 8;

/**
 * Compares the repository's free space with what the newest backup stored of this component, where it was made the same way; the live data is asked for its size only where that
 * does not fit (it may have shrunk since), or where there is no backup yet. @throws NotEnoughSpace
 */
export async function requireSpace(repository: Repository, service: string, component: string, method: 'dump' | 'base' | 'incremental', inspect: () => Promise<{ readonly dataSizeBytes: number }>): Promise<void> {
  const freeBytes = await repository.storage.freeBytes();
  if (freeBytes === null) return;
  const before = (await repository.newestReadable(service))?.manifest.components.find((each) => each.component === component && (each.engine === 'redis' || methodOf(each) === method));
  const lastBytes = before === undefined ? null : storedSizeBytes(before);
  if (lastBytes !== null && freeBytes >= lastBytes) return;
  // How much changed nobody knows before it is copied.
  if (before === undefined && method === 'incremental') return;
  const { dataSizeBytes } = await inspect();
  const neededBytes = lastBytes === null ? Math.ceil(dataSizeBytes * firstBackupPart) : Math.min(lastBytes, dataSizeBytes);
  if (freeBytes >= neededBytes) return;
  throw new HoldfastFailure('NotEnoughSpace', {
    operation: 'back up into the repository', object: `${service}/${component} in ${repository.storage.location}`,
    cause: `it needs about ${sizeText(neededBytes)} (${lastBytes === null ? `an eighth of its ${sizeText(dataSizeBytes)} of live data` : 'what the last backup took'}), ${sizeText(freeBytes)} are free`,
    hint: 'Free space in the repository, then take the backup again. Nothing was dumped.',
  });
}

/** What a whole copy takes says nothing of what an incremental one will, and the other way round. */
const methodOf = (backup: PostgresBackup): 'dump' | 'base' | 'incremental' => (backup.method === 'base' && backup.chain !== undefined ? 'incremental' : backup.method);
