/**
 * What an archive knows of the AOFs that one server had, and which of them was the live one when. Pure; seconds are since the epoch.
 *
 * A base is a whole state, and the increments that a manifest ever named with it are all that was written behind it, in their order. A rewrite makes
 * a new base; so does turning the AOF off and on, a restore, and an undo brings an old one back: only the looks tell which one was live.
 */

export interface AofBase {
  readonly id: string;
  readonly sequence: number;
  /** When the server began to write it: it holds nothing of a later second. */
  readonly createdSecond: number;
  /** Of every manifest that named it as its base. */
  readonly increments: readonly string[];
}

/** How the server stood at one moment. */
export interface AofLook {
  readonly second: number;
  /** `off`: what is written then does not reach the AOF, or without its time. */
  readonly state: 'on' | 'off';
  /** The base that the manifest named; null where there was none to be seen. */
  readonly base: string | null;
  /** All that was written until the end of this second had been received and stored when this look was: so much of that increment, the last one then. */
  readonly coveredSecond: number;
  readonly increment: string | null;
  readonly sizeBytes: number;
  /** Equal at two looks where no setting was changed, nor the server restarted, in between. Null where it is not known. */
  readonly settings: string | null;
}

/** A stretch of time in which one base was the live one. */
export interface AofPeriod {
  readonly base: AofBase;
  /** From the end of this second on. */
  readonly beginSecond: number;
  /** Is it certain to have followed on what was live before, without anything in between? Else only what was seen of it, or is annotated, is of it. */
  readonly follows: boolean;
  /** Its looks, oldest first. */
  readonly looks: readonly AofLook[];
  /** The base that certainly came of this one by a rewrite, the AOF being on all the while: until then this one holds everything. */
  readonly rewrittenAs: AofBase | null;
}

/** Oldest first. A base that nobody saw live (two rewrites between two looks) has one too, where it follows on the one before. */
export function periodsOf(bases: readonly AofBase[], looks: readonly AofLook[]): readonly AofPeriod[] {
  const byId = new Map(bases.map((base) => [base.id, base]));
  const periods: AofPeriod[] = [];
  let before: AofLook | null = null;
  for (const look of looks.toSorted((a, b) => a.second - b.second)) {
    const base = look.base === null ? undefined : byId.get(look.base);
    if (look.state === 'on' && base !== undefined) {
      const current = periods.at(-1);
      if (current?.base === base) periods[periods.length - 1] = { ...current, looks: [...current.looks, look] };
      else {
        const from = periods.length - 1;
        periods.push(...unseenBetween(bases, periods, base, before));
        const period = begun(base, periods, look, before);
        periods.push(period);
        // Turned off and on, it would have had a setting changed twice.
        const isSure = period.follows && before?.state === 'on' && before.settings !== null && before.settings === look.settings;
        for (let index = Math.max(from, 0); isSure && index < periods.length - 1; index += 1) periods[index] = { ...periods[index] as AofPeriod, rewrittenAs: (periods[index + 1] as AofPeriod).base };
      }
    }
    before = look;
  }
  return [...periods, ...successorsOf(bases, periods)];
}

const isSuccessor = (base: AofBase, of: AofBase): boolean => (base.increments[0] !== undefined && of.increments.includes(base.increments[0])) || base.sequence === of.sequence + 1;

function begun(base: AofBase, periods: readonly AofPeriod[], look: AofLook, before: AofLook | null): AofPeriod {
  const current = periods.at(-1)?.base ?? null;
  const wasLive = periods.some((period) => period.base === base);
  const follows = current !== null && !wasLive && isSuccessor(base, current) && base.createdSecond <= look.second;
  // While a rewrite runs, the manifest names the old base: what is behind that lies in its increments too.
  const earliest = Math.max(base.createdSecond, before?.second ?? 0);
  return { base, beginSecond: follows || before === null ? Math.min(earliest, look.second) : look.second, follows, looks: [look], rewrittenAs: null };
}

/** Bases between the last that was seen and the one that is seen now. */
function unseenBetween(bases: readonly AofBase[], periods: readonly AofPeriod[], seen: AofBase, before: AofLook | null): readonly AofPeriod[] {
  const last = periods.at(-1);
  if (last === undefined) return [];
  return successorsOf(bases, periods).filter(({ base }) => base !== seen && base.sequence < seen.sequence && base.createdSecond <= seen.createdSecond && base.createdSecond >= (before?.second ?? 0));
}

/** Bases that follow on the last one, one after the other, and that no look has seen. */
function successorsOf(bases: readonly AofBase[], periods: readonly AofPeriod[]): readonly AofPeriod[] {
  const found: AofPeriod[] = [];
  for (let last = periods.at(-1); last !== undefined;) {
    const { base, looks } = last;
    const next: AofBase | undefined = bases.find((each) => isSuccessor(each, base) && each.createdSecond >= Math.max(base.createdSecond, looks.at(-1)?.second ?? 0) && ![...periods, ...found].some((period) => period.base === each));
    last = next === undefined ? undefined : { base: next, beginSecond: next.createdSecond, follows: true, looks: [], rewrittenAs: null };
    if (last !== undefined) found.push(last);
  }
  return found;
}

/**
 * The last second, not after the one that is asked for, at whose end the server is known to have kept its AOF in this period; null where the AOF is not
 * known to have been off by then.
 */
export function offSince(period: AofPeriod, looks: readonly AofLook[], second: number): number | null {
  const latest = looks.filter((look) => look.second >= period.beginSecond && look.second <= second).toSorted((a, b) => a.second - b.second).at(-1);
  if (latest?.state !== 'off') return null;
  // Also one of the very second in which it was found off: what that covers lies before both.
  return Math.max(period.beginSecond, ...period.looks.filter((look) => look.second <= latest.second).map(({ coveredSecond }) => coveredSecond));
}
