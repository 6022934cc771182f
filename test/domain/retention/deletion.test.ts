import { describe, expect, it } from 'vitest';
import { obstacleTo } from '../../../src/domain/retention/deletion.ts';
import type { KeepRule } from '../../../src/domain/retention/rules/keep-rules.ts';
import { planRetention } from '../../../src/domain/retention/plan-retention.ts';
import { World } from './world.ts';

const upTo = { sequence: 9, backupId: '20260109-020000' };
const planOf = (...rules: readonly KeepRule[]) => ({ upTo, decisions: [{ backupId: 'b', sequence: 1, outcome: 'keep' as const, sound: true, sentence: '', reasons: rules.map((rule) => ({ rule, text: `is kept by ${rule}` })) }] });

describe('what may be deleted before its time', () => {
  it('is what nothing but its age keeps', () => {
    expect(obstacleTo('b', planOf())).toBeNull();
    expect(obstacleTo('b', planOf('days', 'day', 'week', 'month'))).toBeNull();
    for (const rule of ['future', 'imported'] as const) expect(obstacleTo('b', planOf(rule))).toBeNull();
  });

  it('is nothing that somebody or something was promised, and it says what', () => {
    for (const rule of ['held', 'inUse', 'restoring', 'newestProven', 'newest', 'copies', 'log', 'needed', 'nothingSound', 'unreadable'] as const) expect(obstacleTo('b', planOf('days', rule))).toBe(`It is kept by ${rule}.`);
    expect(obstacleTo('b', { ...planOf('days'), upTo: null })).toBe('No backup can be relied on, so none goes.');
  });
});

describe('what was deleted', () => {
  const worldOf = (days: number): World => {
    const world = new World({ days: 30, minimumCopies: 1, trashDays: 2 });
    for (let day = 0; day < days; day += 1) {
      world.back('dump', 'proven');
      world.pass(24);
    }
    return world;
  };
  const trashOf = (world: World, asked: boolean) => {
    const [first, ...stored] = world.facts().backups;
    if (first === undefined) throw new Error('the world has no backup');
    const trash = [{ ...first, trashedUpTo: 3, ...(asked ? { asked: true as const } : {}) }];
    return planRetention({ ...world.facts(), backups: stored, trash }, world.policy).trash[0];
  };

  it('leaves the trash when its days are over, however young it is; what retention removed by mistake stays there', () => {
    expect(trashOf(worldOf(4), true)).toMatchObject({ outcome: 'stays', sentence: 'It can be taken back for 2 days after it was removed.' });
    expect(trashOf(worldOf(6), true)).toMatchObject({ outcome: 'leaves' });
    expect(trashOf(worldOf(6), false)).toMatchObject({ outcome: 'stays', sentence: expect.stringContaining('It would be kept by now') });
  });

  it('comes back where it is needed after all', () => {
    const world = worldOf(6);
    world.hold({ backupId: world.stored[0]?.backupId ?? '', sequence: 1 });
    expect(trashOf(world, true)).toMatchObject({ outcome: 'offerBack' });
  });
});
