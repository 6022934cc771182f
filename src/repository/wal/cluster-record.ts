/** `cluster.json`: whose log this is. The first object of an archive; without it the names of the others cannot be read. */
import { isSegmentSize } from '../../domain/wal/segment.ts';
import type { BackupStorage } from '../../storage/storage.ts';
import { createOrMatch, notWhatItClaims, readDocument } from '../documents.ts';
import type { WalKey } from '../wal-archive.ts';
import { clusterPath, clustersDirectory, directoryOf, isSystemIdentifier } from './object-names.ts';
import { walFailure } from './wal-failure.ts';

export interface ClusterRecord {
  /** Is there an archive under this key? @throws WalConflict where its segments have another size, RepositoryDamaged */
  known(key: WalKey): Promise<boolean>;
  /** The same, and it is begun where there is none. For whoever stores. */
  require(key: WalKey): Promise<void>;
  /** @throws RepositoryDamaged */
  keyOf(service: string, component: string, systemIdentifier: string): Promise<WalKey>;
  /** @throws RepositoryDamaged where something lies there that is no cluster's archive */
  list(service: string, component: string): Promise<readonly string[]>;
}

/** @param beforeWriting fails where this is not the repository it was: an unmounted share leaves a directory that takes everything */
export function clusterRecordIn(storage: BackupStorage, beforeWriting: () => Promise<unknown>): ClusterRecord {
  async function known(key: WalKey): Promise<boolean> {
    const path = `${directoryOf(key)}/${clusterPath}`;
    const record = await readDocument(storage, path);
    if (record === null) return false;
    const { format, systemIdentifier, segmentSizeBytes } = record;
    if (format !== 1 || systemIdentifier !== key.systemIdentifier) throw notWhatItClaims('RepositoryDamaged', path, 'it does not describe this cluster');
    if (segmentSizeBytes === key.segmentSizeBytes) return true;
    throw walFailure('WalConflict', 'open the archive of a log', directoryOf(key), `its segments have ${String(segmentSizeBytes)} bytes, and the server's have ${key.segmentSizeBytes}`);
  }

  async function require(key: WalKey): Promise<void> {
    const path = `${directoryOf(key)}/${clusterPath}`;
    await beforeWriting();
    if (await known(key)) return;
    const { systemIdentifier, segmentSizeBytes } = key;
    // Who lost is told by what the winner wrote.
    if (!(await createOrMatch(storage, path, { format: 1, systemIdentifier, segmentSizeBytes }))) await known(key);
  }

  async function keyOf(service: string, component: string, systemIdentifier: string): Promise<WalKey> {
    const directory = clustersDirectory(service, component);
    const path = `${directory}/${systemIdentifier}/${clusterPath}`;
    const segmentSizeBytes = isSystemIdentifier(systemIdentifier) ? (await readDocument(storage, path))?.['segmentSizeBytes'] : undefined;
    if (typeof segmentSizeBytes !== 'number' || !isSegmentSize(segmentSizeBytes)) throw notWhatItClaims('RepositoryDamaged', path, 'it does not describe a cluster');
    const key = { service, component, systemIdentifier, segmentSizeBytes };
    await known(key);
    return key;
  }

  async function list(service: string, component: string): Promise<readonly string[]> {
    const directory = clustersDirectory(service, component);
    const clusters: string[] = [];
    for (const name of await storage.listNames(directory)) {
      if (!isSystemIdentifier(name)) throw walFailure('RepositoryDamaged', 'list the archives of a log', `${directory}/${name}`, 'its name is no system identifier');
      if ((await storage.stat(`${directory}/${name}/${clusterPath}`)) !== null) clusters.push(name);
      // A directory is there before its first object; a writer may have died in between, or write it just now: then it is no archive yet.
      else if ((await storage.listNames(`${directory}/${name}`)).length > 0 && (await storage.stat(`${directory}/${name}/${clusterPath}`)) === null) throw walFailure('RepositoryDamaged', 'list the archives of a log', `${directory}/${name}`, 'its cluster.json is gone');
    }
    return clusters;
  }

  return { known, require, keyOf, list };
}
