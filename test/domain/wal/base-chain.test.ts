import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenLink, chooseParent, longestChain, type ParentCandidate } from '../../../src/domain/wal/base-chain.ts';

const server = { systemIdentifier: '7', timeline: 1, end: 1000n, nextXid: 1000n };
const idOf = (sequence: number): string => `20261123-${String(sequence).padStart(6, '0')}`;
const linkTo = ({ backupId, sha256 }: ParentCandidate) => ({ backupId, sha256 });
const base = (sequence: number, on: ParentCandidate | null = null, more: Partial<ParentCandidate> = {}): ParentCandidate => ({
  backupId: idOf(sequence), sha256: `sum ${sequence}`, sequence, chain: on === null ? [] : [...on.chain, linkTo(on)], systemIdentifier: '7', timeline: 1, end: BigInt(sequence), nextXid: BigInt(sequence), failed: false, ...more,
});
const chainOf = (length: number): readonly ParentCandidate[] => Array.from({ length }).reduce<readonly ParentCandidate[]>((links, _, index) => [...links, base(index + 1, links.at(-1) ?? null)], []);

/** Full ones and such that stand on any earlier one, some of another cluster or timeline, ahead of the server, failed or gone. */
const histories = fc.array(fc.record({ on: fc.option(fc.nat(20)), other: fc.constantFrom('none', 'none', 'none', 'cluster', 'timeline', 'ahead', 'begun', 'failed'), gone: fc.boolean(), damaged: fc.boolean() }), { minLength: 1, maxLength: 14 }).map((takes) => {
  const all: ParentCandidate[] = [];
  for (const [index, { on, other }] of takes.entries()) {
    const parent = on === null ? null : all[on % Math.max(1, all.length)] ?? null;
    all.push(base(index + 1, parent, {
      systemIdentifier: other === 'cluster' ? '8' : parent?.systemIdentifier ?? '7', timeline: other === 'timeline' ? 2 : parent?.timeline ?? 1, end: other === 'ahead' ? 2000n : BigInt(index), nextXid: other === 'begun' ? 1001n : BigInt(index), failed: other === 'failed',
    }));
  }
  return {
    candidates: all.filter((_, index) => !(takes[index]?.gone === true && index % 3 === 0)),
    damaged: new Map(all.filter((_, index) => takes[index]?.damaged === true && index % 4 === 0).map(({ backupId }) => [backupId, 'has other bytes'])),
  };
});

