import { describe, expect, it } from 'vitest';
import type { CatalogEntry } from '../../../src/cli/backup-catalog.ts';
import { findingLine, serviceLines, serviceObject } from '../../../src/cli/rendering/status-text.ts';
import type { ScheduleState } from '../../../src/client/schedules/read-schedules.ts';
import { notKnown, wrong } from '../../../src/domain/status/finding.ts';
import { sampleReport } from '../../report/sample-report.ts';

const clock = { timeZone: 'Europe/Berlin', now: '2026-11-23T02:00:00Z' };

describe('serviceLines', () => {
  it('names the ways back, and the records that cannot be read', () => {
    expect(serviceLines({
      name: 'shop', newest: null, total: 0, rollbacks: [{ workflowId: 'holdfast:restore:shop:7f3a0000', operation: 'restore', recordedAt: '2026-11-23T01:30:00Z' }],
      unreadableRollbacks: [{ runId: 'b1', cause: 'it is no document of ours' }],
    }, clock)).toEqual([
      'shop',
      '  no backup yet: holdfast backup',
      expect.stringMatching(/^  rollback copy of \S+ \(restore, Mon 23 Nov 02:30\): holdfast undo \S+ or holdfast accept \S+$/),
      '  the record of a cut-over (run b1) cannot be read: it is no document of ours',
    ]);
  });

  it('has a line for each copy, and says where nobody can tell', () => {
    const none = { name: 'shop', newest: null, total: 0, rollbacks: [], unreadableRollbacks: [] };
    const server = { component: 'postgres', container: 'c', state: 'running', address: '127.0.0.1:32771' };
    const copy = { service: 'shop', name: 'looking', point: 'xid:743', madeAt: '2026-11-23T00:00:00Z', finished: true, servers: [server, { ...server, component: 'redis', state: 'exited', address: null }], volumes: ['v'] };
    expect(serviceLines({ ...none, copies: [copy, { ...copy, finished: false }, { ...copy, point: '', madeAt: null, servers: [] }] }, clock).slice(2)).toEqual([
      '  copy looking of xid:743, made 2 h 0 min ago: postgres 127.0.0.1:32771, redis exited',
      '  copy looking of xid:743, made 2 h 0 min ago: being made, or left unfinished',
      '  copy looking: its containers are gone, 1 volume left',
    ]);
    expect(serviceLines({ ...none, copies: null }, clock).slice(2)).toEqual(['  whether there are copies is not known: the Docker engine does not answer']);
    expect(serviceLines(none, clock)).toHaveLength(2);
  });

  it('says after the newest backup which one is proven, how much would be lost, and what drills and schedules came to', () => {
    const entry = (id: string, proof: CatalogEntry['proof']): CatalogEntry => ({ id, manifest: null, manifestSha256: 'a', damage: null, proof, repositories: ['nas'] });
    const proven = entry('20261122-010000', { format: 1, service: 'shop', backupId: '20261122-010000', manifestSha256: 'a', verdict: 'proven', components: [], beganAt: '2026-11-22T01:00:00Z', finishedAt: '2026-11-22T01:03:00Z', run: { namespaceId: 'n', workflowId: 'w', runId: 'r' } });
    const report = sampleReport({ service: 'shop' });
    const schedule: ScheduleState = {
      id: 'holdfast/backup/shop', own: { service: 'shop', verb: 'backup' }, terms: {} as ScheduleState['terms'], applied: null, paused: true, note: 'moving the disks', madeAt: clock.now, since: clock.now, nextAt: null,
      last: { workflowId: 'w', runId: 'r', startedAt: '2026-11-22T01:00:00Z', state: 'FAILED', skipped: 'holdfast/restore/shop/x is restoring it' }, taken: 2, skipped: 1, missed: 0, running: [],
    };
    const state = { name: 'shop', newest: entry('20261123-010000', null), newestProven: proven, total: 2, rollbacks: [], unreadableRollbacks: [], exposure: ['postgres: this host lacks nothing'], lastDrills: [{ service: 'shop', drillId: report.drillId, beganAt: report.beganAt, kind: report.kind, report, problem: null }], schedules: [schedule] };
    expect(serviceLines(state, clock)).toEqual([
      'shop',
      '  2 backups, newest 20261123-010000 (Mon 23 Nov 02:00, 1 h 0 min ago), proof: not yet',
      '  newest that is proven: 20261122-010000 (Sun 22 Nov 02:00, 25 h 0 min ago), proven 02:03',
      '  exposure of postgres: this host lacks nothing',
      expect.stringMatching(/^ {2}last restore drill: proven, Mon 23 Nov \d\d:\d\d \(20261123-020000\), RTO 12 min 11 s, RPO 41 s$/),
      '  schedule backup: paused (moving the disks), last Sun 22 Nov 02:00 skipped (holdfast/restore/shop/x is restoring it), 1 skipped',
    ]);
    expect(serviceLines({ ...state, newest: proven }, clock)).toHaveLength(5);
    expect(serviceLines({ ...state, newestProven: null }, clock)[2]).toBe('  none of them is proven: holdfast prove latest');
    expect(serviceObject(state)).toMatchObject({ newest: { id: '20261123-010000', proof: null }, newestProven: { id: '20261122-010000', proof: 'proven' }, lastDrills: [{ kind: 'restore', verdict: 'proven', rtoMs: 731_000 }], schedules: [{ verb: 'backup', paused: true }] });
  });
});

it('has one line for what is wrong, and the next step', () => {
  expect(findingLine({ service: 'shop', ...wrong('noBackup', 'there is no backup', 'holdfast backup') })).toBe('FAIL      shop: there is no backup → holdfast backup');
  expect(findingLine({ service: 'shop', ...notKnown('notProven', 'no backup was ever proven', 'holdfast prove latest') })).toBe('NOT KNOWN shop: no backup was ever proven → holdfast prove latest');
});
