/** What `wal status` says of an append-only file: three answers, and the line that changes what is wrong. */
import { expect, it } from 'vitest';
import { aofLines, aofSpanLines, judgeAof } from '../../src/cli/rendering/aof-text.ts';
import type { AofStatus } from '../../src/domain/aof/aof-status.ts';
import { productionTiming } from '../../src/domain/timing.ts';

const nowMs = Date.parse('2026-11-29T10:00:00Z');
const status = (more: Partial<AofStatus> = {}): AofStatus => ({
  format: 1, service: 'shop', component: 'redis', lookedAt: '2026-11-29T09:59:58.000Z', follower: 'running', failure: null,
  repositories: [{ name: 'nas', coveredAt: '2026-11-29T09:59:50.000Z', failure: null }], ...more,
});
const failure = { type: 'UnsupportedTopology' as const, cause: 'it runs with appendonly no', hint: 'Run CONFIG SET appendonly yes.' };

it.each([
  ['ok', 'followed and kept', status()],
  ['NOT KNOWN', 'no worker', null],
  ['NOT KNOWN', 'nobody has looked', status({ lookedAt: '2026-11-29T09:50:00.000Z' })],
  ['NOT KNOWN', 'nobody has looked', status({ ended: true })],
  ['NOT KNOWN', 'does not run', status({ follower: 'waitingForDatabase' })],
  ['NOT KNOWN', 'not known yet', status({ repositories: [{ name: 'nas', coveredAt: null, failure: null }] })],
  ['FAIL', 'Run CONFIG SET appendonly yes', status({ failure })],
  ['FAIL', 'nas does not get', status({ repositories: [{ name: 'nas', coveredAt: null, failure }] })],
  ['FAIL', 'behind', status({ repositories: [{ name: 'nas', coveredAt: '2026-11-29T09:50:00.000Z', failure: null }] })],
] as const)('%s: %s', (verdict, words, given) => {
  const judged = judgeAof(given, nowMs, productionTiming);
  expect(judged).toEqual({ verdict, sentence: expect.stringContaining(words) });
  expect(aofLines({ service: 'shop', component: 'redis', status: given, judged }, { timeZone: 'UTC', now: '2026-11-29T10:00:00Z' })[0]).toBe(`shop · redis: ${verdict === 'ok' ? '' : `${verdict}, `}${judged.sentence}`);
});

it('says above the backups since when, and how far behind', () => {
  const clock = { timeZone: 'UTC', now: '2026-11-29T10:00:00Z' };
  const span = { component: 'redis', begin: '2026-11-28T10:00:00.000Z', end: '2026-11-29T09:59:55.000Z', failure: null };
  expect(aofSpanLines([span], clock)).toEqual([expect.stringMatching(/^ {2}WITH REDIS {7}.*28 Nov.*… {2}now \(5\.0 s behind\) {2}from its append-only file$/)]);
  expect(aofSpanLines([{ ...span, end: '2026-11-29T08:00:00.000Z' }], clock)[0]).toContain('ago: holdfast wal status');
  expect(aofSpanLines([{ ...span, begin: null, end: null }], clock)[0]).toContain('not yet');
  expect(aofSpanLines([{ ...span, failure: { cause: 'it is away', hint: 'Mount it.' } }], clock)[0]).toContain('not known: it is away. Mount it.');
  expect(aofSpanLines([], clock)).toEqual([]);
});
