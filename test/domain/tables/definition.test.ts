import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atMoment, fitOf, fitsInto, refusalOf, tableNotes, type ColumnDefinition, type TableDefinition } from '../../../src/domain/tables/definition.ts';

const column = (name: string, given: Partial<ColumnDefinition> = {}): ColumnDefinition => ({ name, type: 'integer', notNull: false, hasDefault: false, generated: null, identity: null, ...given });
const table = (columns: readonly ColumnDefinition[], given: Partial<TableDefinition> = {}): TableDefinition =>
  ({ schema: 'public', name: 't', oid: 1, kind: 'r', isPartition: false, inherits: false, columns, key: ['id'], silentTriggers: [], loudTriggers: [], publications: [], ...given });
const id = column('id', { notNull: true });

describe('rows of a table as it was', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }).filter((name) => name !== 'id'), { maxLength: 6 });

  it('go into the same table, in whatever order its columns stand, with nothing to say', () => {
    fc.assert(fc.property(names, fc.nat(), (others, turn) => {
      const columns = [id, ...others.map((name) => column(name))];
      const turned = [...columns.slice(turn % columns.length), ...columns.slice(0, turn % columns.length)];
      expect(fitOf(table(columns), table(turned))).toEqual({ refusals: [], notes: [], columns: columns.map(({ name }) => name) });
    }));
  });

  it('are refused for every column that went, and never for one that came and can be left out', () => {
    fc.assert(fc.property(names, names, (went, came) => {
      const kept = went.filter((name) => came.includes(name));
      const fit = fitOf(table([id, ...went.map((name) => column(name))]), table([id, ...came.map((name) => column(name))]));
      expect(fit.refusals).toHaveLength(went.length - kept.length);
      expect(fit.notes).toHaveLength(came.length - kept.length);
      expect(fit.columns).toEqual(['id', ...kept]);
    }));
  });

  it.each([
    ['another type', [column('v')], [column('v', { type: 'bigint' })], 1, 0],
    ['a wider text', [column('v', { type: 'character varying(5)' })], [column('v', { type: 'text' })], 0, 1],
    ['a narrower text', [column('v', { type: 'text' })], [column('v', { type: 'character varying(5)' })], 1, 0],
    ['a column that must be filled', [], [column('v', { notNull: true })], 1, 0],
    ['one that fills itself', [], [column('v', { notNull: true, hasDefault: true })], 0, 1],
    ['one that numbers itself', [], [column('v', { notNull: true, identity: 'always' })], 0, 1],
    ['a generated column that came', [], [column('v', { generated: '1' })], 0, 0],
    ['one that went', [column('v', { generated: '1' })], [], 0, 1],
    ['one that became an ordinary one', [column('v', { generated: '1' })], [column('v')], 1, 0],
    ['an ordinary one that became generated', [column('v')], [column('v', { generated: '1' })], 1, 0],
    ['one that is computed otherwise', [column('v', { generated: '1' })], [column('v', { generated: '2' })], 0, 1],
  ])('%s', (_what, before, now, refusals, notes) => {
    const fit = fitOf(table([id, ...before]), table([id, ...now]));
    expect([fit.refusals.length, fit.notes.length]).toEqual([refusals, notes]);
    expect(fit.columns).not.toContain(before.some(({ generated }) => generated !== null) ? 'v' : 'w');
  });

  it('are spoken of as what they are: of a backup, or of a moment', () => {
    const [before, now] = [table([id, column('v')]), table([id, column('w', { notNull: true })])];
    expect(fitOf(before, now).refusals).toEqual(['column v of public.t is in the backup and not in the live table', 'column w of public.t came after the backup, may not be NULL and has no default']);
    expect(fitOf(before, now, atMoment).refusals).toEqual(['column v of public.t was there at that moment and not in the live table', 'column w of public.t came after that moment, may not be NULL and has no default']);
  });

  it('are refused where another key tells them apart now', () => {
    expect(fitOf(table([id, column('b')]), table([id, column('b')], { key: ['id', 'b'] })).refusals).toHaveLength(1);
  });
});

it('texts fit into what is at least as wide, and everything into itself alone', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 }), (a, b) => {
    expect(fitsInto(`character varying(${a})`, `character varying(${b})`)).toBe(a <= b);
  }));
  expect([fitsInto('text', 'character varying'), fitsInto('character varying(3)', 'character(3)'), fitsInto('integer', 'bigint'), fitsInto('public.mood', 'public.mood')]).toEqual([true, false, false, true]);
});

it.each([['v', {}], ['r', { isPartition: true }], ['r', { inherits: true }], ['p', { key: [] }], ['f', {}]] as const)('a table of kind %s (%j) is none whose rows can be put back', (kind, given) => {
  expect(refusalOf(table([id], { kind, ...given }))).toContain('public.t');
});

it('a partitioned table with a key is one; what does not fire, what does, and who listens is said', () => {
  expect(refusalOf(table([id], { kind: 'p' }))).toBeNull();
  expect(tableNotes(table([id]))).toEqual([]);
  const notes = tableNotes(table([column('id', { identity: 'always' })], { silentTriggers: ['audit'], loudTriggers: ['loud'], publications: ['feed'] })).join('\n');
  expect(notes).toMatch(/do not fire \(audit\).*\n.*DO fire: loud.*\n.*subscribers of feed.*\n.*id keeps the numbers/);
});
