import { expect, test } from 'vitest';
import { resultText } from '../../../src/cli/rendering/result-text.ts';

test('what was found is said in the time of this machine, with what to type next', () => {
  const at = '2026-11-23T01:47:05.113000Z';
  const result = { xid: '918442', at, lsn: '16/B374D848', heldUntil: '2026-11-23T01:47:05.112000Z', point: 'xid:918442', sentence: `orders was there until ${at}: transaction 918442 took it away.` };
  expect(resultText('find', result, 'shop', { timeZone: 'Europe/Berlin', now: '2026-11-23T02:00:00Z' })).toEqual([
    'orders was there until 02:47:05.113 CET (01:47:05.113 UTC): transaction 918442 took it away.', '→ holdfast restore --before xid:918442',
  ]);
});
