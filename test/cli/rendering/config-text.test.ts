import { expect, it } from 'vitest';
import { configText } from '../../../src/cli/rendering/config-text.ts';
import { readConfig } from '../../config/read-config.ts';

const kept = (retention: string): string | undefined => configText(readConfig(`services:\n  shop:\n    redis: { container: c }\n${retention}repositories: { nas: { url: /b } }\n`)).find((line) => line.startsWith('  kept: '));

it('says that something is written into the live stores, where it is asked for', () => {
  const text = (more: string): string => configText(readConfig(`services: { shop: { redis: { container: c } } }\nrepositories: { nas: { url: /b } }\n${more}`)).join('\n');
  expect(text('backup: { canary: true }\n')).toContain('  before a backup: a canary is written into each store');
  expect(text('')).not.toContain('canary');
});

it('says what is kept, also where the file says nothing', () => {
  expect(kept('')).toBe('  kept: each backup of 30 days, the log of 7 days, at least 3 of each store, the trash for 7 days');
  expect(configText(readConfig('services: { shop: { redis: { container: c } } }\nrepositories: { nas: { url: /b, retention: { days: 90 } } }\n'))).toContain('  kept in nas: each backup of 90 days, the log of 7 days, at least 3 of each store, the trash for 7 days');
  expect(kept('    retention: { days: 1, daily: 7, monthly: 12, minimumCopies: 1 }\n')).toBe('  kept: each backup of 1 day, one of each of 7 days, one of each of 12 months, the log of 7 days, at least 1 of each store, the trash for 7 days');
});
