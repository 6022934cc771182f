/** For any history of a condition the passes end at a change, and at the last one where there are few enough commits to look at them all. */
import { describe, expect, it } from 'vitest';
import { planPass, readPass, stopsAtMost, type Bracket, type Candidate, type Candidates, type Stop } from '../../../src/domain/find/narrowing.ts';

/** xorshift: the same numbers every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const commit = (index: number, weight = 0, lockedFrom: bigint | null = null): Candidate => ({ xid: String(700 + index), lsn: BigInt(index + 1) * 100n, at: `2026-11-23T01:00:00.${String(index).padStart(6, '0')}Z`, weight, lockedFrom, closedFrom: null });

/** States before the first commit, and behind each; what a recovery that stops there has replayed. */
const heldAt = (states: readonly boolean[], commits: readonly Candidate[], { lsn, inclusive }: Stop): boolean => states[commits.filter((each) => each.lsn < lsn || (inclusive && each.lsn === lsn)).length] as boolean;

interface Search {
  readonly found: Candidate | null;
  readonly end: string;
  readonly passes: number;
  readonly most: number;
}

/** As the runbook goes on, by what a log of these commits would be surveyed to. @param named how many a survey can name */
function search(states: readonly boolean[], commits: readonly Candidate[], named = 10_000): Search {
  let bracket: Bracket = { low: null, high: { lsn: BigInt(commits.length + 1) * 100n, inclusive: true }, highKnown: false };
  let most = 0;
  for (let passes = 1; passes < 50; passes += 1) {
    const { low, high } = bracket;
    const inside = commits.filter(({ lsn }) => (low === null || lsn > low.lsn || (lsn === low.lsn && !low.inclusive)) && (lsn < high.lsn || (lsn === high.lsn && high.inclusive)));
    const stride = Math.ceil(inside.length / named);
    const heavy = inside.filter(({ weight }) => weight > 0).slice(-64);
    const survey: Candidates = { commits: stride <= 1 ? inside : [...new Set([...inside.filter((_, index) => index % stride === 0), ...heavy])].sort((a, b) => (a.lsn < b.lsn ? -1 : 1)), complete: stride <= 1 };
    const stops = planPass(bracket, survey);
    most = Math.max(most, stops.length);
    const narrowed = readPass(bracket, survey, stops, stops.map((stop) => heldAt(states, commits, stop)));
    if (narrowed.kind === 'found') return { found: narrowed.commit, end: 'found', passes, most };
    if (narrowed.kind !== 'bracket') return { found: null, end: narrowed.kind, passes, most };
    expect(narrowed.without).toBe(false);
    bracket = narrowed.bracket;
  }
  throw new Error('no end');
}

/** The same, where nothing can be told at some stops; ends where a pass is as the one before. */
function searchLocked(states: readonly boolean[], commits: readonly Candidate[], isHeld: (stop: Stop) => boolean): { readonly end: string; readonly found: Candidate | null } {
  let bracket: Bracket = { low: null, high: { lsn: BigInt(commits.length + 1) * 100n, inclusive: true }, highKnown: false };
  for (let before = ''; ;) {
    const { low, high } = bracket;
    const inside = commits.filter(({ lsn }) => (low === null || lsn > low.lsn || (lsn === low.lsn && !low.inclusive)) && (lsn < high.lsn || (lsn === high.lsn && high.inclusive)));
    const survey: Candidates = { commits: inside, complete: true };
    const stops = planPass(bracket, survey);
    const narrowed = readPass(bracket, survey, stops, stops.map((stop) => (isHeld(stop) ? null : heldAt(states, commits, stop))));
    if (narrowed.kind === 'found') return { end: 'found', found: narrowed.commit };
    if (narrowed.kind !== 'bracket') return { end: narrowed.kind, found: null };
    bracket = narrowed.bracket;
    const now = [bracket.low, bracket.high].map((stop) => (stop === null ? '' : `${stop.lsn}${stop.inclusive}`)).join();
    if (now === before) return { end: 'stuck', found: null };
    before = now;
  }
}

const lastChange = (states: readonly boolean[]): number => states.lastIndexOf(true);

