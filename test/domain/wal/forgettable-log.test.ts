import { expect, test } from 'vitest';
import type { WalHoldings } from '../../../src/domain/wal/coverage.ts';
import { refusalToForget, unstoredOf } from '../../../src/domain/wal/forgettable-log.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';

const now = Date.parse('2026-11-23T02:00:10Z');
const whole = { durable: '0/5000000', coveredAt: '2026-11-23T02:00:09.000Z', exposureMs: 0, exposureBytes: '0' } as const;
const kept: LogStatus = {
  format: 1, service: 'shop', component: 'postgres', lookedAt: '2026-11-23T02:00:09.000Z', systemIdentifier: '74', segmentSizeBytes: 16_777_216, receiver: 'running', failure: null,
  source: { at: '2026-11-23T02:00:09.000Z', position: '0/5000000', timeline: 1 }, onHost: whole, repositories: [], slot: { state: 'reserved', roomBytes: null }, spoolBytes: 0, spoolFreeBytes: null, break: null,
};
const conflict = { type: 'WalConflict', cause: 'the server is another one', hint: 'Forget it.' } as const;

test.each<[string, LogStatus | null, boolean]>([
  ['while a worker keeps it', kept, false],
  ['while one keeps it and fails for another reason', { ...kept, receiver: 'failing', failure: { ...conflict, type: 'DiskFull' } }, false],
  ['once its worker has ended', { ...kept, ended: true }, true],
  ['once nobody has looked for a while', { ...kept, lookedAt: '2026-11-23T01:59:00.000Z' }, true],
  ['where nobody ever did', null, true],
  ['of a database that is another one now, though a worker looks at it', { ...kept, receiver: 'failing', failure: conflict }, true],
])('a receiver %s', (_what, status, may) => {
  expect(refusalToForget(status, now) === null).toBe(may);
});

test('what would be lost is what the archive lacks, whatever it is called in the volume', () => {
  const holdings: WalHoldings = { segmentSizeBytes: 16_777_216, complete: [{ timeline: 1, number: 2n }], partial: [{ timeline: 1, number: 3n, end: 50_400_000n }] };
  const file = (name: string, sizeBytes = 16) => ({ name, sizeBytes });
  const stored = [file('000000010000000000000002'), file('000000010000000000000002.partial'), file('000000010000000000000003.partial'), file('00000002.history')];
  expect(unstoredOf(stored, holdings, ['00000002.history'], null)).toEqual({ files: 0, sizeBytes: 0 });
  expect(unstoredOf([...stored, file('000000010000000000000003'), file('000000010000000000000004.partial', 7), file('00000003.history', 1)], holdings, ['00000002.history'], null)).toEqual({ files: 3, sizeBytes: 24 });
  // One that was just begun holds no log yet.
  const next = [file('000000010000000000000004.partial')];
  expect([67_108_864n, 67_108_865n].map((position) => unstoredOf(next, holdings, [], position).files)).toEqual([0, 1]);
});
