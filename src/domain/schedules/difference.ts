/** What has to be done so that the schedules there are become those there should be; and what is left alone, and why. Pure. */
import { isScheduledVerb } from './scheduled-runbooks.ts';
import type { ScheduleTerms, WishedSchedule } from './schedule-terms.ts';

export interface FoundSchedule {
  readonly id: string;
  /** Of which service and runbook, where Holdfast made it; null for one that somebody made by hand, whatever it is called. */
  readonly own: { readonly service: string; readonly verb: string } | null;
  readonly terms: ScheduleTerms;
  /** The terms that Holdfast gave it last, as far as this is still known. A newer version may know further ones, an older one fewer. */
  readonly applied: Readonly<Record<string, unknown>> | null;
  readonly paused: boolean;
  readonly note: string;
}

export interface TermChange {
  readonly term: keyof ScheduleTerms;
  readonly is: string | number | boolean;
  readonly wouldBe: string | number | boolean;
}

export type ScheduleDifference =
  | { readonly kind: 'create'; readonly id: string; readonly wished: WishedSchedule; readonly found: null }
  | { readonly kind: 'unchanged'; readonly id: string; readonly wished: WishedSchedule; readonly found: FoundSchedule }
  /** As Holdfast left it, and the configuration says something else by now. */
  | { readonly kind: 'change'; readonly id: string; readonly wished: WishedSchedule; readonly found: FoundSchedule; readonly changes: readonly TermChange[] }
  /** Not as Holdfast left it. `edited`: what is not, or null where it is not known any more what that was. */
  | { readonly kind: 'drifted'; readonly id: string; readonly wished: WishedSchedule; readonly found: FoundSchedule; readonly changes: readonly TermChange[]; readonly edited: readonly (keyof ScheduleTerms)[] | null }
  /** Ours, and off by the configuration. */
  | { readonly kind: 'remove'; readonly id: string; readonly wished: null; readonly found: FoundSchedule }
  /** Somebody made one by hand under the name that ours would have. */
  | { readonly kind: 'taken'; readonly id: string; readonly wished: WishedSchedule; readonly found: FoundSchedule }
  /** Made by hand, for one of our runbooks. */
  | { readonly kind: 'foreign'; readonly id: string; readonly wished: null; readonly found: FoundSchedule }
  /** Ours, of a service or runbook that this configuration, or this version, does not know: another one's, perhaps. */
  | { readonly kind: 'elsewhere'; readonly id: string; readonly wished: null; readonly found: FoundSchedule };

/** @param services names of those that the configuration has: what it says of no other is a reason to remove something */
export function scheduleDifferences(wished: readonly WishedSchedule[], found: readonly FoundSchedule[], services: readonly string[]): readonly ScheduleDifference[] {
  const byId = new Map(found.map((schedule) => [schedule.id, schedule]));
  const wishedIds = new Set(wished.map(({ id }) => id));
  return [
    ...wished.map((each) => differenceOf(each, byId.get(each.id) ?? null)),
    ...found.filter(({ id }) => !wishedIds.has(id)).map((each) => unwished(each, services)),
  ];
}

function differenceOf(wished: WishedSchedule, found: FoundSchedule | null): ScheduleDifference {
  const { id } = wished;
  if (found === null) return { kind: 'create', id, wished, found };
  if (found.own === null) return { kind: 'taken', id, wished, found };
  const changes = changedTerms(found.terms, wished.terms);
  if (changes.length === 0) return { kind: 'unchanged', id, wished, found };
  const edited = editedTerms(found);
  return edited !== null && edited.length === 0 ? { kind: 'change', id, wished, found, changes } : { kind: 'drifted', id, wished, found, changes, edited };
}

function unwished(found: FoundSchedule, services: readonly string[]): ScheduleDifference {
  const base = { id: found.id, wished: null, found } as const;
  if (found.own === null) return { kind: 'foreign', ...base };
  return services.includes(found.own.service) && isScheduledVerb(found.own.verb) ? { kind: 'remove', ...base } : { kind: 'elsewhere', ...base };
}

const termsOf = (terms: ScheduleTerms): readonly (keyof ScheduleTerms)[] => Object.keys(terms) as (keyof ScheduleTerms)[];

function changedTerms(is: ScheduleTerms, wouldBe: ScheduleTerms): readonly TermChange[] {
  return termsOf(wouldBe).filter((term) => is[term] !== wouldBe[term]).map((term) => ({ term, is: is[term], wouldBe: wouldBe[term] }));
}

/** A term that was not known when it was applied was edited by nobody. */
function editedTerms({ terms, applied }: FoundSchedule): readonly (keyof ScheduleTerms)[] | null {
  return applied === null ? null : termsOf(terms).filter((term) => Object.hasOwn(applied, term) && applied[term] !== terms[term]);
}
