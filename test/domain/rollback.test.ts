import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesOpen, repairDirection, replacesSomething, replacesWholeServer, type PostgresDirectoryCutOver, type RedisCutOver, type RollbackMilestone, type PostgresTablesCutOver, rollbackMilestones, rollbackState } from '../../src/domain/rollback.ts';

const subsets = fc.subarray([...rollbackMilestones]);
const of = (...milestones: RollbackMilestone[]) => rollbackState(new Set(milestones));

describe('rollbackState', () => {
  it('follows a cut-over on each of its ways', () => {
    expect([of(), of('opening'), of('opening', 'opened'), of('opening', 'opened', 'undone'), of('opening', 'opened', 'accepted'), of('rolledBack')])
      .toEqual(['recorded', 'opening', 'opened', 'undone', 'accepted', 'rolledBack']);
  });

  it('is the last milestone there is, in whatever order they are found', () => {
    fc.assert(fc.property(subsets, (milestones) => {
      const state = of(...milestones);
      expect(of(...[...milestones].reverse())).toBe(state);
      expect(state).toBe(milestones.length === 0 ? 'recorded' : milestones.at(-1));
    }));
  });

  it('never goes back when a milestone is added', () => {
    const rank = (state: string): number => rollbackMilestones.indexOf(state as RollbackMilestone);
    fc.assert(fc.property(subsets, fc.constantFrom(...rollbackMilestones), (milestones, added) => rank(of(...milestones, added)) >= rank(of(...milestones))));
  });
});

describe('repairDirection', () => {
  it('goes back before the point of no return, forward after it, and nowhere when it ended', () => {
    expect((['recorded', ...rollbackMilestones] as const).map((state) => [state, repairDirection(state)]))
      .toEqual([['recorded', 'back'], ['opening', 'forward'], ['opened', null], ['rolledBack', null], ['undone', null], ['accepting', null], ['accepted', null]]);
  });

  it('never goes back once the opening began', () => {
    fc.assert(fc.property(subsets, (milestones) => !milestones.includes('opening') || repairDirection(of(...milestones)) !== 'back'));
  });
});

describe('what is replaced as a whole', () => {
  it('is a data directory, and the files of a Redis that no server answers on: neither is asked', () => {
    const redis = { engine: 'redis' } as RedisCutOver;
    expect([{ engine: 'postgres', method: 'directory' } as PostgresDirectoryCutOver, { ...redis, unusable: true as const }, redis, { ...redis, unread: true as const }, { engine: 'postgres', method: 'tables' } as PostgresTablesCutOver].map(replacesWholeServer))
      .toEqual([true, true, false, false, false]);
  });
});

describe('a cut-over of tables', () => {
  const tables = { engine: 'postgres', method: 'tables', into: null } as PostgresTablesCutOver;

  it('leaves the service open, and keeps what it replaces; a new schema replaces nothing', () => {
    expect([leavesOpen(tables), replacesSomething(tables), replacesSomething({ ...tables, into: 'as_it_was' })]).toEqual([true, true, false]);
  });
});
