import { describe, expect, it } from 'vitest';
import { productionTiming } from '../../../src/domain/timing.ts';
import { alarmsOf, type LogAlarmKind } from '../../../src/domain/wal/log-alarms.ts';
import { alarmObjectives } from '../../../src/domain/wal/partial-interval.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';

const now = Date.parse('2026-11-23T02:00:10Z');
const GiB = 1024 ** 3;
const whole = { durable: '0/5000000', coveredAt: '2026-11-23T02:00:09.000Z', exposureMs: 0, exposureBytes: '0' } as const;
const good: LogStatus = {
  format: 1, service: 'shop', component: 'postgres', lookedAt: '2026-11-23T02:00:09.000Z', systemIdentifier: '74', segmentSizeBytes: 16_777_216, receiver: 'running', failure: null,
  source: { at: '2026-11-23T02:00:09.000Z', position: '0/5000000', timeline: 1 }, onHost: whole, repositories: [{ ...whole, name: 'nas', failure: null }],
  slot: { state: 'reserved', roomBytes: String(GiB) }, spoolBytes: 0, spoolFreeBytes: 50 * GiB, break: null,
};
const failure = { type: 'RepositoryUnreachable', cause: 'the directory does not exist', hint: 'Mount it.' } as const;
const room = (freeBytes: number) => ({ sizeBytes: 100 * GiB, freeBytes, walBytes: GiB, keptFor: [], maxWalBytes: GiB, keepBytes: 0 });
const behind = (exposureMs: number, exposureBytes = '1000') => ({ durable: '0/4000000', coveredAt: '2026-11-23T01:59:49.000Z', exposureMs, exposureBytes });

describe('alarms', () => {
  it.each<[string, LogStatus | null, readonly LogAlarmKind[]]>([
    ['a log that is received and kept', good, []],
    ['one that nobody ever kept', null, ['notKept']],
    ['one that was left alone, whatever else stood there', { ...good, lookedAt: '2026-11-23T01:59:00.000Z', receiver: 'failing', failure }, ['notKept']],
    ['one whose worker has ended', { ...good, ended: true }, ['notKept']],
    ['a receiver that fails', { ...good, receiver: 'failing', failure }, ['receiverFailing']],
    ['a repository that is away', { ...good, repositories: [{ ...whole, name: 'nas', failure }] }, ['repositoryFailing']],
    ['a busy moment', { ...good, onHost: behind(productionTiming.walOnHostExposureMs), repositories: [{ ...behind(productionTiming.walExposureMs), name: 'nas', failure: null }] }, []],
    ['a repository that is too far behind', { ...good, repositories: [{ ...behind(productionTiming.walExposureMs + 1), name: 'nas', failure: null }] }, ['exposed']],
    ['archiving that is as far behind as it may be', { ...good, by: 'archive', onHost: behind(productionTiming.walArchiveExposureMs), repositories: [{ ...behind(productionTiming.walArchiveExposureMs), name: 'nas', failure: null }] }, []],
    ['archiving that is too far behind', { ...good, by: 'archive', onHost: behind(productionTiming.walArchiveExposureMs + 1) }, ['exposed']],
    ['a receiver that is too far behind', { ...good, onHost: behind(productionTiming.walOnHostExposureMs + 1) }, ['exposed']],
    ['a slot without a limit', { ...good, slot: { state: 'reserved', roomBytes: null } }, ['slotUnlimited']],
    ['a slot that the server takes from', { ...good, slot: { state: 'unreserved', roomBytes: '0' } }, ['slotEnding']],
    ['a slot with a quarter of its room left', { ...good, onHost: behind(1, String(3 * GiB)), slot: { state: 'extended', roomBytes: String(GiB) } }, []],
    ['a slot with less', { ...good, onHost: behind(1, String(3 * GiB)), slot: { state: 'extended', roomBytes: String(GiB - 1) } }, ['slotEnding']],
    ['a file system that fills', { ...good, spoolBytes: 5 * GiB, spoolFreeBytes: GiB - 1 }, ['spoolFilling']],
    ['a file system of which nothing is known', { ...good, spoolFreeBytes: null, serverRoom: null }, []],
    ['a server whose own log has room', { ...good, serverRoom: room(50 * GiB) }, []],
    ['a server whose own log has none, before what it is that fails', { ...good, serverRoom: room(GiB - 1), receiver: 'failing', failure }, ['walDiskFilling', 'receiverFailing']],
  ])('of %s', (_what, status, kinds) => {
    const alarms = alarmsOf(status, now, productionTiming);
    expect(alarms.map(({ kind }) => kind)).toEqual(kinds);
    for (const { sentence, next } of alarms) expect([sentence, next]).toEqual([expect.stringMatching(/[^.]$/), expect.stringMatching(/\.$/)]);
  });
});

it('a repository may lack as much more as its newest segment goes there less often, and this host no more for that', () => {
  const kinds = (status: LogStatus): readonly LogAlarmKind[] => alarmsOf(status, now, alarmObjectives(status, productionTiming)).map(({ kind }) => kind);
  const away = (partialMs: number, exposureMs: number): LogStatus => ({ ...good, partialMs, repositories: [{ ...behind(exposureMs), name: 'nas', failure: null }] });
  expect([kinds(away(20_000, 120_001)), kinds(away(300_000, 120_001)), kinds(away(300_000, 400_000)), kinds(away(300_000, 400_001))]).toEqual([['exposed'], [], [], ['exposed']]);
  expect(kinds({ ...good, partialMs: 300_000, onHost: behind(productionTiming.walOnHostExposureMs + 1) })).toEqual(['exposed']);
});
