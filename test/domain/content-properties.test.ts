/** compareContent over arbitrary contents: equal means none, and one change means exactly one difference, which names it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareContent, type Content, type PostgresContent, type RedisContent } from '../../src/domain/content.ts';

const decimal = fc.bigInt({ min: 0n, max: 10n ** 40n }).map(String);
const names = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 });
const postgres: fc.Arbitrary<PostgresContent> = fc.record({
  engine: fc.constant('postgres' as const),
  tables: names.chain((tables) => fc.tuple(...tables.map((table) => fc.record({ table: fc.constant(table), rows: decimal, hash: decimal })))),
  sequences: names.map((sequences) => sequences.map((sequence) => ({ sequence, lastValue: '1' }))),
  largeObjects: fc.record({ count: decimal, hash: decimal }),
  objects: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.integer({ min: 1, max: 1e6 }).map(String), { minKeys: 1, maxKeys: 5 }),
});
const redis: fc.Arbitrary<RedisContent> = fc.record({
  engine: fc.constant('redis' as const),
  databases: fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 4 }).chain((databases) => fc.tuple(...databases.map((database) => fc.record({ database: fc.constant(database), keys: decimal, expires: decimal })))),
  digest: decimal,
  details: decimal,
  functions: decimal,
});

interface Change {
  readonly object: string;
  readonly property: string;
  readonly changed: Content;
}
const other = (value: string): string => `${value}1`;

function* postgresChanges(content: PostgresContent): Iterable<Change> {
  for (const [index, table] of content.tables.entries()) {
    yield { object: table.table, property: 'rows', changed: { ...content, tables: content.tables.with(index, { ...table, rows: other(table.rows) }) } };
    yield { object: table.table, property: 'hash', changed: { ...content, tables: content.tables.with(index, { ...table, hash: other(table.hash as string) }) } };
    yield { object: table.table, property: 'hash', changed: { ...content, tables: content.tables.with(index, { ...table, hash: null }) } };
    yield { object: table.table, property: 'existence', changed: { ...content, tables: content.tables.toSpliced(index, 1) } };
  }
  const added = content.tables.map(({ table }) => table).join('') + '+';
  yield { object: added, property: 'existence', changed: { ...content, tables: [{ table: added, rows: '0', hash: '0' }, ...content.tables] } };
  for (const [index, { sequence }] of content.sequences.entries()) yield { object: sequence, property: 'existence', changed: { ...content, sequences: content.sequences.toSpliced(index, 1) } };
  for (const property of ['count', 'hash'] as const) yield { object: 'large objects', property, changed: { ...content, largeObjects: { ...content.largeObjects, [property]: other(content.largeObjects[property] as string) } } };
  for (const [kind, count] of Object.entries(content.objects)) {
    yield { object: `objects of kind ${kind}`, property: 'count', changed: { ...content, objects: { ...content.objects, [kind]: other(count) } } };
    yield { object: `objects of kind ${kind}`, property: 'count', changed: { ...content, objects: Object.fromEntries(Object.entries(content.objects).filter(([each]) => each !== kind)) } };
  }
  yield { object: 'objects of kind newkindofobject', property: 'count', changed: { ...content, objects: { ...content.objects, newkindofobject: '1' } } };
}

function* redisChanges(content: RedisContent): Iterable<Change> {
  for (const [index, database] of content.databases.entries()) {
    for (const property of ['keys', 'expires'] as const) yield { object: `database ${database.database}`, property, changed: { ...content, databases: content.databases.with(index, { ...database, [property]: other(database[property]) }) } };
    yield { object: `database ${database.database}`, property: 'existence', changed: { ...content, databases: content.databases.toSpliced(index, 1) } };
  }
  yield { object: 'database 16', property: 'existence', changed: { ...content, databases: [...content.databases, { database: 16, keys: '0', expires: '0' }] } };
  for (const value of [other(content.digest as string), null]) yield { object: 'keyspace', property: 'digest', changed: { ...content, digest: value } };
  yield { object: 'times to live, consumer groups and functions', property: 'digest', changed: { ...content, details: other(content.details as string) } };
  yield { object: 'functions', property: 'count', changed: { ...content, functions: other(content.functions) } };
}

const exactly = (content: Content, changes: Iterable<Change>): void => {
  expect(compareContent(content, structuredClone(content))).toEqual([]);
  for (const { object, property, changed } of changes) {
    expect(compareContent(content, changed).map((difference) => [difference.object, difference.property])).toEqual([[object, property]]);
  }
};

it('finds exactly the one thing that changed in PostgreSQL', () => {
  fc.assert(fc.property(postgres, (content) => exactly(content, postgresChanges(content))));
});

it('finds exactly the one thing that changed in Redis', () => {
  fc.assert(fc.property(redis, (content) => exactly(content, redisChanges(content))));
});

it('does not depend on the order of what was found', () => {
  fc.assert(fc.property(postgres, (content) => {
    expect(compareContent(content, { ...content, tables: [...content.tables].reverse(), sequences: [...content.sequences].reverse() })).toEqual([]);
  }));
});

it('leaves sequences\' values to the engine: they move outside of transactions', () => {
  fc.assert(fc.property(postgres, (content) => {
    expect(compareContent(content, { ...content, sequences: content.sequences.map((each) => ({ ...each, lastValue: '2' })) })).toEqual([]);
  }));
});
