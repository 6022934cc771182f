/** How the log of a component stands: what receives it, how much would be lost now, and where. Travels as JSON; positions are text. Pure. */
import type { FailureType } from '../failures.ts';
import { exposureOf, type WalSample } from './exposure.ts';
import { formatLsn } from './lsn.ts';
import type { ServerRoom } from './server-room.ts';

/** What would be lost if only this place were left. */
export interface PlaceExposure {
  /** The log is there up to this position; null where it holds none, or it is not known. */
  readonly durable: string | null;
  /** Everything committed by then is there; null where it cannot be told. ISO 8601 UTC. */
  readonly coveredAt: string | null;
  /** Null where it cannot be told, which is never taken for nothing. */
  readonly exposureMs: number | null;
  readonly exposureBytes: string;
}

export interface StatusFailure {
  readonly type: FailureType;
  readonly cause: string;
  readonly hint: string;
}

export interface RecordedBreak {
  /** The first segment that is missing, by its file's name. */
  readonly segment: string;
  readonly reason: string;
  readonly at: string;
}

export interface LogStatus {
  readonly format: 1;
  readonly service: string;
  readonly component: string;
  /** `archive`: the server archives it itself, and `receiver` is what watches that; absent where it is received. */
  readonly by?: 'archive';
  /** How often the segment that is being written goes to the repositories, milliseconds; absent with `archive`, which has none. */
  readonly partialMs?: number;
  /** When this was looked at, by the clock of the host. */
  readonly lookedAt: string;
  /** True where whoever looked has ended since; absent otherwise. */
  readonly ended?: boolean;
  readonly systemIdentifier: string | null;
  readonly segmentSizeBytes: number | null;
  readonly receiver: 'running' | 'started' | 'waitingForDatabase' | 'failing';
  /** Why the receiver does not run, where that is not the database's being down. */
  readonly failure: StatusFailure | null;
  /** The newest reading of the source: its clock, position and timeline; null before the first. */
  readonly source: { readonly at: string; readonly position: string; readonly timeline: number } | null;
  /** On the host of the database, in the receiver's volume or the spool. */
  readonly onHost: PlaceExposure;
  /** In each repository. */
  readonly repositories: readonly (PlaceExposure & { readonly name: string; readonly failure: StatusFailure | null })[];
  /** The replication slot: its state in the server's words, and the bytes that may still be written before it is lost (null: no limit is set). */
  readonly slot: { readonly state: string | null; readonly roomBytes: string | null };
  /** Bytes in the receiver's volume, or the spool. */
  readonly spoolBytes: number;
  /** Free on the file system of that volume, measured now and then; null while it is not known. */
  readonly spoolFreeBytes: number | null;
  /** The file system of the server's own log; null while it is not known, absent before anybody looked. */
  readonly serverRoom?: ServerRoom | null;
  /** The newest break; moments behind it need a base backup that was taken after it. */
  readonly break: RecordedBreak | null;
  /** The newest wish for the log that was fulfilled: what was received by then went to every repository that answers. ISO 8601 UTC; absent before the first. */
  readonly brought?: string;
}

/**
 * The figures as they are by now. From one look to the next, what a place lacks grows with the clock: in a repository, and on the host of a server that archives its log itself, to which it
 * comes a segment at a time. A receiver keeps up, and lacks no more than it did. Nothing grows of a database that is down, or of which nothing is missing.
 */
export function figuresAt<S extends LogStatus | null>(status: S, nowMs: number): S {
  if (status === null || (status.receiver !== 'running' && status.receiver !== 'started')) return status;
  const grown = <P extends PlaceExposure>(place: P): P =>
    (place.coveredAt === null || place.exposureMs === null || place.exposureBytes === '0' ? place : { ...place, exposureMs: Math.max(place.exposureMs, nowMs - Date.parse(place.coveredAt)) });
  return { ...status, ...(status.by === 'archive' ? { onHost: grown(status.onHost) } : {}), repositories: status.repositories.map(grown) };
}

/** The exposure of a place that holds the log up to `durable`, for a status. @param now as of exposureOf */
export function placeExposure(samples: readonly WalSample[], durable: bigint | null, now: string | null): PlaceExposure {
  const { coveredAt, exposureMs, exposureBytes } = exposureOf(samples, durable, now);
  return { durable: durable === null ? null : formatLsn(durable), coveredAt, exposureMs, exposureBytes: String(exposureBytes) };
}
