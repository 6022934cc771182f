/** A receiver whose container, slot and volume may go, or a server's own archiving with script and spool; and what would go with them. Travels as JSON. Pure. */
import type { WalHoldings } from './coverage.ts';
import type { WalMode } from '../service.ts';
import { isKept } from './log-alarms.ts';
import type { LogStatus } from './log-status.ts';
import { beginOf, parseSegmentName, segmentName } from './segment.ts';

export interface ForgettableLog {
  readonly component: string;
  readonly container: string;
  /** The server archives its log itself; absent where it is received. */
  readonly by?: 'archive';
  /** Whose log lies in the volume. */
  readonly systemIdentifier: string;
  /** What was received and is not in the repository: lost when the volume goes. */
  readonly unstored: { readonly files: number; readonly sizeBytes: number };
  /** Why it may not go now, and what to do first; null where it may. */
  readonly refusal: { readonly cause: string; readonly hint: string } | null;
}

/**
 * Files of a receiver's volume that the archive lacks; a partial segment is in it as soon as a part of it is.
 * @param position how far the receiver got: one that begins there holds nothing yet; null where it is not known
 */
export function unstoredOf(files: readonly { readonly name: string; readonly sizeBytes: number }[], holdings: WalHoldings, histories: readonly string[], position: bigint | null): ForgettableLog['unstored'] {
  const isEmpty = (name: string): boolean => {
    const segment = name.endsWith('.partial') ? parseSegmentName(name.slice(0, -'.partial'.length), holdings.segmentSizeBytes) : null;
    return segment !== null && position !== null && beginOf(segment.number, holdings.segmentSizeBytes) >= position;
  };
  const whole = holdings.complete.map((segment) => segmentName(segment, holdings.segmentSizeBytes));
  const partial = holdings.partial.map((segment) => `${segmentName(segment, holdings.segmentSizeBytes)}.partial`);
  const stored = new Set([...whole, ...whole.map((name) => `${name}.partial`), ...partial, ...histories]);
  const lacking = files.filter(({ name }) => !stored.has(name) && !isEmpty(name));
  return { files: lacking.length, sizeBytes: lacking.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** One that somebody keeps would only be made anew, behind a gap; except where it cannot go on, because its database is another one now. */
export function refusalToForget(status: LogStatus | null, nowMs: number, mode: WalMode = 'stream'): ForgettableLog['refusal'] {
  if (!isKept(status, nowMs) || status?.failure?.type === 'WalConflict') return null;
  // What is left of the other way of keeping it is in nobody's use.
  if ((status?.by ?? 'stream') !== mode) return null;
  return { cause: 'a worker of this host keeps the log, and would begin anew behind a gap', hint: `Take \`wal: ${mode}\` out of holdfast.yaml, restart the worker, then try again.` };
}
