import { expect, test } from 'vitest';
import { askText, keysCheck, missingKeys, placeText, type FoundKey } from '../../../src/domain/drill/drill-keys.ts';

const mail: FoundKey = { name: 'mail', place: placeText({ file: '/escrow/mail.pem' }), found: true, why: '' };
const api: FoundKey = { name: 'api', place: placeText({ env: 'API_KEY' }), found: false, why: 'it is not set' };

test('a key that is not where it is kept leaves the drill open, by name, place and reason', () => {
  const { class: found, verdict, sentence, name } = keysCheck([mail, api]);
  expect([name, found, verdict, sentence]).toEqual(['keys', 'keyMissing', 'couldNotVerify', '1 key of 2 not found: api (environment variable API_KEY: it is not set).']);
  expect(missingKeys([mail, api])).toEqual([api]);
  expect(askText(api)).toBe('The drill needs the key api: bring it to environment variable API_KEY, where the worker runs (it is not set)');
});

test('keys that were found were not tried, and that is said', () => {
  expect(keysCheck([mail])).toMatchObject({ class: 'asExpected', sentence: 'Found where it is kept, and not tried, as nothing in the repository is encrypted: mail (file /escrow/mail.pem).' });
});
