import { expect, it, test } from 'vitest';
import { configFromEnvironment } from '../../src/config/environment-config.ts';
import { defaultPolicy, policyBounds, writtenPolicy } from '../../src/domain/retention/policy.ts';
import { failureOf, problemsIn, readConfig } from './read-config.ts';

const withRetention = (text: string): string => `services:\n  shop:\n    redis: { container: c }\n    retention: ${text}\nrepositories: { nas: { url: /b } }\n`;

it('is what the file says, and the defaults for what it leaves out', () => {
  expect(readConfig(withRetention('{ days: 14, daily: 7, weekly: 4, monthly: 12, walDays: 3 }')).services[0]?.retention).toEqual({ ...defaultPolicy, days: 14, daily: 7, weekly: 4, monthly: 12, walDays: 3 });
  expect(readConfig(withRetention('{}')).services[0]?.retention).toEqual(defaultPolicy);
  expect(Object.keys(readConfig('services: { shop: { redis: { container: c } } }\nrepositories: { nas: { url: /b } }\n').services[0] ?? {})).not.toContain('retention');
});

it.each(Object.entries(policyBounds))('%s has the bounds of the policy', (key, [least, most]) => {
  expect(problemsIn(withRetention(`{ ${key}: ${least} }`))).toEqual([]);
  expect(problemsIn(withRetention(`{ ${key}: ${most} }`))).toEqual([]);
  for (const wrong of [least - 1, most + 1, '1.5', '"7"', '7d']) expect(failureOf(withRetention(`{ ${key}: ${wrong} }`)).fields.cause).toMatch(new RegExp(`retention\\.${key}: found .*from ${least} to ${most}`));
});

it('has every problem said at once, and a misspelt key is one', () => {
  expect(problemsIn(withRetention('{ days: 0, dayly: 7, walDays: soon }')).map(({ where }) => where).sort()).toEqual(['services.shop.retention.dayly', 'services.shop.retention.days', 'services.shop.retention.walDays']);
});

const withBoth = (service: string, repository: string): string => `services:\n  shop:\n    redis: { container: c }\n    repositories: [nas]\n${service}  store:\n    redis: { container: d }\n    repositories: [tape]\nrepositories:\n  nas: { url: /b${repository} }\n  tape: { url: /t }\n`;

it('of a repository goes before the service\'s, key by key, for those that have their backups there', () => {
  const [shop, store] = readConfig(withBoth('    retention: { days: 14, daily: 7 }\n', ', retention: { days: 90, minimumCopies: 1 }')).services;
  expect([shop?.retention, shop?.retentionIn, store?.retentionIn]).toEqual([{ ...defaultPolicy, days: 14, daily: 7 }, { nas: { ...defaultPolicy, days: 90, daily: 7, minimumCopies: 1 } }, undefined]);
  expect([writtenPolicy(shop ?? {}, 'nas')?.days, writtenPolicy(shop ?? {}, 'elsewhere')?.days, writtenPolicy(store ?? {}, 'tape')]).toEqual([90, 14, null]);
  expect(readConfig(withBoth('', ', retention: { walDays: 2 }')).services[0]).toMatchObject({ retentionIn: { nas: { ...defaultPolicy, walDays: 2 } } });
  expect(problemsIn(withBoth('', ', retention: { days: 0, dayly: 7 }')).map(({ where }) => where).sort()).toEqual(['repositories.nas.retention.dayly', 'repositories.nas.retention.days']);
});

test('RETENTION_DAYS of the scripts is its days', () => {
  const retentionOf = (days: string | undefined) => configFromEnvironment({ RETENTION_DAYS: days }, '/').services[0]?.retention;
  expect(retentionOf('14')).toEqual({ ...defaultPolicy, days: 14 });
  expect(retentionOf(undefined)).toBeUndefined();
  for (const wrong of ['0', '36501', '-3', '1e3']) expect(() => retentionOf(wrong)).toThrow(/RETENTION_DAYS: found .*from 1 to 36500/);
});
