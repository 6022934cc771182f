import { expect, it } from 'vitest';
import { figuresAt, type LogStatus } from '../../../src/domain/wal/log-status.ts';

const lookedMs = Date.parse('2026-11-23T02:00:10Z');
const behind = { durable: '0/4000000', coveredAt: '2026-11-23T01:59:50.000Z', exposureMs: 19_000, exposureBytes: '1000' } as const;
const whole = { durable: '0/5000000', coveredAt: '2026-11-23T02:00:09.000Z', exposureMs: 0, exposureBytes: '0' } as const;
const status: LogStatus = {
  format: 1, service: 'shop', component: 'postgres', by: 'archive', lookedAt: '2026-11-23T02:00:10.000Z', systemIdentifier: '74', segmentSizeBytes: 16_777_216, receiver: 'running', failure: null,
  source: { at: '2026-11-23T02:00:09.000Z', position: '0/5000000', timeline: 1 }, onHost: behind, repositories: [{ ...behind, name: 'nas', failure: null }],
  slot: { state: null, roomBytes: null }, spoolBytes: 0, spoolFreeBytes: null, break: null,
};
const received = (({ by: _by, ...rest }) => rest)(status);
const shown = (of: LogStatus, afterMs: number): readonly (number | null)[] => (({ onHost, repositories }) => [onHost, ...repositories].map(({ exposureMs }) => exposureMs))(figuresAt(of, lookedMs + afterMs));

it('what comes a segment at a time is missing for longer by the second, also between two looks', () => {
  expect([shown(status, 0), shown(status, 2_500)]).toEqual([[20_000, 20_000], [22_500, 22_500]]);
  // The clock of whoever looks may be set back.
  expect(shown(status, -60_000)).toEqual([19_000, 19_000]);
});

it('a receiver keeps up meanwhile, and only what goes away from time to time grows', () => expect(shown(received, 2_500)).toEqual([19_000, 22_500]));

it('nothing grows where nothing is missing, nobody can tell, or nothing is written', () => {
  expect(shown({ ...status, onHost: whole, repositories: [{ ...behind, exposureMs: null, coveredAt: null, name: 'nas', failure: null }] }, 2_500)).toEqual([0, null]);
  expect(shown({ ...status, receiver: 'waitingForDatabase' }, 2_500)).toEqual([19_000, 19_000]);
  expect(figuresAt(null, lookedMs)).toBeNull();
});
