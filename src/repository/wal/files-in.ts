/** The archive as files: for a server that reads it where it lies. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { historyName, segmentName } from '../../domain/wal/segment.ts';
import type { BackupStorage } from '../../storage/storage.ts';
import type { WalArchive } from '../wal-archive.ts';
import type { ClusterRecord } from './cluster-record.ts';
import { clusterPath, completePath, directoryOf, historyPath, partialPath } from './object-names.ts';

export function filesIn(storage: BackupStorage, cluster: ClusterRecord): Pick<WalArchive, 'logFiles' | 'hostDirectory'> {
  return {
    logFiles: ({ segmentSizeBytes }, segments, histories) => [
      ...[...histories].map(([timeline, text]) => {
        const sha256 = createHash('sha256').update(text).digest('hex');
        return { name: historyName(timeline), path: historyPath(timeline, sha256), sizeBytes: Buffer.byteLength(text), sha256 };
      }),
      ...segments.map((segment) => ({
        name: segmentName(segment, segmentSizeBytes),
        path: 'end' in segment ? partialPath(segment, segmentSizeBytes, segment.sha256) : completePath(segment, segmentSizeBytes, segment.sha256),
        sizeBytes: segmentSizeBytes, sha256: segment.sha256, ...('end' in segment ? { fleeting: true } : {}),
      })),
    ],
    async hostDirectory(key) {
      if (!(await cluster.known(key))) return null;
      const path = await storage.hostPath(`${directoryOf(key)}/${clusterPath}`);
      return path === null ? null : dirname(path);
    },
  };
}
