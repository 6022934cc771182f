import { expect, test } from 'vitest';
import { readCondition } from '../../../src/domain/find/condition.ts';
import { accidents, kinds } from './scripted.ts';

test('there are four accidents of each of the five kinds, each with a name of its own within its kind, and a condition that find accepts', () => {
  expect(kinds.map((kind) => accidents.filter((accident) => accident.kind === kind).length)).toEqual([4, 4, 4, 4, 4]);
  expect(new Set(accidents.map(({ kind, name }) => `${kind} ${name}`)).size).toBe(accidents.length);
  expect(accidents.filter(({ looksFor }) => readCondition(looksFor).kind === undefined)).toEqual([]);
});
