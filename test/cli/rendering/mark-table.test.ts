import { expect, test } from 'vitest';
import { markTable } from '../../../src/cli/rendering/mark-table.ts';
import { resultText } from '../../../src/cli/rendering/result-text.ts';
import type { Mark } from '../../../src/domain/point.ts';

const mark: Mark = { format: 1, name: 'before-deploy', component: 'postgres', systemIdentifier: '7400000000000000001', timeline: 1, lsn: '16/B374D848', at: '2026-11-23T01:47:05.123456Z' };

test('a row a mark, with who made it and why, or why it cannot be believed', () => {
  expect(markTable([
    { name: 'before-deploy', mark: { ...mark, requestedBy: 'mia@laptop', reason: 'release 2.1' }, damage: null }, { name: 'noon', mark, damage: null }, { name: 'old', mark: null, damage: 'it is not JSON' },
  ], 'Europe/Berlin')).toEqual([
    '  MARK           LOCAL TIME        POSITION     BY          WHY',
    '  before-deploy  Mon 23 Nov 02:47  16/B374D848  mia@laptop  release 2.1',
    '  noon           Mon 23 Nov 02:47  16/B374D848  -           -',
    '  old            -                 -            -           DAMAGED (it is not JSON)',
  ]);
});

test('a mark that was made is said with what can be typed next', () => {
  const lines = resultText('mark', mark, 'shop', { timeZone: 'Europe/Berlin', now: '2026-11-23T02:00:00Z' });
  expect(lines).toEqual([
    'before-deploy marks shop as it was at 02:47:05 CET (01:47:05 UTC), position 16/B374D848.', 'To come back to it: holdfast restore --before mark:before-deploy',
    'That can be done as soon as the log behind it is in the repository: holdfast wal status',
  ]);
});
