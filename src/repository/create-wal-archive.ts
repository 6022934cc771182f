/** The archive of write-ahead logs over a storage (docs/backup-format.md). */
import type { BackupStorage } from '../storage/storage.ts';
import { clusterRecordIn } from './wal/cluster-record.ts';
import { filesIn } from './wal/files-in.ts';
import { breaksIn, historiesIn, samplesIn } from './wal/records-in.ts';
import { segmentsIn } from './wal/segments-in.ts';
import type { WalArchive } from './wal-archive.ts';

/** @param beforeWriting called before anything is stored; fails where this is not the repository it was */
export function createWalArchive(storage: BackupStorage, beforeWriting: () => Promise<unknown>): WalArchive {
  const cluster = clusterRecordIn(storage, beforeWriting);
  return {
    ...segmentsIn(storage, cluster),
    ...historiesIn(storage, cluster),
    ...samplesIn(storage, cluster),
    ...breaksIn(storage, cluster),
    ...filesIn(storage, cluster),
    clusters: cluster.list,
    keyOf: cluster.keyOf,
  };
}
