import { expect, test } from 'vitest';
import { shortcoming } from '../../../src/domain/drill/shortcoming.ts';

const breaches = ['Backup: 6 min 0 s, 5 min 0 s allowed (taking the backup).', 'RPO: 20 min 0 s, 15 min 0 s allowed (what would be lost of postgres).'];

test('a drill that is proven and kept all that was promised has none', () => {
  expect(shortcoming({ verdict: 'proven', sentence: 'The service came back.', breaches: [] })).toBeNull();
});

test('each objective that was missed is named, whatever the checks came to', () => {
  const both = 'Backup: 6 min 0 s, 5 min 0 s allowed (taking the backup); RPO: 20 min 0 s, 15 min 0 s allowed (what would be lost of postgres)';
  expect(shortcoming({ verdict: 'proven', sentence: 'The service came back.', breaches })).toBe(`the service came back as it was, but ${both}`);
  expect(shortcoming({ verdict: 'failed', sentence: 'The restore drill failed: Health.', breaches })).toBe(`The restore drill failed: Health; and missed: ${both}`);
  expect(shortcoming({ verdict: 'couldNotVerify', sentence: 'The restore drill could not tell: Health.', breaches: [] })).toBe('The restore drill could not tell: Health');
});
