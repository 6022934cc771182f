import { expect, test } from 'vitest';
import { readCopyOptions } from '../../src/cli/verbs/copy-options.ts';
import type { Component } from '../../src/domain/service.ts';
import { failing } from '../support/failing.ts';

const components: readonly Component[] = [{ engine: 'postgres', name: 'postgres', container: 'db', database: 'd', user: 'u' }, { engine: 'redis', name: 'redis', container: 'cache' }];

test('a plain --into names a copy, one with "=" other containers', () => {
  expect(readCopyOptions({}, components)).toBeNull();
  expect(readCopyOptions({ into: 'postgres=test-db' }, components)).toBeNull();
  expect(readCopyOptions({ into: 'looking' }, components)).toEqual({ name: 'looking' });
  expect(readCopyOptions({ into: 'looking', port: '15432' }, components)).toEqual({ name: 'looking', ports: { postgres: 15_432 } });
  expect(readCopyOptions({ into: 'looking', port: 'redis=16379, postgres=15432' }, components)).toEqual({ name: 'looking', ports: { redis: 16_379, postgres: 15_432 } });
});

test.for([
  { into: '' }, { into: '../a' }, { port: '15432' }, { into: 'postgres=test-db', port: '15432' }, { into: 'a', port: '' }, { into: 'a', port: 'x' }, { into: 'a', port: '0' }, { into: 'a', port: '123456' }, { into: 'a', port: 'mysql=1' },
  { into: 'a', port: 'postgres=1=2' }, { into: 'a', port: '1,postgres=2' },
])('%j is refused', async (options) => {
  await failing('InvalidInput', async () => readCopyOptions(options, components));
});
