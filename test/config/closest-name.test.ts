import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closestName, editDistance } from '../../src/config/closest-name.ts';

describe('closestName', () => {
  it('finds the near one and leaves the far ones', () => {
    expect(closestName('contaner', ['container', 'database'])).toBe('container');
    expect(closestName('Redis', ['redis', 'postgres'])).toBe('redis');
    expect(closestName('mysql', ['redis', 'postgres'])).toBeNull();
    expect(closestName('x', [])).toBeNull();
  });
});

describe('editDistance', () => {
  it('is a distance', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(fc.property(word, word, word, (a, b, c) =>
      (editDistance(a, b) === 0) === (a === b) && editDistance(a, b) === editDistance(b, a) && editDistance(a, c) <= editDistance(a, b) + editDistance(b, c)));
  });
});
