/** When a base backup is due, on a real repository: not while another run holds the service, not before an attempt that failed has waited, not for a log that nobody receives. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunDirectory } from '../../../src/activities/dependencies.ts';
import type { LogWatch, WatchLogsInput } from '../../../src/activities/wal/watch-activities.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';
import { openActivityStage, stageNamespace, stageService, type ActivityStage } from '../../support/activity-stage.ts';

const now = Date.parse('2026-11-23T02:00:10Z');
const run = { namespaceId: stageNamespace, workflowId: 'holdfast/wal/shop', runId: 'watch' };
const whole = { durable: '0/5000000', coveredAt: '2026-11-23T02:00:09.000Z', exposureMs: 0, exposureBytes: '0' } as const;
const good: LogStatus = {
  format: 1, service: 'shop', component: 'postgres', lookedAt: '2026-11-23T02:00:09.000Z', systemIdentifier: '74', segmentSizeBytes: 16_777_216, receiver: 'running', failure: null,
  source: { at: '2026-11-23T02:00:09.000Z', position: '0/5000000', timeline: 1 }, onHost: whole, repositories: [{ ...whole, name: 'local', failure: null }],
  slot: { state: 'reserved', roomBytes: '1000000000' }, spoolBytes: 0, spoolFreeBytes: null, break: null,
};
const baseRun = 'holdfast/backup/shop/postgres-timeline-1-of-74';
const services = new Map([['shop', { ...stageService, components: stageService.components.map((component) => (component.engine === 'postgres' ? { ...component, wal: 'stream' as const } : component)) }]]);

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
  await stage.repository.open();
});
afterEach(() => stage.remove());

/** From that moment on, as time goes. */
function clock(): () => number {
  const began = performance.now();
  return () => now + Math.floor(performance.now() - began);
}

interface Given { readonly status?: LogStatus | null; readonly endedMs?: number | null; readonly held?: boolean; readonly attempts?: WatchLogsInput['attempts'] }

function watched({ status = good, endedMs = 0, held = false, attempts = {} }: Given): Promise<LogWatch> {
  const runs = {
    namespaceId: stageNamespace,
    closedAtMs: async (workflowId: string) => (workflowId === baseRun ? endedMs : 0),
    readLease: async () => (held ? { leaseRunId: 'l', workflowId: 'holdfast/restore/shop/x', runId: 'r', purpose: 'the cut-over of a restore' } : null),
    isOpen: async () => true,
  } as unknown as RunDirectory;
  // When an attempt may be made again is told by the first look, and a tenth of a second beside it: however long that look takes, it is of this moment.
  const nowMs = endedMs === null || endedMs === 0 ? clock() : () => now;
  return stage.as(run, { services, runs, readLog: async () => status, nowMs }).watchLogs({ service: 'shop', seen: null, attempts });
}

test.each<[string, Given, string, boolean]>([
  ['is due where there is none', {}, 'baseDue', true],
  ['waits while another run holds the service', { held: true }, 'baseDue', false],
  ['waits while nobody receives the log', { status: { ...good, receiver: 'failing', failure: { type: 'DiskFull', cause: 'a file system ran full', hint: 'Make room.' } } }, 'baseDue', false],
  ['waits while nobody looks after the log', { status: { ...good, lookedAt: '2026-11-23T01:00:00.000Z' } }, 'baseDue', false],
  ['is not begun twice', { endedMs: null, attempts: { [baseRun]: 1 } }, 'baseRunning', false],
  ['is not tried again at once', { endedMs: now - 900, attempts: { [baseRun]: 1 } }, 'baseFailing', false],
  ['is tried again after a while', { endedMs: now - 1_100, attempts: { [baseRun]: 1 } }, 'baseDue', true],
  ['waits longer each time', { endedMs: now - 7_900, attempts: { [baseRun]: 4 } }, 'baseFailing', false],
  ['is tried again all the same', { endedMs: now - 8_100, attempts: { [baseRun]: 4 } }, 'baseDue', true],
])('a base backup %s', async (_what, given, kind, due) => {
  const watch = await watched(given);
  expect(watch.logs[0]?.alarms[0]?.kind).toBe(kind);
  expect(watch.due.map(({ workflowId }) => workflowId)).toEqual(due ? [baseRun] : []);
  expect(watch.needed).toEqual([baseRun]);
});

test('a keeper that has just been started is given the time to look once', async () => {
  let looks = 0;
  const runs = { namespaceId: stageNamespace, closedAtMs: async () => null } as unknown as RunDirectory;
  const watch = await stage.as(run, { services, runs, readLog: async () => ((looks += 1) === 1 ? null : good), nowMs: clock() }).watchLogs({ service: 'shop', seen: null, attempts: {} });
  expect(watch.logs[0]?.alarms.map(({ kind }) => kind)).toEqual(['baseRunning']);
});

test('nothing is due where the repository is not there to be asked', async () => {
  await rm(join(stage.directory, 'holdfast.json'));
  const watch = await watched({});
  expect(watch).toMatchObject({ due: [], needed: [], logs: [{ alarms: [{ kind: 'archiveUnreadable', sentence: expect.stringContaining('holdfast.json is gone') }] }] });
});

test('nothing is due before the cluster is known, and a service without a log has none to watch', async () => {
  expect(await watched({ status: null })).toMatchObject({ due: [], needed: [], logs: [{ base: null, alarms: [{ kind: 'notKept' }] }] });
  expect((await stage.as(run, { readLog: async () => good }).watchLogs({ service: 'shop', seen: null, attempts: {} })).logs).toEqual([]);
});

test('an archive that cannot be read is an alarm, and no reason for a base backup', async () => {
  await stage.repository.storage.createExclusive('shop/wal/postgres/74/cluster.json', Buffer.from('{}'));
  expect(await watched({})).toMatchObject({ due: [], needed: [], logs: [{ base: null, alarms: [{ kind: 'archiveUnreadable' }] }] });
});
