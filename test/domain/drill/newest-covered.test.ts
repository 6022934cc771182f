import { expect, test } from 'vitest';
import { newestCovered } from '../../../src/domain/drill/newest-covered.ts';

const [baseEnd, commit, later] = ['2026-11-23T02:00:00.000000Z', '2026-11-23T02:07:30.123456Z', '2026-11-23T02:09:00.000Z'];

test('the newest of what is known of the log is what came back', () => {
  expect(newestCovered({ baseEnd, lastCommit: commit, reading: later })).toEqual({ at: later, source: 'reading' });
  expect(newestCovered({ baseEnd, lastCommit: commit, reading: null })).toEqual({ at: commit, source: 'lastCommit' });
  expect(newestCovered({ baseEnd, lastCommit: null, reading: null })).toEqual({ at: baseEnd, source: 'backup' });
  // Whatever the number of their digits, and however old the reading is.
  expect(newestCovered({ baseEnd, lastCommit: commit, reading: '2026-11-23T02:07:30.1Z' }).source).toBe('lastCommit');
  expect(newestCovered({ baseEnd, lastCommit: '2026-11-23T01:59:00.000000Z', reading: null }).source).toBe('backup');
});
