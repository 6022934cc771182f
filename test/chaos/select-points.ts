/** From what a dry run recorded to the points where the sweep strikes. Pure. */
import type { FaultPoint, Moment } from './fault-point.ts';
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
  const positions = changes.map((name, index) => ({ name, call: index + 1 }));
  if (depth === 'every') return positions.flatMap(({ call }): Moment[] => [{ at: 'during', call }, { at: 'done', call }]);
  const waits = positions.filter(({ name }) => name === 'runtime.wait');
  const rest = spread(positions.filter(({ name }) => name !== 'runtime.wait'), Math.max(1, insideEach - waits.length));
  return [...spread(waits, insideEach - 1), ...rest].sort((a, b) => a.call - b.call).map(({ name, call }): Moment => ({ at: name === 'runtime.wait' ? 'during' : 'done', call }));
}

/** At most so many, evenly from first to last. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  if (most === 1) return items.slice(Math.floor(items.length / 2), Math.floor(items.length / 2) + 1);
  return Array.from({ length: most }, (_, index) => items[Math.round((index * (items.length - 1)) / (most - 1))] as T);
}
