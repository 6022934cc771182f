/** Text of others stands there and does nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableJson } from '../../src/cli/printable.ts';

test.for([
  ['held for the audit', 'held for the audit'], ['Größe "a.b" 100%s \\ 😀\t|', 'Größe "a.b" 100%s \\ 😀\t|'],
  ['\u001b[2K\u001b[1Aall is well', '\\u001b[2K\\u001b[1Aall is well'], ['\u009b31mred', '\\u009b31mred'], ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
  ['x\n✓ Restored', 'x\\n✓ Restored'], ['never\rdone', 'never\\rdone'], ['a\b\u007f', 'a\\u0008\\u007f'], ['a\u2028b', 'a\\u2028b'], ['\u202eslarob\u202c', '\\u202eslarob\\u202c'], ['\ud800!', '\\ud800!'],
])('%j is shown as %j', ([text, shown]) => {
  expect(printable(text as string)).toBe(shown);
});

test('JSON holds the same value, and nothing that does anything', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    const json = printableJson({ [text]: [text] });
    expect(JSON.parse(json)).toEqual({ [text]: [text] });
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u);
  }));
});
