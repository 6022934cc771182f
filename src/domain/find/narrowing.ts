/**
 * Narrowing down the transaction that ended a condition: which moments to look at in one pass forward, and what was learned from them. Pure.
 * Only a commit changes what anybody sees; so between two neighbouring commits of the log there is one state, and looking at it once is enough.
 */

/** A commit that may have changed what is asked about. */
export interface Candidate {
  /** The lower 32 bits, which are all that a log record holds. */
  readonly xid: string;
  /** Where its commit record begins. */
  readonly lsn: bigint;
  /** When it committed, ISO 8601 UTC with microseconds. */
  readonly at: string;
  /** How much it looks like what is sought: rows that it changed, files that it dropped. */
  readonly weight: number;
  /** From where on it held a table for itself: while it does nobody can look into that table, and nobody else changes it. */
  readonly lockedFrom: bigint | null;
  /** From where on it had all that is asked about to itself; null where it had not, or what that is made of is not known yet. */
  readonly closedFrom: bigint | null;
}

/** A place where a recovery stops: before the record at `lsn`, or behind it. */
export interface Stop {
  readonly lsn: bigint;
  readonly inclusive: boolean;
}

/** The last time that the condition held lies from `low` on (known to hold there; from the beginning where null) and before `high`. */
export interface Bracket {
  readonly low: Stop | null;
  readonly high: Stop;
  /** Is it known that it does not hold at `high`? Looked at first where not. */
  readonly highKnown: boolean;
}

/** The commits of a bracket: all of them, or a sample where there are too many to name. */
export interface Candidates {
  readonly commits: readonly Candidate[];
  readonly complete: boolean;
}

export type Narrowed =
  | { readonly kind: 'found'; readonly commit: Candidate; /** Looked at last while it held. */ readonly low: Stop }
  | { readonly kind: 'bracket'; readonly bracket: Bracket; /** None of the commits that were considered lies in it: others have to be. */ readonly without: boolean }
  | { readonly kind: 'holdsAtEnd' }
  | { readonly kind: 'neverHeld' };

/** Stops of one pass. Each costs a restart of the copy; a pass costs unpacking it and replaying the log. */
export const stopsAtMost = 14;

export const isBefore = (one: Stop, other: Stop): boolean => one.lsn < other.lsn || (one.lsn === other.lsn && !one.inclusive && other.inclusive);

/** In the order of the log, none twice. Of few commits both sides of each; of many some, the heaviest among them and the others evenly spaced. */
export function planPass(bracket: Bracket, { commits, complete }: Candidates, most: number = stopsAtMost): readonly Stop[] {
  const sorted = suspects(commits).toSorted(byLsn);
  const end = bracket.highKnown ? [] : [bracket.high];
  const isSmall = complete && sorted.length * 2 + end.length <= most;
  const chosen = isSmall
    ? sorted.flatMap((commit) => [sideBefore(commit, sorted), { lsn: commit.lsn, inclusive: true }])
    : choose(sorted, Math.max(2, most - end.length), bracket.low !== null).map((commit) => sideBefore(commit, sorted));
  const within = chosen.filter((stop) => (bracket.low === null || isBefore(bracket.low, stop)) && isBefore(stop, bracket.high));
  return [...new Map([...within, ...end].map((stop) => [`${stop.lsn}/${stop.inclusive}`, stop])).values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
}

/** @param held what was found at each of the stops, in their order; null where it could not be told (a table was locked) */
export function readPass(bracket: Bracket, { commits, complete }: Candidates, stops: readonly Stop[], held: readonly (boolean | null)[]): Narrowed {
  const told = stops.filter((_, index) => typeof held[index] === 'boolean');
  const answers = held.filter((each) => typeof each === 'boolean');
  const last = answers.lastIndexOf(true);
  const low = last >= 0 ? told[last] as Stop : bracket.low;
  if (low === null) return { kind: 'neverHeld' };
  if (!bracket.highKnown && !isBefore(low, bracket.high)) return { kind: 'holdsAtEnd' };
  const high = told[last + 1] ?? bracket.high;
  const inside = suspects(commits).filter((commit) => liesWithin(commit, low, high));
  const [only] = inside;
  if (complete && inside.length === 1 && only !== undefined && high.lsn === only.lsn && high.inclusive) return { kind: 'found', commit: only, low };
  return { kind: 'bracket', bracket: { low, high, highKnown: true }, without: complete && inside.length === 0 };
}

/**
 * Without those that ended while somebody else had all that is asked about to itself until it committed: who had changed a row of it would still have held it, and would
 * have been waited for.
 */
const suspects = (commits: readonly Candidate[]): readonly Candidate[] => {
  const closing = commits.filter(({ closedFrom }) => closedFrom !== null);
  return commits.filter(({ lsn }) => !closing.some((other) => (other.closedFrom as bigint) < lsn && lsn < other.lsn));
};

/** Is the commit replayed at `high`, and not at `low`? */
const liesWithin = ({ lsn }: Candidate, low: Stop, high: Stop): boolean =>
  (low.inclusive ? lsn > low.lsn : lsn >= low.lsn) && (high.inclusive ? lsn <= high.lsn : lsn < high.lsn);

/** Just before it; where it had locked a table by then, before that, unless somebody else who counts committed meanwhile. */
function sideBefore(commit: Candidate, all: readonly Candidate[]): Stop {
  const from = commit.lockedFrom === null ? null : commit.closedFrom ?? commit.lockedFrom;
  const isAlone = from !== null && !all.some(({ lsn }) => lsn >= from && lsn < commit.lsn);
  return { lsn: isAlone ? from : commit.lsn, inclusive: false };
}

/** @param lowKnown the state before the first is known already */
function choose(sorted: readonly Candidate[], most: number, lowKnown: boolean): readonly Candidate[] {
  const eligible = lowKnown ? sorted.slice(1) : sorted;
  if (eligible.length <= most) return eligible;
  const heaviest = eligible.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight || (a.lsn < b.lsn ? 1 : -1)).slice(0, Math.floor(most / 2));
  const rest = most - heaviest.length;
  const spaced = Array.from({ length: rest }, (_, index) => eligible[lowKnown ? Math.floor(((index + 1) * eligible.length) / (rest + 1)) : Math.floor((index * eligible.length) / rest)] as Candidate);
  return [...new Set([...heaviest, ...spaced])].sort(byLsn);
}

const byLsn = (a: Candidate, b: Candidate): number => (a.lsn < b.lsn ? -1 : a.lsn > b.lsn ? 1 : 0);
