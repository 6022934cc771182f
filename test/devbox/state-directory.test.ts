import { expect, test } from 'vitest';
import { runtimeDirectory, stateDirectory } from '../../devbox/state-directory.ts';

test('the variable wins over the cache directory', () => {
  expect(stateDirectory({ HOLDFAST_DEVBOX_DIR: '/a b', XDG_CACHE_HOME: '/c' })).toBe('/a b');
  expect(stateDirectory({ XDG_CACHE_HOME: '/c' })).toBe('/c/holdfast-devbox');
});

test('sockets get a short path of their own per state directory', () => {
  const long = runtimeDirectory(`/${'x'.repeat(200)}`);
  expect(long.length).toBeLessThan(40);
  expect(runtimeDirectory('/a')).not.toBe(runtimeDirectory('/b'));
});
