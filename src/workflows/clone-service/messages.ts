/** Contract of `cloneService`: a copy of a service as a backup holds it, or as it was at any moment that the log leads to, on ports of this host, until somebody removes it. */
import type { ReachedMoment } from '../../engines/moment-engine.ts';
import type { CommonInput } from '../shared/run.ts';

export interface CloneServiceInput extends CommonInput {
  /** What the copy is to be called. */
  readonly name: string;
  /** What one backup holds: an id, a unique prefix, or `latest`. */
  readonly backup?: string;
  /** The moment, what happened at it included: as of `restoreToPointInTime`. */
  readonly to?: string;
  /** The same, what happened at it left out. One of the three. */
  readonly before?: string;
  /** Along which timeline; the youngest that the archive knows unless given. */
  readonly timeline?: number;
  /** Of which cluster, by its system identifier; the one that is live unless given. */
  readonly cluster?: string;
  /** Ports of 127.0.0.1 on the Docker host, by component; a free one for each that is not named. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Up to where the way is found and checked; nothing is made. */
  readonly dryRun?: boolean;
}

/** One server of the copy. */
export interface ClonedServer {
  readonly component: string;
  readonly engine: 'postgres' | 'redis';
  readonly container: string;
  /** `127.0.0.1:32768`, on the service's Docker host. */
  readonly address: string;
  /** PostgreSQL: whom and what to connect as and to, as of the original. */
  readonly user?: string;
  readonly database?: string;
  readonly backupId: string;
  /** The instant that its data covers. */
  readonly at: string;
  /** Of a store without a log of its own: how long before the moment that is; negative after it. */
  readonly beforeMs?: number;
  /** `aof`: from its archived append-only file; its `backupId` was this run's alone. */
  readonly source?: 'aof';
  /** Of a backup, though its append-only file is archived: why that did not lead there. */
  readonly unfit?: string;
}

export interface CloneServiceResult {
  readonly outcome: 'made' | 'planned';
  readonly name: string;
  /** Null where a dump was asked for: it is what that holds. */
  readonly asked: { readonly point: string; readonly inclusive: boolean } | null;
  /** The dump, or the base backup that it was recovered from, along that timeline. */
  readonly backupId: string;
  /** Null where a dump was asked for. */
  readonly timeline: number | null;
  /** Where the recovery stopped; null where nothing was made, or nothing was recovered. */
  readonly reached: ReachedMoment | null;
  readonly servers: readonly ClonedServer[];
}
