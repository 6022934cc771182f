import { expect, test } from 'vitest';
import { digestOf } from '../../src/containers/server-facts.ts';

test.for<[string, readonly string[], string | undefined]>([
  ['postgres:17', ['mirror.example:5000/postgres@sha256:a', 'postgres@sha256:b'], 'postgres@sha256:b'],
  ['mirror.example:5000/postgres', ['postgres@sha256:b', 'mirror.example:5000/postgres@sha256:a'], 'mirror.example:5000/postgres@sha256:a'],
  ['postgres:17@sha256:b', ['postgres@sha256:b'], 'postgres@sha256:b'],
  ['renamed:1', ['postgres@sha256:b'], 'postgres@sha256:b'],
  ['built:1', [], undefined],
])('what %s is pulled by', ([image, digests, expected]) => {
  expect(digestOf(image, digests)).toBe(expected);
});
