/** From what a dry run recorded to the points where the sweep strikes. Pure. */
import type { FaultPoint, Moment } from './fault/fault-point.ts';
import type { RecordedActivity, RecordedCall, Store } from './record-calls.ts';

/** `each`: in every activity before, after and at a few calls inside. `every`: at every call that was recorded, and in it. */
export type Depth = 'each' | 'every';

const insideEach = 3;

export function selectPoints(recorded: readonly RecordedActivity[], depth: Depth): readonly FaultPoint[] {
  return recorded.flatMap((activity) =>
    [{ at: 'before' } as const, ...inside(activity.changes.map(({ name }) => name), depth), { at: 'after' } as const].map((moment) => pointOf(activity, moment)));
}

export const beforeOf = (activity: RecordedActivity): FaultPoint => pointOf(activity, { at: 'before' });

/** In the midst of the first helper's work, else after the first thing that was done; null where there is nothing to be in the midst of. */
export function insideOf(activity: RecordedActivity): FaultPoint | null {
  const [first] = activity.changes;
  const wait = activity.changes.find(({ name }) => isWait(name));
  if (wait !== undefined) return pointOf(activity, { at: 'during', call: wait.name });
  return first === undefined ? null : pointOf(activity, { at: 'done', call: first.name });
}

/** Did the store run at that point of the dry run? A dead one cannot be killed. */
export function runsAt(activity: RecordedActivity, { moment }: FaultPoint, store: Store): boolean {
  // Both stores are closed side by side: whether the other one still runs is anybody's guess.
  if (activity.call.activity === 'closeComponent' && activity.call.component !== store) return false;
  if (moment.at === 'before') return activity.runningBefore.includes(store);
  const call = 'call' in moment ? activity.changes.find(({ name }) => name === moment.call) : undefined;
  return stores(call, moment.at).includes(store);
}

const stores = (call: RecordedCall | undefined, at: Moment['at']): readonly Store[] => (at === 'during' ? call?.runningDuring : call?.runningAfter) ?? [];

const pointOf = ({ scenario, call }: RecordedActivity, moment: Moment): FaultPoint => ({ ...call, scenario, moment });

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
