import { describe, expect, it } from 'vitest';
import { compareContent, describeDifference, type PostgresContent, type RedisContent } from '../../src/domain/content.ts';

const postgres: PostgresContent = {
  engine: 'postgres',
  tables: [{ table: 'public.orders', rows: '1204118', hash: '-17' }, { table: 'public.users', rows: '9', hash: null }],
  sequences: [{ sequence: 'public.orders_id_seq', lastValue: '1204118' }],
  largeObjects: { count: '2', hash: '5' },
  objects: { index: '3', constraint: '4' },
};
const redis: RedisContent = { engine: 'redis', databases: [{ database: 0, keys: '10', expires: '2' }], digest: 'abc', details: 'def', functions: '1' };

const sentences = (expected: PostgresContent | RedisContent, change: object): readonly string[] =>
  compareContent(expected, { ...expected, ...change } as typeof expected).map(describeDifference);

describe('compareContent', () => {
  it('finds nothing where all is equal', () => {
    expect(compareContent(postgres, structuredClone(postgres))).toEqual([]);
    expect(compareContent(redis, structuredClone(redis))).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a missing row', { tables: [{ ...postgres.tables[0], rows: '1204117' }, postgres.tables[1]] }, 'public.orders: rows 1204118, found 1204117'],
    ['a changed row', { tables: [{ ...postgres.tables[0], hash: '-18' }, postgres.tables[1]] }, 'public.orders: hash -17, found -18'],
    ['rows that could not be hashed', { tables: [{ ...postgres.tables[0], hash: null }, postgres.tables[1]] }, 'public.orders: hash -17, found absent'],
    ['a missing table', { tables: [postgres.tables[0]] }, 'public.users: existence present, found absent'],
    ['a table too many', { tables: [...postgres.tables, { table: 'public.newer', rows: '0', hash: '0' }] }, 'public.newer: existence absent, found present'],
    ['a missing sequence', { sequences: [] }, 'public.orders_id_seq: existence present, found absent'],
    ['a large object too few', { largeObjects: { count: '1', hash: '5' } }, 'large objects: count 2, found 1'],
    ['a lost index', { objects: { index: '2', constraint: '4' } }, 'objects of kind index: count 3, found 2'],
    ['a kind that is gone altogether', { objects: { index: '3' } }, 'objects of kind constraint: count 4, found 0'],
    ['a kind that was not there', { objects: { index: '3', constraint: '4', trigger: '1' } }, 'objects of kind trigger: count 0, found 1'],
  ])('finds %s', (_what, change, sentence) => {
    expect(sentences(postgres, change)).toEqual([sentence]);
  });

  it.each<[string, object, string]>([
    ['a lost key', { databases: [{ database: 0, keys: '9', expires: '2' }] }, 'database 0: keys 10, found 9'],
    ['a lost expiry', { databases: [{ database: 0, keys: '10', expires: '1' }] }, 'database 0: expires 2, found 1'],
    ['another digest', { digest: 'abd' }, 'keyspace: digest abc, found abd'],
    ['a digest that nobody could read', { digest: null }, 'keyspace: digest abc, found absent'],
    ['another time to live', { details: 'deg' }, 'times to live, consumer groups and functions: digest def, found deg'],
    ['a lost function', { functions: '0' }, 'functions: count 1, found 0'],
  ])('finds %s in Redis', (_what, change, sentence) => {
    expect(sentences(redis, change)).toEqual([sentence]);
  });

  it('does not compare what the manifest does not hold', () => {
    expect(compareContent({ ...redis, digest: null, details: null }, redis)).toEqual([]);
  });

  it('does not take one engine for the other', () => {
    expect(compareContent(postgres, redis).map(describeDifference)).toEqual(['engine: name postgres, found redis']);
  });
});

it('a table that is listed twice is a difference, on either side', () => {
  const once: PostgresContent = { engine: 'postgres', tables: [{ table: 'a', rows: '1', hash: '2' }], sequences: [], largeObjects: { count: '0', hash: null }, objects: {} };
  const twice: PostgresContent = { ...once, tables: [...once.tables, ...once.tables] };
  expect(compareContent(once, once)).toEqual([]);
  expect(compareContent(once, twice)).toMatchObject([{ object: 'a', found: 'listed twice' }]);
  expect(compareContent(twice, once)).toMatchObject([{ object: 'a', found: 'listed twice' }]);
});
