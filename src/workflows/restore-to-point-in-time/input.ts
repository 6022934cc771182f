/** Reading the input of `restoreToPointInTime`, strictly. */
import { commonFields, commonInput, onlyFields, optionalFlag, optionalText } from '../shared/input-fields.ts';
import { readLogChoice, readWish, wishFields } from '../shared/point-fields.ts';
import { invalid, readInto, readOnly, readSince } from '../shared/restore-fields.ts';
import type { Move, RestoreToPointInTimeInput } from './messages.ts';

/** The same members, each checked; points resolved against the workflow's clock. @throws HoldfastFailure InvalidInput */
export function readPointInput(raw: Record<string, unknown>): RestoreToPointInTimeInput {
  onlyFields(raw, [...commonFields, 'to', 'before', 'timeline', 'cluster', 'only', 'dryRun', 'into', 'since']);
  const wish = readWish(raw);
  const log = readLogChoice(raw);
  const dryRun = optionalFlag(raw, 'dryRun');
  const since = readSince(optionalText(raw, 'since'));
  const into = readInto(raw['into']);
  const only = readOnly(raw['only']);
  return {
    ...commonInput(raw), ...wishFields(wish), ...log,
    ...(dryRun === undefined ? {} : { dryRun }), ...(since === undefined ? {} : { since }), ...(into === undefined ? {} : { into }), ...(only === undefined ? {} : { only }),
  };
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
