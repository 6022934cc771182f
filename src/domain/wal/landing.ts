/** Where a recovery is told to stop, so that it lands on the moment that was asked for, whatever the log holds behind it. Pure. */
import { HoldfastFailure } from '../failures.ts';
import type { BaseRange, Moment } from './base-choice.ts';
import { formatLsn } from './lsn.ts';

/** Where recovery stops, `latest` resolved to the end of the log that there is: without a target it would promote at the first gap, in silence. */
export type RecoveryTarget = Exclude<Moment, { readonly kind: 'latest' }>;

/** The end of an archived log. */
export interface LogEnd {
  /** Where the last record begins: a recovery that is to include all of the log stops after it. */
  readonly lastRecord: bigint;
  /** The last commit, or null where the log that was read has none. */
  readonly lastCommit: { readonly xid: string; readonly lsn: bigint; /** ISO 8601 UTC with microseconds. */ readonly at: string } | null;
}

export interface Landing {
  readonly target: RecoveryTarget;
  /** Does what happened at the target belong to it? */
  readonly inclusive: boolean;
}

export interface LandingFacts {
  readonly base: Pick<BaseRange, 'backupId' | 'end'>;
  readonly end: LogEnd;
  /** The newest instant of which it is known that all that was committed by then is in the log (its stored readings), or null. */
  readonly coveredAt: string | null;
}

/**
 * A server that looks for a target beyond the last commit fails on a perfectly complete log (databases.md T2). A database at rest has been as it is since its last
 * commit: where the log is known to reach the moment, all of it is that moment. @throws PointUnreachable for a time that the log is not known to reach
 */
export function landingOf(moment: Moment, inclusive: boolean, facts: LandingFacts): Landing {
  const { end, coveredAt } = facts;
  switch (moment.kind) {
    case 'latest': return wholeLog(facts);
    case 'lsn': return moment.lsn <= end.lastRecord ? { target: moment, inclusive } : wholeLog(facts);
    case 'time': {
      const last = end.lastCommit?.at ?? null;
      // Recovery finds the moment by a commit behind it; of an excluded one, at it.
      if (last !== null && (inclusive ? moment.at < last : moment.at <= last)) return { target: moment, inclusive };
      if (moment.at === last || (coveredAt !== null && moment.at <= coveredAt)) return wholeLog(facts);
      throw beyond(moment.at, last, coveredAt);
    }
    default: return { target: moment, inclusive };
  }
}

/** Everything there is: of a log with nothing behind its base backup, that backup's own end. */
function wholeLog({ base, end }: LandingFacts): Landing {
  if (end.lastRecord < base.end) return { target: { kind: 'consistent', backupId: base.backupId }, inclusive: true };
  return { target: { kind: 'lsn', lsn: end.lastRecord }, inclusive: true };
}

function beyond(at: string, last: string | null, coveredAt: string | null): HoldfastFailure {
  const [latest] = [coveredAt, last].filter((each) => each !== null).sort().reverse();
  return new HoldfastFailure('PointUnreachable', {
    operation: 'find the way to the moment', object: at,
    cause: latest === undefined ? 'the archived log holds no commit, and it is not known up to when it reaches' : `the archived log is known to reach ${latest}${last === null ? '' : `, its last commit is of ${last}`}`,
    hint: latest === undefined ? 'Ask for latest, or for a position (lsn:…).' : `The nearest that can be reached is ${latest}, or latest. See holdfast wal status for what is still on its way.`,
  });
}

/** A target as a point: what `parsePoint` reads back, whichever way it was asked for. */
export function targetText(target: RecoveryTarget): string {
  switch (target.kind) {
    case 'time': return target.at;
    case 'lsn': return `lsn:${formatLsn(target.lsn)}`;
    case 'xid': return `xid:${target.xid}`;
    case 'consistent': return `backup:${target.backupId}`;
  }
}
