/** Which moments of a component can be come back to, from the repository alone: its base backups, and the log that is archived behind them. */
import { newestBase, reachableWindows, type ReachableLog, type ReachableMoments } from '../../domain/wal/reachable.ts';
import type { WalSample } from '../../domain/wal/exposure.ts';
import type { Repository } from '../../repository/repository.ts';
import type { WalArchive, WalKey } from '../../repository/wal-archive.ts';
import { basesIn, keyOf, pathOf, rangeOf, timelineToFollow } from './locate-moment.ts';

export interface ReachableRequest {
  readonly service: string;
  readonly component: string;
  /** Of the cluster that is live now, where that is known. */
  readonly systemIdentifier?: string;
  /** Readings beside those that the archive has: a worker knows newer ones. */
  readonly samples?: (systemIdentifier: string) => Promise<readonly WalSample[]>;
}

/** Batches of readings that are looked at first: some hours of them. */
const newestBatches = 48;

/**
 * Of the cluster of the newest base backup, along the timeline that a restore follows unless it is told otherwise, or a live server is on another. Null where there is no base backup.
 * @throws PointUnreachable (the live cluster has none), RepositoryDamaged, RepositoryUnreachable, WalConflict
 */
export async function reachableMoments(repository: Repository, { samples: furtherSamples, ...request }: ReachableRequest): Promise<ReachableMoments | null> {
  const bases = await basesIn(repository, { ...request, point: { kind: 'latest' } });
  const newest = bases.at(-1);
  if (newest === undefined) return null;
  const key = keyOf(request, newest);
  const { systemIdentifier, segmentSizeBytes } = key;
  const own = bases.filter(({ backup }) => backup.server.systemIdentifier === systemIdentifier);
  const histories = await repository.wal.histories(key);
  const holdings = await repository.wal.holdings(key);
  const timeline = timelineToFollow(own, histories, holdings);
  const path = pathOf(timeline, histories);
  if (path === null) return { systemIdentifier, segmentSizeBytes, timeline, historyKnown: false, windows: [], newest: null };
  const ranges = bases.map((base) => ({ ...rangeOf(base), systemIdentifier: base.backup.server.systemIdentifier }));
  const further = await furtherSamples?.(systemIdentifier) ?? [];
  const log: ReachableLog = { systemIdentifier, path, bases: ranges, holdings, samples: further };
  const ends = reachableWindows(log).map(({ end }) => end.lsn);
  const samples = [...further, ...await samplesFor(repository.wal, key, ends)];
  return { systemIdentifier, segmentSizeBytes, timeline, historyKnown: true, windows: reachableWindows({ ...log, samples }), newest: newestBase(log) };
}

/** Readings that tell when each of these positions was written: the newest ones, and all where those do not reach back. */
async function samplesFor(archive: WalArchive, key: WalKey, positions: readonly bigint[]): Promise<readonly WalSample[]> {
  if (positions.length === 0) return [];
  const newest = await archive.readSamples(key, newestBatches);
  return positions.every((lsn) => newest.some((sample) => sample.lsn <= lsn)) ? newest : archive.readSamples(key);
}
