/** What an archived log leads on from, as the repository tells. */
import { isFailure, type HoldfastFailure } from '../../domain/failures.ts';
import type { LogStatus } from '../../domain/wal/log-status.ts';
import { standingBase, type BaseStanding } from '../../domain/wal/needed-base.ts';
import type { Repository } from '../../repository/repository.ts';
import type { WalKey } from '../../repository/wal-archive.ts';
import type { KnownBases } from './known-bases.ts';

/** Null before the cluster and its position are known; a failure where the archive cannot be read. */
export async function readStanding(repository: Repository, bases: KnownBases, status: LogStatus): Promise<BaseStanding | HoldfastFailure | null> {
  const { service, component, systemIdentifier, segmentSizeBytes, source } = status;
  if (systemIdentifier === null || segmentSizeBytes === null || source === null) return null;
  const key: WalKey = { service, component, systemIdentifier, segmentSizeBytes };
  try {
    // A share that is not mounted leaves an empty directory: that there is no base backup in it says nothing.
    await repository.open();
    return standingBase({
      systemIdentifier, timeline: source.timeline, holdings: await repository.wal.holdings(key),
      breaks: (await repository.wal.listBreaks(key)).map(({ segment }) => segment), bases: await bases.of(repository, service, component, systemIdentifier),
    });
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}
