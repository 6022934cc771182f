/** One line of `doctor`. */
import { isFailure } from '../../domain/failures.ts';

export interface Finding {
  readonly verdict: 'ok' | 'warn' | 'FAIL';
  /** What was looked at. */
  readonly what: string;
  readonly found: string;
  /** What to do about it; null where nothing. */
  readonly next: string | null;
}

export const ok = (what: string, found: string): Finding => ({ verdict: 'ok', what, found, next: null });
export const warn = (what: string, found: string, next: string): Finding => ({ verdict: 'warn', what, found, next });
export const fail = (what: string, found: string, next: string): Finding => ({ verdict: 'FAIL', what, found, next });

/** A check that throws is a finding too. */
export async function check(what: string, look: () => Promise<Finding | readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    const found = await look();
    return Array.isArray(found) ? found as readonly Finding[] : [found as Finding];
  } catch (error) {
    return [isFailure(error) ? fail(what, error.fields.cause, error.fields.hint) : fail(what, error instanceof Error ? error.message : String(error), 'HOLDFAST_DEBUG=1 shows more.')];
  }
}

export const findingLines = ({ verdict, what, found, next }: Finding): readonly string[] => [`${verdict.padEnd(5)} ${what}: ${found}`, ...(next === null ? [] : [`      → ${next}`])];
