import { expect, it } from 'vitest';
import { incrementalFinding } from '../../../src/cli/doctor/check-incremental.ts';
import { settingsLines } from '../../../src/cli/rendering/settings-text.ts';
import { planFor } from '../../../src/domain/wal/archiving-plan.ts';
import { isMade } from '../../../src/domain/wal/log-settings.ts';
import { summaries } from '../../../src/domain/wal/summarizing-plan.ts';
import type { LogServerFacts, SettingFacts } from '../../../src/domain/wal/server-settings.ts';

const setting = (value: string, more: Partial<SettingFacts> = {}): SettingFacts => ({ value, source: 'configuration file', pendingRestart: false, ...more });
const server = (summarizing: SettingFacts | null, more: Partial<LogServerFacts> = {}): LogServerFacts => ({
  inRecovery: false, user: 'postgres', superuser: true, mayReplicate: true, mayWatch: true, otherSenders: 0, otherSlots: 0, idleSlotTimeout: null, freeBytes: null, summarizing,
  settings: { wal_level: setting('replica'), max_wal_senders: setting('10'), max_replication_slots: setting('10'), max_slot_wal_keep_size: setting('4096') }, ...more,
});
const plan = (facts: LogServerFacts, incremental: boolean) => planFor({ component: 'postgres', container: 'db' }, facts, { limitMb: null, replace: false, incremental });

it('is offered where it is off, and changes nothing unasked', () => {
  expect(plan(server(setting('off')), false)).toMatchObject({ changes: [], byHand: [], notes: [], offers: [expect.stringContaining('wal enable --incremental')] });
  expect(settingsLines(plan(server(setting('off')), false))).toEqual(['postgres in container db: in order', expect.stringContaining("ALTER SYSTEM SET summarize_wal = 'on';")]);
  for (const facts of [server(setting('on')), server(null)]) expect([plan(facts, false).offers, plan(facts, true).changes]).toEqual([undefined, []]);
});

it('is part of the plan where it was asked for', () => {
  expect(plan(server(setting('off')), true).changes).toEqual([summaries]);
  expect([isMade(server(setting('off')), summaries), isMade(server(setting('on')), summaries)]).toEqual([false, true]);
});

it('is left to others where only they can, and never set beside a level with which the server would not start again', () => {
  const byHand = (facts: LogServerFacts) => {
    expect(plan(facts, true).changes.map(({ name }) => name)).not.toContain('summarize_wal');
    return plan(facts, true).byHand.map(({ what }) => what);
  };
  expect(byHand(server(setting('off'), { superuser: false }))).toContain(summaries.statement);
  expect(byHand(server(setting('off', { source: 'command line' })))).toEqual(['-c summarize_wal=on']);
  const minimal = server(setting('off'));
  expect(byHand({ ...minimal, settings: { ...minimal.settings, wal_level: setting('minimal', { pendingRestart: true }) } })).toEqual([summaries.statement]);
});

it('is what doctor asks for where incremental backups are taken', () => {
  expect(incrementalFinding('shop', 'db', server(setting('on'))).verdict).toBe('ok');
  expect(incrementalFinding('shop', 'db', server(null))).toMatchObject({ verdict: 'warn', next: 'holdfast backup --kind base' });
  expect(incrementalFinding('shop', 'db', server(setting('off')))).toMatchObject({ verdict: 'warn', found: expect.stringContaining('off'), next: expect.stringContaining("ALTER SYSTEM SET summarize_wal = 'on'; SELECT pg_reload_conf();") });
});