describe('chooseParent', () => {
  it('goes on from the newest', () => {
    const [full, first, second] = chainOf(3) as [ParentCandidate, ParentCandidate, ParentCandidate];
    expect(chooseParent(server, [second, full, first])).toEqual({ parent: second, doubted: false });
    expect(chooseParent(server, [full, first, base(9)])).toMatchObject({ parent: { sequence: 9 } });
  });

  it('takes a full one instead, and says why', () => {
    const full = base(1);
    const reasonOf = (...candidates: readonly ParentCandidate[]) => (chooseParent(server, candidates) as { reason: string }).reason;
    expect(reasonOf()).toBe('there is no base backup of this cluster yet');
    expect(reasonOf(base(1, null, { systemIdentifier: '8' }))).toBe('there is no base backup of this cluster yet');
    expect(reasonOf(base(1, null, { timeline: 2 }))).toContain('timeline 1');
    expect(reasonOf(base(1, null, { end: 1001n }))).toContain('it was set back since');
    expect(reasonOf(base(1, null, { nextXid: 1001n }))).toContain('transactions that the server never made: it was set back since');
    expect(reasonOf(base(1, null, { failed: true }))).toContain('failed its newest proof');
    expect(reasonOf(base(2, full))).toContain(`${idOf(2)} stands on ${idOf(1)}, which is not in the repository`);
    expect(reasonOf(...chainOf(longestChain))).toBe(`${idOf(longestChain)} is the last of a chain of ${longestChain}, and no chain is longer`);
    expect(chooseParent(server, chainOf(longestChain - 1))).toMatchObject({ parent: { sequence: longestChain - 1 } });
  });

  it('passes over one that is damaged, and all that stand on it', () => {
    const [full, first, second] = chainOf(3) as [ParentCandidate, ParentCandidate, ParentCandidate];
    const damaged = (...which: readonly ParentCandidate[]) => new Map(which.map(({ backupId }) => [backupId, 'has other bytes than its manifest says']));
    expect(chooseParent(server, [full, first, second], damaged(second))).toMatchObject({ parent: first });
    expect(chooseParent(server, [full, first, second], damaged(first))).toMatchObject({ parent: full });
    expect(chooseParent(server, [full, first, second], damaged(full))).toMatchObject({ parent: null, reason: expect.stringContaining(`${second.backupId} stands on ${full.backupId}, which has other bytes`) });
    expect(chooseParent(server, [{ ...full, sha256: 'changed' }, first, second])).toMatchObject({ parent: { backupId: full.backupId } });
  });

  it('has the bytes read of what another one failed on', () => {
    const [full, first] = chainOf(2) as [ParentCandidate, ParentCandidate];
    expect(chooseParent(server, [full, { ...first, failed: true }])).toEqual({ parent: full, doubted: true });
    expect(chooseParent(server, [full, first])).toEqual({ parent: first, doubted: false });
  });

  it('never goes on from what is of another cluster or timeline, ahead, failed, damaged or broken, nor makes a chain too long', () => {
    fc.assert(fc.property(histories, ({ candidates, damaged }) => {
      const choice = chooseParent(server, candidates, damaged);
      const known = new Map(candidates.map((candidate) => [candidate.backupId, candidate]));
      const usable = candidates.filter((each) => each.systemIdentifier === '7' && each.timeline === 1 && each.end <= server.end && each.nextXid <= server.nextXid && !each.failed
        && [each, ...each.chain].every(({ backupId }) => !damaged.has(backupId) && known.has(backupId)));
      const newest = usable.toSorted((a, b) => b.sequence - a.sequence)[0];
      if (choice.parent === null) expect(newest === undefined || newest.chain.length + 1 >= longestChain).toBe(true);
      else expect([choice.parent.backupId, choice.parent.chain.length + 1 < longestChain]).toEqual([newest?.backupId, true]);
    }));
  });

  it('bounds every chain, however many are taken', () => {
    const all: ParentCandidate[] = [];
    for (let sequence = 1; sequence <= 40; sequence += 1) all.push(base(sequence, chooseParent(server, all).parent));
    expect(all.filter(({ chain }) => chain.length === 0).map(({ sequence }) => sequence)).toEqual([1, 8, 15, 22, 29, 36]);
    expect(Math.max(...all.map(({ chain }) => chain.length + 1))).toBe(longestChain);
  });
});

describe('brokenLink', () => {
  const known = (...candidates: readonly ParentCandidate[]) => new Map(candidates.map((candidate) => [candidate.backupId, candidate]));
  const [full, first, second] = chainOf(3) as [ParentCandidate, ParentCandidate, ParentCandidate];

  it('is none where all are there as they were', () => {
    expect(brokenLink(full, known())).toBeNull();
    expect(brokenLink(second, known(full, first))).toBeNull();
  });

  it('names the first that is gone, changed, or stands on others', () => {
    expect(brokenLink(second, known(full))).toMatchObject({ backupId: first.backupId });
    expect(brokenLink(second, known())).toMatchObject({ backupId: full.backupId });
    expect(brokenLink(second, known({ ...full, sha256: 'x' }, first))).toMatchObject({ backupId: full.backupId, cause: expect.stringContaining('another manifest') });
    expect(brokenLink(second, known(full, { ...first, chain: [] }))).toMatchObject({ backupId: first.backupId, cause: expect.stringContaining('stands on other') });
  });
});
