import { expect, test } from 'vitest';
import { noDrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import { expectedChecks } from '../../../src/domain/drill/expected-checks.ts';

const [postgres, redis] = [{ name: 'postgres', engine: 'postgres', whole: false }, { name: 'redis', engine: 'redis', whole: false }] as const;

test('each store is promised what its backup can be asked for', () => {
  expect(expectedChecks(noDrillSettings, [postgres, redis])).toEqual([
    'content:postgres', 'canary:postgres', 'roles:postgres', 'extensions:postgres', 'settings:postgres', 'collations:postgres', 'content:redis', 'canary:redis',
  ]);
  expect(expectedChecks(noDrillSettings, [{ ...postgres, whole: true }])).toEqual(['content:postgres', 'canary:postgres', 'recovery:postgres', 'collations:postgres']);
});

test('a drill that begins with nothing promises its keys, and the way of a file that leads a store to the instant', () => {
  const keys = { ...noDrillSettings, keys: [{ name: 'mail', kept: { env: 'MAIL' } }] };
  const components = [{ ...postgres, whole: true }, { ...redis, followed: true }];
  expect(expectedChecks(keys, components, true)).toEqual(['keys', 'content:postgres', 'canary:postgres', 'recovery:postgres', 'collations:postgres', 'content:redis', 'canary:redis', 'recovery:redis']);
  expect(expectedChecks(keys, [redis])).toEqual(['content:redis', 'canary:redis']);
  expect(expectedChecks(noDrillSettings, [redis], true)).toEqual(['content:redis', 'canary:redis']);
});

test('and what the configuration asks is promised by its name', () => {
  expect(expectedChecks({
    ...noDrillSettings, assertions: [{ kind: 'redis', name: 'cart', component: 'redis', command: ['DBSIZE'], database: 0, expect: { kind: 'rows' } }],
    tests: { image: 'i', command: ['c'], timeoutMs: 1, memoryBytes: 1, environment: {} }, health: { url: 'http://app', withinMs: 1 },
  }, [], false, ['api', 'worker'])).toEqual(['assertion:cart', 'service:api', 'service:worker', 'tests', 'health']);
});
