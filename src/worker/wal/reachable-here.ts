/** Which moments a repository leads to, as this machine knows it: from the repository, and from what its worker last wrote down of the log. Needs nothing running. */
import { reachableMoments } from '../../activities/moment/reachable-moments.ts';
import type { LogStatus } from '../../domain/wal/log-status.ts';
import type { WalSample } from '../../domain/wal/exposure.ts';
import { parseLsn } from '../../domain/wal/lsn.ts';
import type { ReachableMoments } from '../../domain/wal/reachable.ts';
import type { Repository } from '../../repository/repository.ts';
import { readLogStatus } from '../standing-file.ts';

/** Null where there is no base backup. @throws what reachableMoments throws */
export function reachableHere(repository: Repository, service: string, component: string, stateDirectory: string): Promise<ReachableMoments | null> {
  // Only a finer figure: where it cannot be read, the repository's own readings tell.
  const samples = async (systemIdentifier: string): Promise<readonly WalSample[]> =>
    samplesIn(await readLogStatus(stateDirectory, service, component).catch(() => null), repository.name, systemIdentifier);
  return reachableMoments(repository, { service, component, samples });
}

/** The repository's readings come minutes apart; a worker knows the instant that is covered to the second. */
function samplesIn(status: LogStatus | null, repository: string, systemIdentifier: string): readonly WalSample[] {
  const place = status?.systemIdentifier === systemIdentifier ? status.repositories.find(({ name }) => name === repository) : undefined;
  const lsn = parseLsn(place?.durable ?? '');
  return place?.coveredAt == null || lsn === null ? [] : [{ at: place.coveredAt, lsn }];
}
