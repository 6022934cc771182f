/** The base backups of a component, from the manifests of a repository. A manifest never changes, so each is read once. */
import { isFailure } from '../../domain/failures.ts';
import { brokenLink, type ChainedBase } from '../../domain/wal/base-chain.ts';
import { parseLsn } from '../../domain/wal/lsn.ts';
import type { KnownBase } from '../../domain/wal/needed-base.ts';
import type { Repository } from '../../repository/repository.ts';
import { readBelievable } from '../base-backups.ts';

interface FoundBase extends KnownBase, ChainedBase {
  readonly component: string;
  readonly systemIdentifier: string;
}

export interface KnownBases {
  /** Those of one component and cluster, in any order. @throws RepositoryUnreachable, RepositoryDamaged */
  of(repository: Repository, service: string, component: string, systemIdentifier: string): Promise<readonly KnownBase[]>;
}

export function createKnownBases(): KnownBases {
  const read = new Map<string, readonly FoundBase[]>();
  return {
    async of(repository, service, component, systemIdentifier) {
      const found: FoundBase[] = [];
      for (const id of await repository.listBackups(service)) {
        const key = `${repository.name}/${service}/${id}`;
        const bases = read.get(key) ?? await basesOf(repository, service, id);
        // It went to the trash since it was listed, and may come back.
        if (bases === null) continue;
        read.set(key, bases);
        found.push(...bases);
      }
      const own = found.filter((base) => base.component === component && base.systemIdentifier === systemIdentifier);
      // One that stands on what is gone leads nowhere.
      const known = new Map(own.map((base) => [base.backupId, base]));
      return own.filter((base) => brokenLink(base, known) === null).map(({ backupId, timeline, begin }) => ({ backupId, timeline, begin }));
    },
  };
}

/** One whose manifest cannot be believed leads nowhere; null for one that is not there. */
async function basesOf(repository: Repository, service: string, backupId: string): Promise<readonly FoundBase[] | null> {
  const read = await readBelievable(repository, service, backupId).catch((error: unknown) => {
    if (isFailure(error, 'UnknownBackup')) return undefined;
    throw error;
  });
  if (read === undefined) return null;
  return (read?.manifest.components ?? []).flatMap((backup): readonly FoundBase[] => {
    if (read === null || backup.engine !== 'postgres' || backup.method !== 'base') return [];
    return [{ backupId, sha256: read.sha256, chain: backup.chain ?? [], component: backup.component, systemIdentifier: backup.server.systemIdentifier, timeline: backup.range.timeline, begin: parseLsn(backup.range.begin) ?? 0n }];
  });
}
