import { expect, test } from 'vitest';
import { keyDifferences } from '../../../../src/engines/redis/drill/redis-drills.ts';

const backup = { databases: [{ database: 0, keys: '20', expires: '5' }, { database: 3, keys: '1', expires: '0' }] };
/** @param expires of those keys, which have not gone yet; the same in each */
const found = (keys: Record<number, string>, expires = '0') => Object.entries(keys).map(([database, count]) => ({ database: Number(database), keys: count, expires }));

test('a running server has fewer keys by what had a time to live, and by nothing else', () => {
  expect(keyDifferences(backup, found({ 0: '20', 3: '1' }))).toEqual([]);
  expect(keyDifferences(backup, found({ 0: '15', 3: '1' }))).toEqual([]);
  expect(keyDifferences(backup, found({ 0: '14', 3: '1' }))).toEqual([{ object: 'database 0', property: 'keys', expected: '20', found: '14' }]);
  expect(keyDifferences(backup, found({ 0: '21', 3: '1' }))).toMatchObject([{ found: '21' }]);
  expect(keyDifferences(backup, found({ 0: '20', 1: '1' }))).toEqual([{ object: 'database 1', property: 'keys', expected: '0', found: '1' }, { object: 'database 3', property: 'keys', expected: '1', found: '0' }]);
});

test('what still has a time to live has not gone by it, and excuses no other key', () => {
  expect(keyDifferences(backup, found({ 0: '17', 3: '1' }, '2'))).toEqual([]);
  expect(keyDifferences(backup, found({ 0: '16', 3: '1' }, '2'))).toEqual([{ object: 'database 0', property: 'keys', expected: '20', found: '16' }]);
  expect(keyDifferences(backup, found({ 0: '19', 3: '1' }, '5'))).toMatchObject([{ found: '19' }]);
});

test('a hash goes with the last of its fields, in its own database, and takes no other key along', () => {
  const hashes = new Map([[3, 1]]);
  expect(keyDifferences(backup, found({ 0: '20' }), hashes)).toEqual([]);
  expect(keyDifferences(backup, found({ 0: '14', 3: '1' }), hashes)).toEqual([{ object: 'database 0', property: 'keys', expected: '20', found: '14' }]);
  expect(keyDifferences({ databases: [{ database: 3, keys: '9', expires: '2' }] }, found({ 3: '6' }), hashes)).toEqual([]);
  expect(keyDifferences({ databases: [{ database: 3, keys: '9', expires: '2' }] }, found({ 3: '5' }), hashes)).toMatchObject([{ found: '5' }]);
});
