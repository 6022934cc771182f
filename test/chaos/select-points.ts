/** From what a dry run recorded to the points where the sweep strikes. Pure. */
import type { FaultPoint, Moment } from './fault/fault-point.ts';
import type { RecordedActivity } from './record-calls.ts';

/** `each`: in every activity before, after and at a few calls inside. `every`: at every call that changes something, and in it. */
export type Depth = 'each' | 'every';

const insideEach = 3;

export function selectPoints(recorded: readonly RecordedActivity[], depth: Depth): readonly FaultPoint[] {
  return recorded.flatMap(({ call, changes }) =>
    [{ at: 'before' } as const, ...inside(changes, depth), { at: 'after' } as const].map((moment) => ({ ...call, moment })));
}

/** A wait is died in, for a helper is at work then; anything else is died after, with its effect done and nobody told. */
function inside(changes: readonly string[], depth: Depth): readonly Moment[] {
  if (depth === 'every') return changes.flatMap((call): Moment[] => [{ at: 'during', call }, { at: 'done', call }]);
  const waits = changes.filter(isWait);
  const rest = spread(changes.filter((call) => !isWait(call)), Math.max(1, insideEach - waits.length));
  const chosen = new Set([...spread(waits, insideEach - 1), ...rest]);
  return changes.filter((call) => chosen.has(call)).map((call): Moment => ({ at: isWait(call) ? 'during' : 'done', call }));
}

const isWait = (call: string): boolean => call.startsWith('runtime.wait#');

/** At most so many, evenly from first to last. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  if (most === 1) return items.slice(Math.floor(items.length / 2), Math.floor(items.length / 2) + 1);
  return Array.from({ length: most }, (_, index) => items[Math.round((index * (items.length - 1)) / (most - 1))] as T);
}
