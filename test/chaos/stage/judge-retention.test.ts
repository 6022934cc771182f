import { expect, test } from 'vitest';
import { judgeMoves } from './judge-retention.ts';
import type { RepositoryState } from './observe.ts';

const state = (backups: string, trash: string, gone: string): RepositoryState =>
  ({ backups: [...backups], trash: [...trash], gone: [...gone], unfinished: [], notes: [], temporaries: [], marks: 0, proofs: 0, drills: [], files: [], approvals: 0, rollbacks: [], setAside: [] });
const before = state('abcd', 'ef', 'g');
const moves = { toTrash: ['a', 'b'], forGood: ['e'], back: ['f'] };

test('everything has moved where the run came to its end, and each may have where it did not', () => {
  expect(judgeMoves(before, state('cdf', 'ab', 'eg'), moves, true)).toEqual([]);
  for (const some of [state('abcd', 'ef', 'g'), state('acd', 'bef', 'g'), state('cdf', 'ab', 'eg'), state('abcdf', '', 'eg')]) expect(judgeMoves(before, some, moves, false)).toEqual([]);
  expect(judgeMoves(before, state('abcd', 'ef', 'g'), moves, true)).toHaveLength(4);
});

test('what is not to move stays, nothing is in two places, and nothing disappears', () => {
  const none = { toTrash: [], forGood: [], back: [] };
  expect(judgeMoves(before, before, none, true)).toEqual([]);
  expect(judgeMoves(before, state('abc', 'def', 'g'), none, false)).toEqual(['backup d is in the trash instead of there']);
  expect(judgeMoves(before, state('bcd', 'ef', 'g'), moves, false)).toEqual(['backup a is nowhere instead of there or in the trash']);
  expect(judgeMoves(before, state('abcd', 'aef', 'g'), moves, false)).toEqual(['backup a is there and in the trash instead of there or in the trash']);
  expect(judgeMoves(before, state('abcd', 'ef', ''), moves, false)).toEqual(['backup g is nowhere instead of gone']);
  expect(judgeMoves(before, state('abcd', 'f', 'g'), moves, false)).toHaveLength(1);
});
