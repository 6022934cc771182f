import { expect, test } from 'vitest';
import { judgeLog, logLines } from '../../src/cli/rendering/log-text.ts';
import type { LogStatus } from '../../src/domain/wal/log-status.ts';

const now = Date.parse('2026-11-23T02:00:10Z');
const clock = { timeZone: 'Europe/Berlin', now: '2026-11-23T02:00:10Z' };
const whole = { durable: '0/5000000', coveredAt: '2026-11-23T02:00:09.000Z', exposureMs: 0, exposureBytes: '0' } as const;
const good: LogStatus = {
  format: 1, service: 'shop', component: 'postgres', lookedAt: '2026-11-23T02:00:09.000Z', systemIdentifier: '74', segmentSizeBytes: 16_777_216, receiver: 'running', failure: null, source: { at: '2026-11-23T02:00:09.000Z', position: '0/5000000', timeline: 1 },
  onHost: whole, repositories: [{ ...whole, name: 'nas', failure: null }], slot: { state: 'reserved', roomBytes: null }, spoolBytes: 0, spoolFreeBytes: null, break: null,
};
const failure = { type: 'RepositoryUnreachable', cause: 'the directory does not exist', hint: 'Mount it.' } as const;

test.each<[string, LogStatus | null, string]>([
  ['kept', good, 'ok'], ['never kept', null, 'NOT KNOWN'], ['left alone', { ...good, lookedAt: '2026-11-23T01:59:00.000Z' }, 'NOT KNOWN'], ['without its receiver', { ...good, receiver: 'failing', failure }, 'FAIL'],
  ['without its repository', { ...good, repositories: [{ ...whole, name: 'nas', failure }] }, 'FAIL'], ['of a database that is down', { ...good, receiver: 'waitingForDatabase' }, 'NOT KNOWN'],
  ['not told yet', { ...good, onHost: { ...whole, exposureMs: null } }, 'NOT KNOWN'], ['far behind', { ...good, repositories: [{ ...whole, exposureMs: 300_000, name: 'nas', failure: null }] }, 'FAIL'],
  ['whose slot is nearly lost', { ...good, slot: { state: 'unreserved', roomBytes: '0' } }, 'FAIL'], ['without room for it', { ...good, spoolFreeBytes: 1_000_000 }, 'FAIL'],
])('a log %s', (_what, status, verdict) => {
  expect(judgeLog(status, now).verdict).toBe(verdict);
});

test('how much room the server\'s own log has is said, and before all else where it is little', () => {
  const [MiB, GiB] = [1024 ** 2, 1024 ** 3];
  const room = (freeBytes: number) => ({ sizeBytes: 100 * GiB, freeBytes, walBytes: 640 * MiB, keptFor: [], maxWalBytes: GiB, keepBytes: 0 });
  const lines = (status: LogStatus): string => logLines({ service: 'shop', component: 'postgres', status, judged: judgeLog(status, now) }, clock).join('\n');
  expect(lines({ ...good, serverRoom: room(50 * GiB) })).toMatch(/^shop · postgres: it is received and kept\n[^]*the server's own log: 640MB in pg_wal, 50GB of 100GB free there/);
  const failing = lines({ ...good, by: 'archive', serverRoom: room(500 * MiB), receiver: 'failing', failure: { type: 'WalNotArchived', cause: 'the spool is gone', hint: 'Look.' } });
  expect(failing).toMatch(/^shop · postgres: FAIL, the file system of the server's own log has 500MB of 100GB left; pg_wal takes 640MB[^\n]*\n {2}it is not archived: the spool is gone\. Look\./);
  expect(lines({ ...good, receiver: 'failing', failure }).match(/the directory does not exist/g)).toHaveLength(1);
});

test('a log that leads on from nothing brings nobody back, however well it is kept', () => {
  const broken = { ...good, break: { segment: '000000010000000000000003', reason: 'the slot is gone', at: '2026-11-23T01:00:00.000Z' } };
  const missing = { base: null, cause: { id: 'break-of-74', reason: 'the log broke at segment 000000010000000000000003' } } as const;
  const there = { base: { backupId: '20261123-010100', timeline: 1, begin: 0n }, cause: null } as const;
  expect(judgeLog(broken, now, undefined, missing)).toMatchObject({ verdict: 'FAIL', sentence: expect.stringMatching(/no base backup: the log broke .*holdfast backup --kind base/) });
  expect(judgeLog(broken, now, undefined, there).verdict).toBe('ok');
  const lines = (standing: typeof missing | typeof there) => logLines({ service: 'shop', component: 'postgres', status: broken, judged: judgeLog(broken, now, undefined, standing), standing }, clock).join('\n');
  expect(lines(missing)).toContain('BROKEN at segment');
  expect(lines(there)).not.toContain('BROKEN');
  expect(lines(there)).toMatch(/leads on from base backup 20261123-010100, taken since the break at segment 000000010000000000000003/);
});

test('what would be lost is said for each place, with the break and the slot', () => {
  const behind: LogStatus = {
    ...good, repositories: [{ name: 'nas', failure: null, durable: '0/4000000', coveredAt: '2026-11-23T01:59:49.000Z', exposureMs: 20_000, exposureBytes: '16777216' }], slot: { state: 'extended', roomBytes: '1048576' }, spoolBytes: 33_554_432,
    break: { segment: '000000010000000000000003', reason: 'the slot is gone', at: '2026-11-23T01:00:00.000Z' },
  };
  const text = logLines({ service: 'shop', component: 'postgres', status: behind, judged: judgeLog(behind, now) }, clock).join('\n');
  expect(text).toContain('shop · postgres: it is received and kept');
  expect(text).toContain('on this host: everything, up to 0/5000000');
  expect(text).toMatch(/nas: 20 s would be lost \(16MB missing behind 0\/4000000, covered until .*02:59/);
  expect(text).toContain('slot extended, 1.0MB until it is lost');
  expect(text).toMatch(/BROKEN at segment 000000010000000000000003 .*holdfast backup --kind base/);
  expect(logLines({ service: 'shop', component: 'postgres', status: null, judged: judgeLog(null, now) }, clock)).toHaveLength(1);
});
