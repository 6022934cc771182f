/** The base backup that a log leads on from, for whoever has the configuration and no run: from the service's repository alone. */
import { createKnownBases } from '../../activities/wal/known-bases.ts';
import { readStanding } from '../../activities/wal/standing-log.ts';
import type { Config } from '../../config/config.ts';
import { isFailure } from '../../domain/failures.ts';
import type { LogStatus } from '../../domain/wal/log-status.ts';
import type { BaseStanding } from '../../domain/wal/needed-base.ts';
import { composeRepositories } from '../dependencies.ts';

/** Null where it is not known: the cluster is not, or the repository does not answer. */
export async function standingOf(config: Config, status: LogStatus | null): Promise<BaseStanding | null> {
  const service = config.services.find(({ name }) => name === status?.service);
  const repository = composeRepositories(config).get(service?.repositories[0] ?? '');
  if (status === null || repository === undefined) return null;
  const standing = await readStanding(repository, createKnownBases(), status);
  return isFailure(standing) ? null : standing;
}
