/** How the drills of a service develop, like for like, and what today's data would take. Pure. */
import type { Verdict } from '../proof.ts';
import { sizeText } from '../wording.ts';
import type { DrillKind } from './objectives.ts';

/** What a past drill adds to the trend. */
export interface DrillSample {
  readonly drillId: string;
  readonly kind: DrillKind;
  readonly finishedAt: string;
  readonly verdict: Verdict;
  /** Of the live data, by the manifests of what was brought back. */
  readonly sizeBytes: number;
  readonly rtoMs: number | null;
  readonly rpoMs: number | null;
}

export const directions = ['shorter', 'longer', 'steady', 'notEnoughDrills'] as const;

export interface Course {
  /** Drills in which it was measured. */
  readonly measured: number;
  readonly newestMs: number | null;
  readonly medianMs: number | null;
  /** Of the newer half's median against the older half's. */
  readonly direction: (typeof directions)[number];
}

export type Projection =
  | { readonly ms: number; readonly sizeBytes: number; readonly drills: number; readonly method: string; /** Is today's size far beyond what was ever measured? */ readonly beyond: boolean }
  | { readonly ms: null; readonly why: string };

export interface DrillTrend {
  readonly kind: DrillKind;
  /** Drills of this kind, whatever came of them. */
  readonly drills: number;
  readonly proven: number;
  readonly rto: Course;
  readonly rpo: Course;
  /** The RTO that today's size would take. */
  readonly projection: Projection;
  /** Oldest first, the newest so many: what a chart shows. */
  readonly samples: readonly DrillSample[];
}

export const leastForDirection = 4;
export const leastForProjection = 3;
/** Both halves' medians within this share of each other are the same: a machine's own noise. */
const steadyShare = 0.1;
const shownSamples = 24;
/** A straight line says little beyond twice what it was drawn through. */
const beyondFactor = 2;

/**
 * @param samples past drills in any order, of any kind, with the one that has just ended
 * @param sizeBytes of the live data today; null where nobody knows
 */
export function drillTrend(kind: DrillKind, samples: readonly DrillSample[], sizeBytes: number | null): DrillTrend {
  const alike = samples.filter((sample) => sample.kind === kind).sort((a, b) => Date.parse(a.finishedAt) - Date.parse(b.finishedAt) || (a.drillId < b.drillId ? -1 : 1));
  const proven = alike.filter(({ verdict }) => verdict === 'proven');
  return {
    kind, drills: alike.length, proven: proven.length,
    rto: course(proven.map(({ rtoMs }) => rtoMs)), rpo: course(alike.map(({ rpoMs }) => rpoMs)),
    projection: project(proven, sizeBytes), samples: alike.slice(-shownSamples),
  };
}

function course(inOrder: readonly (number | null)[]): Course {
  const values = inOrder.filter((value) => value !== null);
  const half = Math.floor(values.length / 2);
  return {
    measured: values.length, newestMs: values.at(-1) ?? null, medianMs: median(values),
    direction: values.length < leastForDirection ? 'notEnoughDrills' : direction(median(values.slice(0, half)) ?? 0, median(values.slice(-half)) ?? 0),
  };
}

function direction(older: number, newer: number): Course['direction'] {
  if (Math.abs(newer - older) <= steadyShare * Math.max(older, newer)) return 'steady';
  return newer < older ? 'shorter' : 'longer';
}

/** Whole milliseconds; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : Math.round(((sorted[middle - 1] as number) + upper) / 2);
}

/**
 * A straight line through time over size (least squares), which neither falls with size nor begins below nothing: a larger database that is restored
 * faster than a smaller one was luck, and no reason to promise less for one that is larger still.
 */
function project(proven: readonly DrillSample[], sizeBytes: number | null): Projection {
  const points = proven.flatMap(({ rtoMs, sizeBytes: size }) => (rtoMs === null ? [] : [{ size, ms: rtoMs }]));
  if (sizeBytes === null) return { ms: null, why: 'today\'s size is not known' };
  if (points.length < leastForProjection) return { ms: null, why: `not enough drills: ${points.length} of ${leastForProjection} that were proven` };
  const line = fit(points);
  const ms = Math.round(line.intercept + line.slope * sizeBytes);
  if (!Number.isSafeInteger(ms)) return { ms: null, why: 'past drills were too small to say anything of today\'s size' };
  return {
    ms, sizeBytes, drills: points.length,
    method: line.slope === 0 ? 'the mean of past drills, whose times do not grow with size' : 'linear in bytes, by least squares over past drills',
    beyond: sizeBytes > beyondFactor * Math.max(...points.map(({ size }) => size)),
  };
}

function fit(points: readonly { readonly size: number; readonly ms: number }[]): { slope: number; intercept: number } {
  const mean = (of: (point: { size: number; ms: number }) => number): number => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [size, ms] = [mean((point) => point.size), mean((point) => point.ms)];
  const spread = mean((point) => (point.size - size) ** 2);
  const slope = spread === 0 ? 0 : mean((point) => (point.size - size) * (point.ms - ms)) / spread;
  if (slope <= 0) return { slope: 0, intercept: ms };
  const intercept = ms - slope * size;
  if (intercept >= 0) return { slope, intercept };
  return { slope: mean((point) => point.size * point.ms) / mean((point) => point.size ** 2), intercept: 0 };
}

/** Beyond this share more than at the drill before, what was measured then says little of today (databases.md §8). */
const notableGrowth = 0.25;

/** That the data has grown by more than a quarter since the drill before this one, a sentence; empty where it has not, or there was none. */
export function growthText({ samples, projection }: Pick<DrillTrend, 'samples' | 'projection'>): string {
  const own = samples.at(-1);
  // One that brought nothing back has no size.
  const before = samples.slice(0, -1).findLast(({ sizeBytes }) => sizeBytes > 0);
  if (own === undefined || before === undefined) return '';
  const today = projection.ms === null ? own.sizeBytes : projection.sizeBytes;
  if (today <= before.sizeBytes * (1 + notableGrowth)) return '';
  return `The data has grown by ${Math.round((today / before.sizeBytes - 1) * 100)} % since drill ${before.drillId}: ${sizeText(before.sizeBytes)} then, ${sizeText(today)} today.`;
}
