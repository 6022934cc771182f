/** RTO and RPO of a drill, by guarantee G10: measured between two named instants, never estimated, and not given where they were not measured. Pure. */
import type { Verdict } from '../proof.ts';

/** What the drill counts from, as if the disaster had been then. */
export interface Disaster {
  readonly at: string;
  /** `since`: the person named it. `request`: the drill was asked for then, which is the disaster of a drill unless something else is known. */
  readonly source: 'since' | 'firstFailedHealthCheck' | 'request';
}

/** The newest instant of which everything is there again. */
export interface Covered {
  readonly at: string;
  /**
   * `backup`: its recovery point. `lastCommit`: the last transaction of the log that was replayed. `reading`: when the server was last seen to be where that log ends.
   * `appendOnlyFile`: the last whole second of it. `heartbeat`: a row that is written every so often, found again. `keptLog`, `keptAppendOnlyFile`: what is archived leads there, and
   * was not brought back.
   */
  readonly source: 'backup' | 'lastCommit' | 'reading' | 'appendOnlyFile' | 'heartbeat' | 'keptLog' | 'keptAppendOnlyFile';
}

/** Null where nothing was brought back. */
export type Coverage = Covered | { /** Why it is not known. */ readonly why: string } | null;

export type Measured =
  | { readonly ms: number; readonly from: Instant; readonly to: Instant }
  | { readonly ms: null; readonly why: string };

export interface Instant {
  readonly at: string;
  /** `the request for the drill`: what happened then. */
  readonly what: string;
}

export interface RecoveryTimes {
  readonly rto: Measured;
  /** From the approval; a drill changes nothing and is approved by nobody unless policy says so. */
  readonly rtoFromApproval: Measured;
  readonly rpo: Measured;
  /** Transactions that were committed later and are not there, as far as they were counted: a decimal string, or null. */
  readonly laterTransactions: string | null;
}

export interface RecoveryFacts {
  readonly disaster: Disaster;
  readonly approvedAt: string | null;
  /** When the last check passed; null where none did. */
  readonly lastCheckPassedAt: string | null;
  readonly verdict: Verdict;
  readonly covered: Coverage;
  /** Was the newest that there is brought back? What is lost by choosing an old backup says nothing about the service. */
  readonly newest: boolean;
  readonly laterTransactions: string | null;
  /** Was what came back compared, and equal? An instant that nobody looked for in the data is a promise, not a measurement. */
  readonly contentProven: boolean;
}

const disasterClause: Readonly<Record<Disaster['source'], string>> = {
  since: 'the disaster, as it was named (--since)', firstFailedHealthCheck: 'the first health check that failed', request: 'the request for the drill',
};
const coveredClause: Readonly<Record<Covered['source'], string>> = {
  backup: 'the recovery point of the backup', lastCommit: 'the last transaction of the log that was replayed', reading: 'the last reading of the server that the replayed log reaches',
  appendOnlyFile: 'the last whole second of the append-only file', heartbeat: 'the newest heartbeat that was found again',
  keptLog: 'the newest instant of the archived log, which this drill does not replay', keptAppendOnlyFile: 'the last whole second of the archived append-only file, which this drill does not load',
};

export function recoveryTimes(facts: RecoveryFacts): RecoveryTimes {
  const { disaster, approvedAt } = facts;
  const began = beginning(disaster);
  return {
    rto: untilBack(began, facts),
    rtoFromApproval: approvedAt === null ? { ms: null, why: 'nobody had to approve it' } : untilBack({ at: approvedAt, what: 'the approval' }, facts),
    rpo: lostTime(facts),
    laterTransactions: facts.laterTransactions,
  };
}

const beginning = ({ at, source }: Disaster): Instant => ({ at, what: disasterClause[source] });

const notBack = 'the service did not come back as it was';

/** A service that did not come back whole has no recovery time: a shorter one for failing earlier would be the best figure of all. */
function untilBack(from: Instant, { verdict, lastCheckPassedAt }: RecoveryFacts): Measured {
  if (verdict === 'failed') return { ms: null, why: notBack };
  if (verdict !== 'proven' || lastCheckPassedAt === null) return { ms: null, why: 'not every check gave an answer' };
  return between(from, { at: lastCheckPassedAt, what: 'the last check that passed' });
}

/** From the covered instant to the disaster. */
export function lostTime({ disaster: then, covered, newest, verdict, contentProven }: Pick<RecoveryFacts, 'disaster' | 'covered' | 'newest' | 'verdict' | 'contentProven'>): Measured {
  const disaster = beginning(then);
  if (covered === null) return { ms: null, why: 'nothing was brought back' };
  if (verdict === 'failed') return { ms: null, why: notBack };
  if (!contentProven) return { ms: null, why: 'what came back was not compared' };
  if (!newest) return { ms: null, why: 'the drill brought back an older backup on purpose' };
  if ('why' in covered) return { ms: null, why: covered.why };
  // What was committed while the drill began lies behind the disaster, and nothing of it is lost.
  const from: Instant = { at: covered.at, what: coveredClause[covered.source] };
  return Date.parse(covered.at) > Date.parse(disaster.at) ? { ms: 0, from, to: disaster } : between(from, disaster);
}

function between(from: Instant, to: Instant): Measured {
  const ms = Date.parse(to.at) - Date.parse(from.at);
  // Clocks of two machines, or one that was set: a negative time is no measurement.
  return Number.isSafeInteger(ms) && ms >= 0 ? { ms, from, to } : { ms: null, why: `the clocks do not agree: ${to.what} (${to.at}) lies before ${from.what} (${from.at})` };
}
