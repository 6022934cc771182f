/** Which base backup leads to a moment, and whether the log gets there; every refusal says what is missing and what is nearest. Pure. */
import { HoldfastFailure } from '../failures.ts';
import { coverageFrom, type Coverage, type WalHoldings } from './coverage.ts';
import { formatLsn } from './lsn.ts';
import { segmentName } from './segment.ts';
import { timelineAt, type TimelineStretch } from './timeline.ts';

/** What a base backup says about itself: replay begins at `begin`, and is consistent from `end` on. */
export interface BaseRange {
  readonly backupId: string;
  readonly timeline: number;
  readonly begin: bigint;
  readonly end: bigint;
  /** When it ended, by the server's clock: ISO 8601 UTC with microseconds. */
  readonly endAt: string;
  /** `pg_current_snapshot()` at its end: which transactions were over by then. */
  readonly snapshot: string;
}

/** A moment as the log knows it. `consistent`: as soon as the named base backup is consistent. */
export type Moment =
  | { readonly kind: 'lsn'; readonly lsn: bigint }
  | { readonly kind: 'time'; readonly at: string }
  | { readonly kind: 'xid'; readonly xid: bigint }
  | { readonly kind: 'consistent'; readonly backupId: string }
  | { readonly kind: 'latest' };

export interface BaseChoice {
  readonly base: BaseRange;
  /** As it was asked for; of `latest` the base's own end, where the log that was archived does not even lead that far. */
  readonly moment: Moment;
  readonly coverage: Coverage;
}

/**
 * The newest base backup on the path that lies before the moment (databases.md T1: a later one would be recovered to its own end, in silence), with the log
 * that follows it. Whether a time or a transaction lies within the log is not known from positions: the caller reads that.
 * @throws PointUnreachable before the first base's end, beyond the archived log, behind a gap, or without any base on the path
 */
export function chooseBase(moment: Moment, path: readonly TimelineStretch[], bases: readonly BaseRange[], holdings: WalHoldings): BaseChoice {
  const onPath = bases.filter((base) => isOn(path, base)).sort((a, b) => (a.end < b.end ? -1 : a.end > b.end ? 1 : 0));
  const first = onPath[0];
  if (first === undefined) throw unreachable(`no base backup lies on timeline ${path.at(-1)?.timeline}`, 'Take one with `holdfast backup --kind base`; from its end on every moment can be reached.');
  const base = onPath.findLast((each) => liesBefore(each, moment));
  if (base === undefined) throw unreachable(`the earliest moment that can be reached is ${first.endAt} (${formatLsn(first.end)}), the end of base backup ${first.backupId}`, 'Ask for a later moment, or restore a dump from before it (holdfast list).');
  const coverage = coverageFrom(base.begin, path, holdings);
  // The server went before the log of the base's own end was archived: that end is the newest there is.
  if (moment.kind === 'latest' && coverage.end < base.end && !coverage.gap) return { base, moment: { kind: 'consistent', backupId: base.backupId }, coverage };
  requireReached(moment, base, coverage, holdings);
  return { base, moment, coverage };
}

/** Does replaying from this base stop at the moment, and not only at its own end? */
function liesBefore(base: BaseRange, moment: Moment): boolean {
  switch (moment.kind) {
    case 'lsn': return base.end <= moment.lsn;
    case 'time': return base.endAt <= moment.at;
    case 'xid': return !wasOver(moment.xid, base.snapshot);
    case 'consistent': return base.backupId === moment.backupId;
    case 'latest': return true;
  }
}

function requireReached(moment: Moment, base: BaseRange, coverage: Coverage, { segmentSizeBytes }: WalHoldings): void {
  // Its own end needs no archive: a base backup brings the log that it takes to get there (docs/decisions/0008).
  if (moment.kind === 'consistent') return;
  const needed = moment.kind === 'lsn' && moment.lsn > base.end ? moment.lsn : base.end;
  if (coverage.end >= needed) return;
  const segment = segmentName(coverage.missing, segmentSizeBytes);
  const ownEndOnly = `Base backup ${base.backupId} is not complete without it, and nothing behind it can be reached; its own end can: backup:${base.backupId}. Or name a moment before it.`;
  if (coverage.gap) throw unreachable(`segment ${segment} is missing from the archive, though later ones are there`, coverage.end < base.end ? ownEndOnly : `The last moment before the gap is lsn:${formatLsn(coverage.end)}; a moment behind it needs a base backup taken after it.`);
  throw unreachable(`the archive ends at ${formatLsn(coverage.end)}, in segment ${segment}`, coverage.end < base.end ? ownEndOnly : `The nearest that can be reached is lsn:${formatLsn(coverage.end)}, or latest.`);
}

/** Its whole range lies on the path: a base of a timeline that was left before its end leads elsewhere. */
export const isOn = (path: readonly TimelineStretch[], { timeline, begin, end }: Pick<BaseRange, 'timeline' | 'begin' | 'end'>): boolean =>
  timelineAt(path, begin)?.timeline === timeline && path.some((stretch) => stretch.timeline === timeline && (stretch.end === null || end <= stretch.end));

/** Had the transaction committed or aborted in this snapshot (`xmin:xmax:xip,…`)? */
export function wasOver(xid: bigint, snapshot: string): boolean {
  const [xmin, xmax, running] = snapshot.split(':');
  if (xid < BigInt(xmin ?? 0)) return true;
  return xid < BigInt(xmax ?? 0) && !(running ?? '').split(',').includes(String(xid));
}

const unreachable = (cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('PointUnreachable', { operation: 'find the way to the moment', object: 'base backups and WAL', cause, hint });
