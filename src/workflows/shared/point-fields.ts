/** Fields that name a moment and the log that leads to it, read strictly. */
import { parsePoint, pointText } from '../../domain/point.ts';
import { invalid } from './restore-fields.ts';

/** A point as it is asked for, a relative one resolved. */
export interface Wish {
  readonly point: string;
  readonly inclusive: boolean;
}

/** Which log leads there. */
export interface LogChoice {
  /** Along which timeline; the live server's, else the youngest that goes through the newest base backup, unless given. */
  readonly timeline?: number;
  /** Of which cluster, by its system identifier; the one that is live unless given. */
  readonly cluster?: string;
}

/** Resolved against the workflow's clock. @throws HoldfastFailure InvalidInput where not one point is named, or it is none */
export function readWish(raw: object): Wish {
  const { to, before } = raw as Record<string, unknown>;
  if ((to === undefined) === (before === undefined)) throw invalid('to, before', 'not one of the two is given', 'Say "to" (what happened at the point is included) or "before" (it is not), with a point: 2026-11-23T02:47:05+01:00, "5 minutes ago", lsn:16/B374D848, xid:7401, mark:NAME, backup:ID, latest.');
  const text = to ?? before;
  if (typeof text !== 'string' || text.length > 500) throw invalid(to === undefined ? 'before' : 'to', 'it is not a text of up to 500 characters', 'Give a point, like 2026-11-23T02:47:05+01:00.');
  return { point: pointText(parsePoint(text, Date.now())), inclusive: to !== undefined };
}

export const wishFields = ({ point, inclusive }: Wish): { to: string } | { before: string } => (inclusive ? { to: point } : { before: point });

/** @throws HoldfastFailure InvalidInput */
export function readLogChoice(raw: Record<string, unknown>): LogChoice {
  const [timeline, cluster] = [readTimeline(raw['timeline']), readCluster(raw['cluster'])];
  return { ...(timeline === undefined ? {} : { timeline }), ...(cluster === undefined ? {} : { cluster }) };
}

function readTimeline(value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= 0xffff_ffff)) return value;
  throw invalid('timeline', 'it is no number of a timeline', 'Give a whole number from 1 on, as `holdfast wal status` shows it.');
}

function readCluster(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && /^\d{1,20}$/.test(value))) return value;
  throw invalid('cluster', 'it is no system identifier', 'Give it as text, in digits, as pg_controldata prints it.');
}
