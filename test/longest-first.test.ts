import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { TestSpecification } from 'vitest/node';
import { LongestFirst, slowFiles } from './longest-first.ts';

const root = dirname(import.meta.dirname);
const specification = (file: string, name: string, groupOrder: number) =>
  ({ moduleId: join(root, file), project: { name, config: { root, isolate: true, sequence: { groupOrder } } } }) as TestSpecification;
const sorter = new LongestFirst({ cache: { getTestSpecificationResult: () => undefined } } as never);

test('every file that is called slow is there', () => {
  expect(Object.keys(slowFiles).filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('the longest begin first, whichever project they are of, group after group', async () => {
  const names = Object.keys(slowFiles);
  const files = [
    specification('test/longest-first.test.ts', 'unit', 0), specification('test/e2e/unhealthy.test.ts', 'e2e', 1),
    ...names.map((file) => specification(file, file.startsWith('test/e2e') ? 'e2e' : 'integration', 1)).reverse(),
  ];
  const sorted = (await sorter.sort(files)).map(({ moduleId }) => moduleId.slice(root.length + 1));
  expect(sorted[0]).toBe('test/longest-first.test.ts');
  expect(sorted.at(-1)).toBe('test/e2e/unhealthy.test.ts');
  const seconds = sorted.slice(1, -1).map((file) => slowFiles[file] ?? 0);
  expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
  expect(seconds).toHaveLength(names.length);
});
