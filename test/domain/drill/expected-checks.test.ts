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

test('and what the configuration asks is promised by its name', () => {
  expect(expectedChecks({
    ...noDrillSettings, assertions: [{ kind: 'redis', name: 'cart', component: 'redis', command: ['DBSIZE'], database: 0, expect: { kind: 'rows' } }],
    tests: { image: 'i', command: ['c'], timeoutMs: 1, memoryBytes: 1, environment: {} }, health: { url: 'http://app', withinMs: 1 },
  }, [])).toEqual(['assertion:cart', 'tests', 'health']);
});
