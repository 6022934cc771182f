/**
 * Exposure: how much would be lost if the database were gone this instant (databases.md §8). Positions and times are sampled together on the
 * source; what is durable is a position; the covered instant is the time of the newest sample at or below it. Pure.
 */

/** The source at one instant: its own clock, and how far its log was flushed. */
export interface WalSample {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly lsn: bigint;
}

export interface Exposure {
  /** Everything committed up to this instant is durable in that place, or null where no sample is old enough to tell. */
  readonly coveredAt: string | null;
  /** Milliseconds from the covered instant to the newest sample, or to now where that is old; 0 where nothing is missing; null where it cannot be told. */
  readonly exposureMs: number | null;
  /** Bytes of log that the place lacks. */
  readonly exposureBytes: bigint;
}

/** Samples kept: an hour of one a second, thinned beyond that by {@link remember}. */
export const keptSamples = 3_600;

/** Samples come every second and are looked at every two; a newest one that is older than this says nothing of now. */
export const staleSampleMs = 5_000;

/**
 * Exposure of a place that holds the log up to `durable` (exclusive), by samples oldest first. A database at rest has none: the position counts, not
 * the age of the last segment. The error is at most the time between two samples.
 * @param now of a database that may be writing: what it wrote since an old sample nobody knows, so all of it counts as missing. ISO 8601 UTC; null of one that is down
 */
export function exposureOf(samples: readonly WalSample[], durable: bigint | null, now: string | null = null): Exposure {
  const newest = samples.at(-1);
  if (newest === undefined || durable === null) return { coveredAt: null, exposureMs: null, exposureBytes: newest?.lsn ?? 0n };
  const isStale = now !== null && Date.parse(now) - Date.parse(newest.at) > staleSampleMs;
  const until = isStale ? now : newest.at;
  if (newest.lsn <= durable) return { coveredAt: newest.at, exposureMs: Date.parse(until) - Date.parse(newest.at), exposureBytes: 0n };
  const covered = samples.findLast((sample) => sample.lsn <= durable);
  return {
    coveredAt: covered?.at ?? null,
    exposureMs: covered === undefined ? null : Date.parse(until) - Date.parse(covered.at),
    exposureBytes: newest.lsn - durable,
  };
}

/**
 * The samples with one more. Of equal positions in a row only the newest counts, so a database at rest adds none; beyond {@link keptSamples} every
 * second one of the older half goes: long exposure is told more coarsely, memory stays bounded.
 */
export function remember(samples: readonly WalSample[], next: WalSample): readonly WalSample[] {
  const kept = samples.at(-1)?.lsn === next.lsn ? samples.slice(0, -1) : samples;
  if (kept.length < keptSamples) return [...kept, next];
  const half = Math.floor(kept.length / 2);
  return [...kept.slice(0, half).filter((_, index) => index % 2 === 0), ...kept.slice(half), next];
}
