/** Reading the input of `restoreToPointInTime`, strictly. */
import { parsePoint, pointText } from '../../domain/point.ts';
import { checkName } from '../../domain/identifiers.ts';
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import { invalid, readInto, readSince } from '../shared/restore-fields.ts';
import type { Move, RestoreToPointInTimeInput } from './messages.ts';

/** A point as it is asked for, a relative one resolved. */
export interface Wish {
  readonly point: string;
  readonly inclusive: boolean;
}

/** The same members, each checked; points resolved against the workflow's clock. @throws HoldfastFailure InvalidInput */
export function readPointInput(raw: Record<string, unknown>): RestoreToPointInTimeInput {
  onlyFields(raw, [...commonFields, 'to', 'before', 'timeline', 'cluster', 'only', 'dryRun', 'into', 'since']);
  const wish = readWish(raw);
  const [timeline, cluster] = [readTimeline(raw['timeline']), readCluster(raw['cluster'])];
  const dryRun = optionalFlag(raw, 'dryRun');
  const since = readSince(optionalText(raw, 'since'));
  const into = readInto(raw['into']);
  const only = readOnly(raw['only']);
  return {
    ...commonInput(raw), ...(wish.inclusive ? { to: wish.point } : { before: wish.point }), ...(timeline === undefined ? {} : { timeline }), ...(cluster === undefined ? {} : { cluster }),
    ...(dryRun === undefined ? {} : { dryRun }), ...(since === undefined ? {} : { since }), ...(into === undefined ? {} : { into }), ...(only === undefined ? {} : { only }),
  };
}

/** @throws HoldfastFailure InvalidInput where not one point is named, or it is none */
export function readWish(raw: object): Wish {
  const { to, before } = raw as Record<string, unknown>;
  if ((to === undefined) === (before === undefined)) throw invalid('to, before', 'not one of the two is given', 'Say "to" (what happened at the point is included) or "before" (it is not), with a point: 2026-11-23T02:47:05+01:00, "5 minutes ago", lsn:16/B374D848, xid:7401, mark:NAME, backup:ID, latest.');
  const text = to ?? before;
  if (typeof text !== 'string' || text.length > 500) throw invalid(to === undefined ? 'before' : 'to', 'it is not a text of up to 500 characters', 'Give a point, like 2026-11-23T02:47:05+01:00.');
  return { point: pointText(parsePoint(text, Date.now())), inclusive: to !== undefined };
}

/** Why a move is refused, or null. */
export function refusalOfMove(move: unknown, isWaiting: boolean): string | null {
  if (typeof move !== 'object' || move === null) return 'a move is {"to"} or {"before"} with a point';
  if (!isWaiting) return 'no plan is waiting for approval: a moment is moved while one is';
  try {
    readWish(move as Move);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readTimeline(value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= 0xffff_ffff)) return value;
  throw invalid('timeline', 'it is no number of a timeline', 'Give a whole number from 1 on, as `holdfast wal status` shows it.');
}

function readCluster(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && /^\d{1,20}$/.test(value))) return value;
  throw invalid('cluster', 'it is no system identifier', 'Give it as text, in digits, as pg_controldata prints it.');
}

function readOnly(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) throw invalid('only', 'it is no list of component names', 'Write it like ["postgres"].');
  return value.map((name) => checkName('component', name));
}
