import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { componentsInto, type Component } from '../../src/domain/service.ts';

const components: readonly Component[] = [
  { engine: 'postgres', name: 'postgres', container: 'shop-postgres', database: 'shop', user: 'postgres', password: { env: 'PGPASSWORD' } },
  { engine: 'redis', name: 'redis', container: 'shop-redis' },
];

describe('componentsInto', () => {
  it('leaves everything as it is where nothing is said', () => {
    expect(componentsInto(components, undefined)).toEqual(components);
  });

  it('replaces containers and nothing else, and leaves out who is not named', () => {
    expect(componentsInto(components, { postgres: 'test-postgres' })).toEqual([{ ...components[0], container: 'test-postgres' }]);
    expect(componentsInto(components, { redis: 'r', postgres: 'p' }).map(({ container }) => container)).toEqual(['p', 'r']);
    expect(componentsInto(components, {})).toEqual([]);
  });

  it('never leads a restore meant for a test into a live container', () => {
    fc.assert(fc.property(fc.dictionary(fc.constantFrom('postgres', 'redis', 'other', 'toString'), fc.string({ minLength: 1 })), (into) => {
      for (const component of componentsInto(components, into)) expect(component.container).toBe(into[component.name]);
    }));
  });
});
