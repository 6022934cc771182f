import { expect, test } from 'vitest';
import { fingerprintOf, hasFingerprint } from '../../../src/worker/local/worker-request.ts';
import { readConfig } from '../../config/read-config.ts';

const config = (more: string, container = 'cache') => readConfig(`services:\n  shop:\n    redis: { container: ${container} }\n${more}repositories: { nas: { url: /b } }\n`);

test('a worker that serves another container is another one, and one whose runs start at other times is the same', () => {
  const fingerprint = fingerprintOf(config(''), {});
  expect(hasFingerprint(fingerprint, config('    schedules: { backup: weekly, timeZone: Europe/Berlin }\n'), {})).toBe(true);
  expect(hasFingerprint(fingerprint, config('', 'another'), {})).toBe(false);
  expect(hasFingerprint(fingerprint, config('    version: "2"\n'), {})).toBe(false);
});
