import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareContent, type PostgresContent, type RedisContent } from '../../../src/domain/content.ts';
import { checkKinds, type CheckClass } from '../../../src/domain/drill/check-class.ts';
import { judgeChecks } from '../../../src/domain/drill/check.ts';
import { checksOfProof, classOfDifference } from '../../../src/domain/drill/checks-of-proof.ts';
import type { ComponentProof } from '../../../src/domain/proof.ts';

const postgres: PostgresContent = {
  engine: 'postgres', tables: [{ table: 'public.orders', rows: '10', hash: '77' }, { table: '"large objects"', rows: '1', hash: '1' }, { table: 'functions', rows: '2', hash: '5' }], sequences: [{ sequence: 'public.orders_id_seq', lastValue: '10' }],
  largeObjects: { count: '2', hash: '9' }, objects: { index: '3', view: '1' },
};
const redis: RedisContent = { engine: 'redis', databases: [{ database: 0, keys: '5', expires: '1' }], digest: 'ab', details: 'cd', functions: '1' };
const [orders, ...tables] = postgres.tables as [PostgresContent['tables'][number], ...PostgresContent['tables']];

const found: readonly (readonly [CheckClass, PostgresContent | RedisContent])[] = [
  ['countDiffers', { ...postgres, tables: [{ ...orders, rows: '9' }, ...tables] }],
  ['hashDiffers', { ...postgres, tables: [{ ...orders, hash: '78' }, ...tables] }],
  ['countDiffers', { ...postgres, tables: [orders, ...tables.map((each) => ({ ...each, rows: '0' }))] }],
  ['tableMissing', { ...postgres, tables }],
  ['tableUnexpected', { ...postgres, tables: [...postgres.tables, { table: 'public.other', rows: '0', hash: '0' }] }],
  ['sequenceMissing', { ...postgres, sequences: [] }],
  ['largeObjectsDiffer', { ...postgres, largeObjects: { count: '1', hash: '9' } }],
  ['largeObjectsDiffer', { ...postgres, largeObjects: { count: '2', hash: '8' } }],
  ['objectsDiffer', { ...postgres, objects: { index: '2', view: '1' } }],
  ['keysDiffer', { ...redis, databases: [{ database: 0, keys: '4', expires: '1' }] }],
  ['keysDiffer', { ...redis, databases: [] }],
  ['digestDiffers', { ...redis, digest: 'ac' }],
  ['detailsDiffer', { ...redis, details: 'ce' }],
  ['detailsDiffer', { ...redis, functions: '0' }],
  ['otherDatabase', redis],
];

const proofOf = (verdict: ComponentProof['verdict'], differences: ComponentProof['differences'] = [], comparedObjects = 4): ComponentProof =>
  ({ component: 'db', verdict, sentence: 'What the engine says.', differences, comparedObjects, notCompared: [] });

describe('a difference', () => {
  it.each(found)('is of the class %s', (expected, content) => {
    const manifest = expected === 'otherDatabase' || content.engine === 'postgres' ? postgres : redis;
    const differences = compareContent(manifest, content);
    expect(differences.length).toBeGreaterThan(0);
    expect(new Set(differences.map((each) => classOfDifference(each, manifest)))).toEqual(new Set([expected]));
  });

  it('of a base backup, or of the values of a sequence, has its class too', () => {
    expect(classOfDifference({ object: 'btree index "orders_pkey"', property: 'amcheck', expected: 'sound', found: 'damaged' }, null)).toBe('indexCorrupt');
    expect(classOfDifference({ object: 'base/5/1234', property: 'page checksums', expected: 'sound', found: 'damaged' }, null)).toBe('pageDamaged');
    expect(classOfDifference({ object: 'system identifier', property: 'value', expected: '1', found: '2' }, null)).toBe('otherDatabase');
    expect(classOfDifference({ object: 'public.orders_id_seq', property: 'last value', expected: '10 or past it', found: '9' }, postgres)).toBe('sequenceBehind');
    expect(classOfDifference({ object: 'valueOf', property: 'digest', expected: 'a', found: 'b' }, redis)).toBe('contentDiffers');
    expect(classOfDifference({ object: 'x', property: '__proto__', expected: 'a', found: 'b' }, postgres)).toBe('contentDiffers');
  });
});

describe('the checks of a proof', () => {
  it('are one a class, and name what differs', () => {
    const differences = compareContent(postgres, { ...postgres, tables: [{ ...orders, rows: '9', hash: '1' }, ...tables], sequences: [] });
    const checks = checksOfProof(proofOf('failed', differences), postgres);
    expect(checks.map(({ name, class: each }) => [name, each])).toEqual([['content:db:countDiffers', 'countDiffers'], ['content:db:hashDiffers', 'hashDiffers'], ['content:db:sequenceMissing', 'sequenceMissing']]);
    expect(checks[0]?.sentence).toBe('1 difference: public.orders: rows 10, found 9.');
    expect(judgeChecks(['content:db'], checks)).toMatchObject({ verdict: 'failed', checks: { length: 3 } });
  });

  it('come to the verdict of the engine, whatever reason they are given; and a proof that compared nothing is not believed', () => {
    const difference = fc.record({ object: fc.string(), property: fc.constantFrom('rows', 'hash', 'digest', 'other'), expected: fc.string(), found: fc.string() });
    const reasons = fc.constantFrom(...Object.keys(checkKinds) as CheckClass[]);
    fc.assert(fc.property(fc.constantFrom('proven' as const, 'failed' as const, 'couldNotVerify' as const), fc.array(difference, { maxLength: 3 }), fc.nat(3), reasons, (verdict, differences, compared, reason) => {
      const judged = judgeChecks(['content:db'], checksOfProof(proofOf(verdict, differences, compared), postgres, reason)).verdict;
      if (verdict === 'couldNotVerify') expect(judged).toBe('couldNotVerify');
      else if (verdict === 'failed' || differences.length > 0) expect(judged).toBe('failed');
      else expect(judged).toBe(compared === 0 ? 'couldNotVerify' : 'proven');
    }));
  });

  it('say why there is none', () => {
    expect(checksOfProof(proofOf('couldNotVerify'), postgres, 'imageMissing')).toMatchObject([{ class: 'imageMissing', sentence: 'What the engine says.' }]);
    expect(checksOfProof(proofOf('failed'), postgres, 'serverDidNotStart')).toMatchObject([{ class: 'serverDidNotStart' }]);
    expect(checksOfProof(proofOf('couldNotVerify', compareContent(redis, { ...redis, digest: 'x' })), redis)).toMatchObject([{ class: 'otherImage', verdict: 'couldNotVerify' }]);
  });
});
