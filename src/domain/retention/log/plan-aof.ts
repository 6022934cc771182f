/** Which archived append-only files may go: those that were live before the earliest moment that is still wanted. Pure. */
import { periodsOf, type AofBase, type AofPeriod } from '../../aof/aof-history.ts';
import { counted } from '../../wording.ts';
import type { AofFacts } from '../facts.ts';

export interface AofPlan {
  readonly component: string;
  /** Ids of bases, oldest first. */
  readonly bases: readonly string[];
  /** Ids of increments, with all their blocks: one is needed from its beginning, or not at all. */
  readonly increments: readonly string[];
  readonly sentence: string;
}

/** @param fromSecond from this second of the epoch on everything is wanted; null where that is not known, and all is */
export function planAof(facts: AofFacts, fromSecond: number | null): AofPlan {
  const { component, bases, increments } = facts;
  const goes = fromSecond === null ? [] : basesBefore(facts, fromSecond);
  const staying = new Set(bases.filter((base) => !goes.includes(base)).flatMap((base) => base.increments));
  // One that no base names may be named by the next manifest that is stored.
  const unneeded = new Set(goes.flatMap((base) => base.increments).filter((id) => !staying.has(id)));
  return {
    component, bases: goes.map(({ id }) => id), increments: increments.filter((id) => unneeded.has(id)),
    sentence: goes.length === 0 ? 'All of it is kept.' : `${counted(goes.length, 'base')} of before the earliest moment that can be come back to ${goes.length === 1 ? 'goes' : 'go'}, with what was written behind.`,
  };
}

function basesBefore({ bases, looks }: AofFacts, fromSecond: number): readonly AofBase[] {
  const periods = periodsOf(bases, looks);
  const wanted = periods.findLastIndex(({ beginSecond }) => beginSecond <= fromSecond);
  if (wanted < 0) return [];
  // A second is looked for in the period it lies in and in the one that began before it; whether that one followed on another is told by the last that was seen before.
  const before = Math.max(0, periods.findLastIndex(({ beginSecond }, index) => index < wanted && beginSecond <= fromSecond));
  const first = Math.max(0, periods.findLastIndex(({ looks: seen }, index) => index < before && seen.length > 0));
  const kept = new Set(periods.slice(first).map(({ base }) => base.id));
  const oldestSecond = Math.min(...bases.filter(({ id }) => kept.has(id)).map(({ createdSecond }) => createdSecond));
  const goes = bases.filter(({ id, createdSecond }) => !kept.has(id) && createdSecond < oldestSecond).toSorted((a, b) => a.createdSecond - b.createdSecond);
  // The history is told by what is there. If it were told otherwise without these, for whatever reason, they stay.
  const left = periodsOf(bases.filter((base) => !goes.includes(base)), looks);
  return sameEnd(periods.slice(before), left) ? goes : [];
}

const sameEnd = (end: readonly AofPeriod[], periods: readonly AofPeriod[]): boolean => JSON.stringify(periods.slice(-end.length)) === JSON.stringify(end);
