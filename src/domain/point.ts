/**
 * Points: the moments that people ask to come back to. `--to` includes what happened at the point, `--before` does not. Pure.
 *
 * A point is text everywhere outside (`2026-11-23T02:47:05+01:00`, `5 minutes ago`, `lsn:16/B374D848`, `xid:7401`, `mark:before-deploy`,
 * `backup:20261123-010000`, `latest`), so that Temporal's UI, its CLI and ours say the same.
 */
import { HoldfastFailure } from './failures.ts';
import { isBackupPrefix, isName } from './identifiers.ts';
import type { RunOwner } from './run-owner.ts';
import { formatLsn, parseLsn } from './wal/lsn.ts';

export type Point =
  /** ISO 8601 UTC with six decimals, whatever offset it was given with: PostgreSQL keeps microseconds. */
  | { readonly kind: 'time'; readonly at: string }
  /** As the server prints it. */
  | { readonly kind: 'lsn'; readonly lsn: string }
  /** A full transaction id (64 bits, decimal), as `pg_current_xact_id()` answers. */
  | { readonly kind: 'xid'; readonly xid: string }
  | { readonly kind: 'mark'; readonly name: string }
  /** Id, unique prefix, or `latest`. */
  | { readonly kind: 'backup'; readonly backup: string }
  | { readonly kind: 'latest' };

/** A place in a server's log that was made to be come back to: everything before `lsn` belongs to it, and a record follows behind it. */
export interface MarkedPosition {
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly lsn: string;
  /** By the server's clock, ISO 8601 UTC with microseconds: what was committed by then lies before `lsn`. */
  readonly at: string;
}

/** A moment that somebody gave a name (`holdfast mark NAME`). */
export interface Mark extends MarkedPosition {
  readonly format: 1;
  readonly name: string;
  readonly component: string;
  /** The run that made it. */
  readonly run?: RunOwner;
  readonly reason?: string;
  readonly requestedBy?: string;
}

const instantPattern = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(Z|z|[+-]\d{2}:\d{2})$/;
const withoutOffset = /^\d{4}-\d{2}-\d{2}([Tt ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$|^\d{1,2}:\d{2}(:\d{2})?$/;
const agoPattern = /^(\d{1,6}) ?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?) ago$/;
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const largestXid = (1n << 64n) - 1n;

/** A mark's name. @throws InvalidInput */
export function checkMarkName(name: unknown): string {
  if (typeof name === 'string' && isName(name)) return name;
  throw new HoldfastFailure('InvalidInput', {
    operation: 'read the name of the mark', object: typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : typeof name,
    cause: 'it has 1 to 63 letters, digits, "_", "." or "-", begins with a letter or digit and has no ".."', hint: 'Give it one like before-deploy.',
  });
}

/** Reads a point; relative ones are resolved against `nowMs`. @throws InvalidInput, with what would be right */
export function parsePoint(text: string, nowMs: number): Point {
  if (text === 'latest') return { kind: 'latest' };
  const [, prefix, rest] = /^(lsn|xid|mark|backup):(.*)$/s.exec(text) ?? [];
  if (prefix !== undefined && rest !== undefined) return named(prefix, rest, text);
  const at = readInstant(text) ?? readAgo(text, nowMs);
  if (at === null && withoutOffset.test(text)) throw invalid(text, 'a time without an offset means another moment on every machine', 'Write the offset, like 2026-11-23T02:47:05+01:00, or Z for UTC.');
  if (at === null) throw invalid(text, 'it is no point in time', 'Write 2026-11-23T02:47:05+01:00, "5 minutes ago", lsn:16/B374D848, xid:7401, mark:NAME, backup:ID or latest.');
  if (Date.parse(at) > nowMs) throw invalid(text, `${at} lies in the future`, 'Ask for a moment that has been, or for latest.');
  return { kind: 'time', at };
}

/** The same text for the same point: {@link parsePoint} reads it back. */
export function pointText(point: Point): string {
  switch (point.kind) {
    case 'time': return point.at;
    case 'lsn': return `lsn:${point.lsn}`;
    case 'xid': return `xid:${point.xid}`;
    case 'mark': return `mark:${point.name}`;
    case 'backup': return `backup:${point.backup}`;
    case 'latest': return 'latest';
  }
}

function named(prefix: string, rest: string, text: string): Point {
  switch (prefix) {
    case 'lsn': {
      const lsn = parseLsn(rest);
      if (lsn !== null) return { kind: 'lsn', lsn: formatLsn(lsn) };
      throw invalid(text, 'it is no position in the log', 'Write it as pg_current_wal_lsn() prints it: lsn:16/B374D848.');
    }
    case 'xid':
      if (/^[1-9]\d{0,19}$/.test(rest) && BigInt(rest) >= 3n && BigInt(rest) <= largestXid) return { kind: 'xid', xid: rest };
      throw invalid(text, 'it is no transaction id', 'Write it as pg_current_xact_id() prints it: xid:7401.');
    case 'mark':
      if (isName(rest)) return { kind: 'mark', name: rest };
      throw invalid(text, 'it is no name of a mark', 'Give the name as `holdfast mark NAME` was given it.');
    default:
      if (rest === 'latest' || isBackupPrefix(rest)) return { kind: 'backup', backup: rest };
      throw invalid(text, 'it is no id of a backup', 'See `holdfast list`: backup:20261123-010000.');
  }
}

/** UTC with microseconds, or null where the text is no instant with an offset, or one that no calendar has (30 February, 24:00, leap seconds). */
function readInstant(text: string): string | null {
  const match = instantPattern.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = match as unknown as readonly string[];
  const wallClock = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (new Date(wallClock).toISOString().slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) return null;
  const epochMs = wallClock - offsetMs(offset as string);
  return Number.isNaN(epochMs) ? null : utcText(epochMs, (fraction ?? '').padEnd(6, '0'));
}

/** Of `+05:30` and the like; NaN for one that no place on earth has. */
function offsetMs(offset: string): number {
  if (/^z$/i.test(offset)) return 0;
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(4, 6))];
  if (hours > 15 || minutes > 59) return Number.NaN;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function readAgo(text: string, nowMs: number): string | null {
  const [, count, unit] = agoPattern.exec(text) ?? [];
  if (count === undefined || unit === undefined) return null;
  const epochMs = nowMs - Number(count) * (unitSeconds[unit.charAt(0)] as number) * 1_000;
  return epochMs < 0 ? null : utcText(Math.floor(epochMs / 1_000) * 1_000, `${String(epochMs % 1_000).padStart(3, '0')}000`);
}

const utcText = (wholeSecondMs: number, microseconds: string): string => `${new Date(wholeSecondMs).toISOString().slice(0, 19)}.${microseconds}Z`;

const invalid = (text: string, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure('InvalidInput', { operation: 'read the point', object: JSON.stringify(text.slice(0, 80)), cause, hint });