describe('narrowing', () => {
  it('finds the last change of any history whose commits can all be looked at', () => {
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const next = numbers(seed);
      const commits = Array.from({ length: next(stopsAtMost - 1) }, (_, index) => commit(index, next(3), next(4) === 0 ? BigInt(Math.max(1, index * 100 - 99 + next(198))) : null));
      const states = Array.from({ length: commits.length + 1 }, () => next(2) === 0);
      const { found, end } = search(states, commits);
      const last = lastChange(states);
      expect([seed, end, found?.xid]).toEqual([seed, last < 0 ? 'neverHeld' : last === commits.length ? 'holdsAtEnd' : 'found', last < 0 || last === commits.length ? undefined : commits[last]?.xid]);
    }
  });

  it('finds a change in any history, the only one where there is one, in few passes and stops', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const next = numbers(seed);
      const commits = Array.from({ length: 20 + next(5_000) }, (_, index) => commit(index));
      const change = 1 + next(commits.length);
      const once = search(commits.map((_, index) => index < change).concat(false), commits, 500);
      expect(once).toMatchObject({ end: 'found', found: { xid: commits[change - 1]?.xid } });
      expect(once.most).toBeLessThanOrEqual(stopsAtMost);
      expect(once.passes).toBeLessThanOrEqual(6);
      const wild = [true, ...commits.map(() => next(2) === 0)];
      wild[commits.length] = false;
      const { found } = search(wild, commits, 500);
      const index = commits.findIndex(({ xid }) => xid === found?.xid);
      expect([wild[index], wild[index + 1]]).toEqual([true, false]);
    }
  });

  it('finds the last of several, among any number of commits, where those that end it are the heaviest', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const next = numbers(seed);
      const drops = new Set(Array.from({ length: 1 + next(4) }, () => 1 + next(3_000)));
      const commits = Array.from({ length: 3_001 }, (_, index) => commit(index, drops.has(index) ? 9 : 0));
      let held = true;
      // Each is made anew some time after it was dropped.
      const states = [true, ...commits.map((_, index) => { held = drops.has(index) ? false : held || (index < Math.max(...drops) && next(3) === 0); return held; })];
      expect(search(states, commits, 500).found?.xid).toBe(commits[lastChange(states)]?.xid);
    }
  });

  it('stops before a table was locked, unless somebody else committed meanwhile', () => {
    const bracket: Bracket = { low: null, high: { lsn: 900n, inclusive: true }, highKnown: true };
    expect(planPass(bracket, { commits: [commit(0), commit(2, 0, 250n)], complete: true })).toContainEqual({ lsn: 250n, inclusive: false });
    expect(planPass(bracket, { commits: [commit(0), commit(1), commit(2, 0, 150n)], complete: true })).toContainEqual({ lsn: 300n, inclusive: false });
  });

  it('says that none of the commits did it where another must have', () => {
    const bracket: Bracket = { low: null, high: { lsn: 900n, inclusive: true }, highKnown: false };
    const survey = { commits: [commit(0)], complete: true };
    const stops = planPass(bracket, survey);
    expect(readPass(bracket, survey, stops, [true, true, false])).toEqual({ kind: 'bracket', without: true, bracket: { low: { lsn: 100n, inclusive: true }, high: { lsn: 900n, inclusive: true }, highKnown: true } });
    // What could not be told counts for neither side.
    expect(readPass(bracket, survey, stops, [true, null, false])).toMatchObject({ kind: 'bracket', without: false, bracket: { low: { lsn: 100n, inclusive: false } } });
  });

  it('finds the last change where what is asked about is locked while others commit, once it is known who had it to himself', () => {
    let stuck = 0;
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const next = numbers(seed);
      const commits = Array.from({ length: 2 + next(40) }, (_, index) => commit(index));
      // Some have it from a while before they commit on; none of these whiles meets another.
      const closed = commits.map(() => null as bigint | null);
      for (let index = 0, free = 0; index < commits.length; index += 1) {
        if (next(6) > 0) continue;
        closed[index] = BigInt(free * 100 + 1 + next((index + 1 - free) * 100 - 1));
        free = index + 1;
      }
      const isHeld = ({ lsn, inclusive }: Stop): boolean => commits.some((each, index) => closed[index] !== null && (closed[index] as bigint) < lsn && (lsn < each.lsn || (lsn === each.lsn && !inclusive)));
      let state = true;
      // Nobody changes what somebody else has.
      const states = [true, ...commits.map(({ lsn }) => { if (!commits.some((other, index) => closed[index] !== null && (closed[index] as bigint) < lsn && lsn < other.lsn) && next(3) === 0) state = next(2) === 0; return state; })];
      states[commits.length] = false;
      const known = commits.map((each, index) => ({ ...each, lockedFrom: closed[index] ?? null, closedFrom: closed[index] ?? null }));
      if (isHeld({ lsn: BigInt(commits.length + 1) * 100n, inclusive: true })) continue;
      const { end, found } = searchLocked(states, known, isHeld);
      expect([seed, end]).toEqual([seed, 'found']);
      const index = commits.findIndex(({ xid }) => xid === found?.xid);
      // With more commits than can be looked at one change among several is found, as without locks.
      expect([seed, states.slice(index + 1).includes(false), states.slice(0, index + 1).includes(true)]).toEqual([seed, true, true]);
      if (states.filter((each, at) => at > 0 && each !== states[at - 1]).length === 1) expect([seed, index]).toEqual([seed, lastChange(states)]);
      stuck += searchLocked(states, known.map((each) => ({ ...each, closedFrom: null })), isHeld).end === 'stuck' ? 1 : 0;
    }
    // Without that knowledge there are histories of which nothing can be told.
    expect(stuck).toBeGreaterThan(50);
  });
});
