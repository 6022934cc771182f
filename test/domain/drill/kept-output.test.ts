import { expect, test } from 'vitest';
import { keptOutput, outputLimitBytes } from '../../../src/domain/drill/kept-output.ts';

test('known secrets are taken out as they are and as a URL has them, and so is any password in a URL', () => {
  expect(keptOutput('with a/b+c=d! and a%2Fb%2Bc%3Dd!', ['a/b+c=d!'])).toBe('with [redacted] and [redacted]');
  expect(keptOutput('postgresql://mia:hunter2@db:5432/shop and redis://:s3cret@cache and http://host/a:b@c', [])).toBe('postgresql://mia:[redacted]@db:5432/shop and redis://:[redacted]@cache and http://host/a:b@c');
});

test('a secret that an escape sequence or a control character splits is taken out, and so is one in a URL', () => {
  expect(keptOutput('hun\u001b[31mter2\u001b[0m, hunt\u0000er2, hunter\u202e2', ['hunter2'])).toBe('[redacted], [redacted], [redacted]');
  expect(keptOutput('redis://:s3\u001b[1mcret\u001b[0m@cache, postgresql\u001b[4m://mia:hunter2@db', [])).toBe('redis://:[redacted]@cache, postgresql://mia:[redacted]@db');
  // A key of several lines, which its owner's editor ended in another way.
  expect(keptOutput('one\ntwo-three', ['one\r\ntwo-three'])).toBe('[redacted]');
});

test('a short secret is left, for it is a word of any text', () => {
  expect(keptOutput('a test of tests', ['test'])).toBe('a test of tests');
});

test('nothing but text is left of it', () => {
  expect(keptOutput('\u001b[31mred\u001b[0m\r\n\u0007bell\ttab\u202eturned\u0000', [])).toBe('red\nbell\ttabturned');
});

test('of much the end is kept', () => {
  const kept = keptOutput(`${'x'.repeat(2 * outputLimitBytes)}end`, []);
  expect([kept.length, kept.endsWith('xend')]).toEqual([outputLimitBytes, true]);
});
