import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, isCanonicalJson, type Json } from '../../src/domain/canonical-json.ts';

/** Any text, with halves of surrogate pairs, NUL, line separators and quotes among it. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)));

const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constant(null), fc.boolean(), fc.maxSafeInteger(), text, fc.array(tie('value'), { maxLength: 5 }), fc.dictionary(text, tie('value'), { maxKeys: 5 })),
}));

/** The same value with every object's members in another order of insertion. */
function reordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).reverse().map(([key, member]) => [key, reordered(member as Json)] as const);
  return Object.fromEntries(members);
}

describe('canonicalJson', () => {
  it('is read back as what it was made of', () => {
    fc.assert(fc.property(json, (value) => {
      const written = canonicalJson(value);
      expect(canonicalJson(JSON.parse(written))).toBe(written);
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(isCanonicalJson(written)).toBe(true);
    }));
  });

  it('does not depend on the order in which members were set', () => {
    fc.assert(fc.property(json, (value) => canonicalJson(reordered(value)) === canonicalJson(value)));
  });

  it('survives UTF-8, also halves of surrogate pairs', () => {
    fc.assert(fc.property(json, (value) => Buffer.from(canonicalJson(value), 'utf8').toString('utf8') === canonicalJson(value)));
  });

  it('gives two values one text only where they are equal', () => {
    fc.assert(fc.property(json, json, (a, b) => (canonicalJson(a) === canonicalJson(b)) === (JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)))));
  });

  it('sorts members by UTF-16 code unit, not by code point or language', () => {
    expect(canonicalJson({ '\ufb33': 1, '😀': 2, ö: 3, a: 4, B: 5, 10: 6, 9: 7, '': 8 })).toBe('{"":8,"10":6,"9":7,"B":5,"a":4,"ö":3,"😀":2,"\ufb33":1}');
  });

  it('leaves out what is not defined, and keeps null', () => {
    expect(canonicalJson({ a: undefined, b: null, c: [null] })).toBe('{"b":null,"c":[null]}');
  });

  it('writes no negative zero', () => {
    expect(canonicalJson([-0])).toBe('[0]');
  });

  it.each([0.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, Symbol('x'), undefined, [undefined]])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(RangeError);
    expect(() => canonicalJson({ deep: [{ value: [value] }] })).toThrow(RangeError);
  });
});

describe('isCanonicalJson', () => {
  it.each([
    ' {}', '{} ', '{}\n', '\ufeff{}', '[1, 2]', '{"a" :1}', '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"a":2}', '-0', '1.0', '1e3', '0.5', '01', '9007199254740993',
    '"\\u0061"', '"\\/"', '"\\u000A"', '{"a":1,}', '[1,]', "{'a':1}", '{"a":undefined}', 'NaN', '', '{}{}', '{"__proto__":1,"__proto__":2}',
  ])('refuses %j', (written) => {
    expect(isCanonicalJson(written)).toBe(false);
  });

  it('refuses white space anywhere outside of texts', () => {
    fc.assert(fc.property(json, fc.nat(), fc.constantFrom(' ', '\n', '\t', '\r'), (value, at, blank) => {
      const written = canonicalJson(value);
      const place = at % (written.length + 1);
      const changed = written.slice(0, place) + blank + written.slice(place);
      // Inside of a text a plain blank is another text, and as canonical as the first.
      if (isCanonicalJson(changed)) expect(JSON.parse(changed)).not.toEqual(JSON.parse(written));
    }));
  });

  it('answers no to a nesting that would break a parser', () => {
    expect(isCanonicalJson('['.repeat(100_000) + ']'.repeat(100_000))).toBe(false);
  });
});

/** Members in the order of their code units, for comparing without the code under test. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted((value as Record<string, Json>)[key] as Json)]));
}

it('holds nothing that would silently become something else', () => {
  const sparse: unknown[] = [1];
  sparse[2] = 3;
  for (const value of [sparse, new Date(0), new Map([['a', 1]]), new Set([1]), Symbol('a'), 1n]) expect(() => canonicalJson({ value })).toThrow(RangeError);
});
