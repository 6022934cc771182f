/** Which moments can be come back to: the stretches of log that begin with a base backup and have no gap. Pure. */
import { isOn, type BaseRange } from './base-choice.ts';
import { coverageFrom, type WalHoldings } from './coverage.ts';
import type { WalSample } from './exposure.ts';
import type { Segment } from './segment.ts';
import type { TimelineStretch } from './timeline.ts';

/** A base backup, and whose it is: another cluster's leads nowhere in this one's log. */
export interface ClusterBase extends BaseRange {
  readonly systemIdentifier: string;
}

/** What there is of one cluster's log. */
export interface ReachableLog {
  readonly systemIdentifier: string;
  readonly path: readonly TimelineStretch[];
  readonly bases: readonly ClusterBase[];
  readonly holdings: WalHoldings;
  /** Readings of the source's clock and position, in any order; without one, times are told by the base backups alone. */
  readonly samples: readonly WalSample[];
}

/** Any position from `begin` to `end` can be recovered; any time that lies in between, too. */
export interface ReachableWindow {
  /** The end of its first base backup. */
  readonly begin: { readonly lsn: bigint; /** ISO 8601 UTC. */ readonly at: string };
  /** How far the log leads. `at`: everything committed by then is in it, and maybe more: the newest instant that is known. */
  readonly end: { readonly lsn: bigint; /** ISO 8601 UTC. */ readonly at: string };
  /** Ids of the base backups in it, oldest first. */
  readonly bases: readonly string[];
  /** The timeline of its last byte. */
  readonly timeline: number;
  /** What it ends at for ever, because later log is there; null where it ends with what was archived so far. */
  readonly gap: Segment | null;
}

/** The windows of a component, and along which log. */
export interface ReachableMoments {
  readonly systemIdentifier: string;
  readonly segmentSizeBytes: number;
  /** The youngest timeline: along its path they are reached. */
  readonly timeline: number;
  /** Is that timeline's history archived? Until it is, nothing is known of its path, and there are neither windows nor a newest base backup. */
  readonly historyKnown: boolean;
  /** Oldest first; none where no base backup's log is archived. */
  readonly windows: readonly ReachableWindow[];
  /** What is written now follows it; null where every base backup lies on a timeline that was left. */
  readonly newest: NewestBase | null;
}

/** The base backup that ends last, and how its log stands. */
export interface NewestBase {
  readonly backupId: string;
  /** Its log is archived up to its own end, at least. */
  readonly complete: boolean;
  /** What is missing behind it for ever, because later log is there: nothing that is written from there on can be come back to without a newer base backup. */
  readonly gap: Segment | null;
}

/**
 * Oldest first. A position lies in one of them exactly where {@link import('./base-choice.ts').chooseBase} finds a way to it. A base backup whose own end the
 * archive does not reach makes none: it is not complete.
 */
export function reachableWindows({ systemIdentifier, path, bases, holdings, samples }: ReachableLog): readonly ReachableWindow[] {
  const windows: ReachableWindow[] = [];
  for (const base of usable({ systemIdentifier, path, bases })) {
    const known = windows.at(-1);
    if (known !== undefined && base.end <= known.end.lsn) {
      windows[windows.length - 1] = { ...known, end: { ...known.end, at: later(known.end.at, base.endAt) }, bases: [...known.bases, base.backupId] };
      continue;
    }
    const coverage = coverageFrom(base.begin, path, holdings);
    if (coverage.end < base.end) continue;
    windows.push({
      begin: { lsn: base.end, at: base.endAt }, end: { lsn: coverage.end, at: later(base.endAt, coveredAt(samples, coverage.end)) },
      bases: [base.backupId], timeline: coverage.timeline, gap: coverage.gap ? coverage.missing : null,
    });
  }
  return windows;
}

export function newestBase({ path, holdings, ...log }: ReachableLog): NewestBase | null {
  const base = usable({ ...log, path }).at(-1);
  if (base === undefined) return null;
  const { end, gap, missing } = coverageFrom(base.begin, path, holdings);
  return { backupId: base.backupId, complete: end >= base.end, gap: gap ? missing : null };
}

/** Of this cluster and on the path, in the order of their ends. */
const usable = ({ systemIdentifier, path, bases }: Pick<ReachableLog, 'systemIdentifier' | 'path' | 'bases'>): readonly ClusterBase[] =>
  bases.filter((base) => base.systemIdentifier === systemIdentifier && isOn(path, base)).toSorted((a, b) => (a.end < b.end ? -1 : a.end > b.end ? 1 : 0));

/** The newest instant at which the source had written no more than this; the empty text, which is before all others, where there is none. */
const coveredAt = (samples: readonly WalSample[], lsn: bigint): string => samples.reduce((newest, sample) => (sample.lsn <= lsn ? later(newest, sample.at) : newest), '');

const later = (one: string, other: string): string => (other > one ? other : one);
