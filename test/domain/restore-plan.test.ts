import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { planBytes, type PlanBody, policyWord, shortDigest } from '../../src/domain/restore-plan.ts';

const body: PlanBody = {
  format: 1, operation: 'restore', service: 'shop', backup: { id: '20261123-010000', manifestSha256: 'a'.repeat(64), point: '2026-11-23T01:00:00.000Z', skewMs: 3 }, rollbackOf: null,
  stores: [{ component: 'postgres', engine: 'postgres', container: 'shop-postgres', containerId: 'c1', volume: 'v1', identity: '7400', database: 'shop' }],
  restarts: ['shop-api'], steps: ['Close PostgreSQL', 'Exchange'], losses: [{ component: 'postgres', after: '2026-11-23T01:00:00.000Z', seconds: 9, transactions: '4', notes: [] }],
  tables: [{ table: 'public.orders', missing: '3', changed: '1', extra: '0', extraGo: false, keys: null }],
  compared: [{ component: 'postgres', objects: 3, differences: [] }], notCompared: [], notes: ['role app is made'], wayBack: 'holdfast undo',
};

/** The paths of every leaf, so that each can be changed in its turn. */
function leaves(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, Array.isArray(value) ? Number(key) : key]));
}

function changed(value: unknown, [key, ...rest]: readonly (string | number)[]): unknown {
  if (key === undefined) return typeof value === 'number' ? value + 1 : `${String(value)}x`;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[key] = changed(copy[key], rest);
  return copy;
}

describe('planBytes', () => {
  it('begins with a line of its own, so that a digest is good for nothing else', () => {
    expect(planBytes(body)).toBe(`holdfast-plan-v1\n${canonicalJson(body)}`);
  });

  it.each(leaves(body).map((path) => [path.join('.'), path] as const))('change with %s', (_name, path) => {
    expect(planBytes(changed(body, path) as PlanBody)).not.toBe(planBytes(body));
  });

  it('change with the order of the steps, not with the order of members', () => {
    expect(planBytes({ ...body, steps: [...body.steps].reverse() })).not.toBe(planBytes(body));
    expect(planBytes(Object.fromEntries(Object.entries(body).reverse()) as unknown as PlanBody)).toBe(planBytes(body));
  });
});

describe('shortDigest', () => {
  it('is what the digest begins with', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 }), (digest) =>
      /^[0-9a-f]{4}-[0-9a-f]{4}$/.test(shortDigest(digest)) && digest.startsWith(shortDigest(digest).replace('-', ''))));
  });
});

it('asks for a restore of tables whoever has to be asked for a restore', () => {
  expect((['restore', 'undo', 'accept', 'restoreTables'] as const).map(policyWord)).toEqual(['restore', 'undo', 'accept', 'restore']);
});
