/** A moment as PostgreSQL's recovery is told it: one target, always with a timeline, always paused at (databases.md T4, T5). Pure. */
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import type { RecoveryTarget } from '../../../domain/wal/landing.ts';
import { formatLsn, parseLsn } from '../../../domain/wal/lsn.ts';

export interface RecoveryRequest {
  readonly target: RecoveryTarget;
  /** Does what happened at the target belong to it (`--to`), or not (`--before`)? */
  readonly inclusive: boolean;
  readonly timeline: number;
}

/** Settings by name. A transaction is named by its lower 32 bits: that is all a log record holds. */
export function recoverySettings({ target, inclusive, timeline }: RecoveryRequest): Readonly<Record<string, string>> {
  const common = { recovery_target_timeline: String(timeline), recovery_target_action: 'pause', recovery_target_inclusive: inclusive ? 'on' : 'off' };
  switch (target.kind) {
    case 'time': return { ...common, recovery_target_time: postgresTime(target.at) };
    case 'lsn': return { ...common, recovery_target_lsn: formatLsn(target.lsn) };
    case 'xid': return { ...common, recovery_target_xid: String(target.xid & 0xffff_ffffn) };
    case 'consistent': return { ...common, recovery_target: 'immediate' };
  }
}

/** `2026-11-23 01:47:05.123456+00`: without the offset the server would take its own time zone's (T3). */
const postgresTime = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, -1)}+00`;

/** Everything that was committed by then is there: of a time that time, else its last commit; never before the backup's own end. ISO 8601 UTC. */
export function coveredBy({ backup, target }: { readonly backup: PostgresBase; readonly target: RecoveryTarget }, { lastCommitAt }: { readonly lastCommitAt: string | null }): string {
  if (target.kind === 'time') return target.at;
  return lastCommitAt !== null && lastCommitAt > backup.range.endAt ? lastCommitAt : backup.range.endAt;
}

/**
 * Commits bear the time at which they began to be written, and are not in its order: one that is replayed already may be later than the last one was. Sessions that commit
 * at once differ by milliseconds; a clock that is set back, by what it is set.
 */
const disorderMs = 10_000;

/** Is it certain that the target lies behind where a recovery stands, with nothing replayed that a recovery anew would leave out? Of a transaction nobody knows before it is met. */
export function liesBehind(target: RecoveryTarget, { lsn, lastCommitAt }: { readonly lsn: string; readonly lastCommitAt: string | null }): boolean {
  if (target.kind === 'lsn') return target.lsn > (parseLsn(lsn) ?? target.lsn);
  return target.kind === 'time' && lastCommitAt !== null && Date.parse(target.at) > Date.parse(lastCommitAt) + disorderMs;
}

/** What the server says when it stops where it was told to, as it stands in its log (xlogrecovery.c); nothing else is a success (T6). */
export interface ReachedTarget {
  /** `recovery stopping after commit of transaction 735, time 2026-11-23 01:47:05.1+00`, without its first words. */
  readonly stop: string;
  /** Of the transaction at which it stopped, where it stopped at one. */
  readonly xid: string | null;
  /** When that committed, as the server prints it. */
  readonly time: string | null;
  /** The last transaction that was replayed committed then; null where none was. */
  readonly lastCommit: string | null;
}

/** The last stop that a server's log tells of, or null where it tells of none. Its messages have to be English (`lc_messages` C). */
export function reachedTarget(log: string): ReachedTarget | null {
  const stop = [...log.matchAll(/LOG: +recovery stopping (before|after|at) (.+)$/gm)].at(-1);
  if (stop === undefined) return null;
  const [, xid, time] = /(?:commit|abort) of transaction (\d+), time (.+)$/.exec(stop[2] as string) ?? [];
  const lastCommit = [...log.matchAll(/LOG: +last completed transaction was at log time (.+)$/gm)].at(-1)?.[1];
  return { stop: `${stop[1]} ${stop[2]}`, xid: xid ?? null, time: time ?? null, lastCommit: lastCommit ?? null };
}
