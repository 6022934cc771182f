/** Which AOF was live when, and whether what is archived of it is the state at a second: nothing later, nothing missing, nobody else's. */
import { describe, expect, it } from 'vitest';
import { offSince, periodsOf, type AofBase, type AofLook } from '../../../src/domain/aof/aof-history.ts';
import { judgeInstant, type ReadIncrement } from '../../../src/domain/aof/judge-instant.ts';

const base = (id: string, sequence: number, createdSecond: number, increments: readonly string[]): AofBase => ({ id, sequence, createdSecond, increments });
const look = (second: number, of: string, increment: string | null = null, sizeBytes = 0, state: AofLook['state'] = 'on'): AofLook => ({ second, state, base: of, coveredSecond: second - 3, increment, sizeBytes, settings: 'same' });
const read = (id: string, seconds: readonly [number, number] | null, more: Partial<ReadIncrement> = {}): ReadIncrement =>
  ({ id, sizeBytes: 100, wholeBytes: 100, isWhole: false, firstSecond: seconds?.[0] ?? null, lastSecond: seconds?.[1] ?? null, beginsAnnotated: seconds !== null, cutBytes: null, ...more });
const begins = (bases: readonly AofBase[], looks: readonly AofLook[]): readonly (readonly [string, number, boolean])[] => periodsOf(bases, looks).map((period) => [period.base.id, period.beginSecond, period.follows]);

describe('periods', () => {
  it('go from rewrite to rewrite, also over bases that nobody saw live', () => {
    const bases = [base('a', 1, 10, ['i1', 'i2']), base('b', 2, 50, ['i2']), base('c', 3, 52, ['i3']), base('d', 4, 90, ['i4'])];
    expect(begins(bases, [look(20, 'a'), look(49, 'a'), look(55, 'c')])).toEqual([['a', 10, false], ['b', 50, true], ['c', 52, true], ['d', 90, true]]);
  });

  it('of a restored directory begin when it was seen: it was made ready before it was live', () => {
    const bases = [base('old', 4, 10, ['i7']), base('restored', 1, 60, ['i1'])];
    expect(begins(bases, [look(20, 'old'), look(80, 'old'), look(90, 'restored')])).toEqual([['old', 10, false], ['restored', 90, false]]);
  });

  it('of a directory that an undo brought back begin once more', () => {
    const bases = [base('old', 2, 10, ['i7']), base('restored', 1, 60, ['i1'])];
    expect(begins(bases, [look(20, 'old'), look(70, 'restored'), look(90, 'old')])).toEqual([['old', 10, false], ['restored', 70, false], ['old', 90, false]]);
  });

  it('of an AOF that was off until it was rewritten begin with that', () => {
    const bases = [base('a', 1, 10, ['i1']), base('b', 2, 50, ['i2'])];
    const looks = [look(20, 'a'), look(30, 'a', null, 0, 'off'), look(48, 'a', null, 0, 'off'), look(55, 'b')];
    const periods = periodsOf(bases, looks);
    expect(periods.map(({ beginSecond }) => beginSecond)).toEqual([10, 50]);
    expect(offSince(periods[0]!, looks, 40)).toBe(17);
    expect(offSince(periods[0]!, looks, 29)).toBeNull();
    expect(offSince(periods[1]!, looks, 60)).toBeNull();
    // Found on and off within one second: what the first of the two covers is known.
    expect(offSince(periods[0]!, [look(14, 'a'), ...looks.slice(0, 1), look(20, 'a', null, 0, 'off')], 40)).toBe(17);
  });
});

describe('an instant', () => {
  const [period] = periodsOf([base('a', 1, 10, ['i1', 'i2'])], [look(20, 'a', 'i1', 100), look(40, 'a', 'i2', 50)]);
  const at = (second: number, ...increments: readonly ReadIncrement[]) => judgeInstant(period!, increments, second);

  it('is exact where something later is there', () => {
    expect(at(25, read('i1', [12, 30], { cutBytes: 60 }))).toEqual({ kind: 'exact', increments: [{ id: 'i1', sizeBytes: 60 }] });
    expect(at(29, read('i1', [12, 29], { isWhole: true }), read('i2', [30, 35], { cutBytes: 0 }))).toEqual({ kind: 'exact', increments: [{ id: 'i1', sizeBytes: 100 }] });
  });

  it('is exact where nothing later is there and a look covers it, and only as far as it does', () => {
    const files = [read('i1', [12, 30], { isWhole: true }), read('i2', [31, 33])];
    expect(at(37, ...files)).toMatchObject({ kind: 'exact', increments: [{ id: 'i1' }, { id: 'i2' }] });
    expect(at(38, ...files)).toEqual({ kind: 'earlier', second: 37 });
  });

  it('goes no further than the newest annotation where what a look saw is not there', () => {
    expect(at(37, read('i1', [12, 30], { isWhole: true }), read('i2', [31, 33], { sizeBytes: 49 }))).toEqual({ kind: 'earlier', second: 32 });
    expect(at(37, read('i1', [12, 30], { sizeBytes: 99 }))).toEqual({ kind: 'earlier', second: 29 });
    // The file that was not read to its end tells nothing of the one behind it.
    expect(at(37, read('i1', [12, 30]), read('i2', null, { sizeBytes: 50 }))).toEqual({ kind: 'earlier', second: 29 });
  });

  it('is exact until a rewrite that no setting was changed before, where all is there that was written', () => {
    const bases = [base('a', 1, 10, ['i1']), base('b', 2, 60, ['i2'])];
    const [before] = periodsOf(bases, [look(40, 'a', 'i1', 100), look(70, 'b')]);
    expect(judgeInstant(before!, [read('i1', [12, 30], { isWhole: true })], 59)).toMatchObject({ kind: 'exact' });
    expect(judgeInstant(before!, [read('i1', [12, 30])], 59)).toEqual({ kind: 'earlier', second: 37 });
    const [toggled] = periodsOf(bases, [look(40, 'a', 'i1', 100), { ...look(70, 'b'), settings: 'other' }]);
    expect(judgeInstant(toggled!, [read('i1', [12, 30], { isWhole: true })], 59)).toEqual({ kind: 'earlier', second: 37 });
  });

  it('is not known until a rewrite where nothing names what was written before', () => {
    const [before] = periodsOf([base('a', 1, 10, []), base('b', 2, 60, ['i2'])], [look(40, 'a', 'i1', 100), look(70, 'b')]);
    expect([before?.rewrittenAs?.id, judgeInstant(before!, [], 59)]).toEqual(['b', { kind: 'none', reason: 'what was written behind base a is not archived' }]);
  });

  it('is none before its base, nor before anything tells that it was in use', () => {
    expect(at(9, read('i1', [12, 30], { cutBytes: 0 }))).toMatchObject({ kind: 'none' });
    expect(at(11, read('i1', [12, 30], { cutBytes: 0 }))).toMatchObject({ kind: 'none' });
    expect(at(12, read('i1', [12, 30], { cutBytes: 60 }))).toMatchObject({ kind: 'exact' });
  });

  it('is none before the first annotation, where something stands before that', () => {
    expect(at(25, read('i1', [28, 30], { cutBytes: 40, beginsAnnotated: false }))).toMatchObject({ kind: 'none' });
    expect(at(28, read('i1', [28, 30], { cutBytes: 40, beginsAnnotated: false }))).toMatchObject({ kind: 'exact' });
  });
});
