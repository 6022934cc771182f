/** `--to` and `--before`: a point is read here first, so that a wrong one is refused before anything starts. */
import { HoldfastFailure } from '../../domain/failures.ts';
import { parsePoint, type Point } from '../../domain/point.ts';

export interface PointOptions {
  readonly to?: string | undefined;
  readonly before?: string | undefined;
}

export interface AskedPoint {
  readonly point: Point;
  readonly inclusive: boolean;
}

/** @throws InvalidInput where not one of them is given, or it is no point */
export function readPointOptions({ to, before }: PointOptions, nowMs: number): AskedPoint {
  if ((to === undefined) === (before === undefined)) {
    throw new HoldfastFailure('InvalidInput', { operation: 'read the moment', object: '--to, --before', cause: to === undefined ? 'none of them is given' : 'both are given', hint: 'Give one: --to includes what happened at the moment, --before leaves it out.' });
  }
  return { point: parsePoint(to ?? before ?? '', nowMs), inclusive: to !== undefined };
}
