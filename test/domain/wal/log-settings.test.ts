import { describe, expect, it } from 'vitest';
import { isMade, parseLimitMb, refuseLimit, settingsPlan } from '../../../src/domain/wal/log-settings.ts';
import type { LogServerFacts, LogSetting, SettingFacts } from '../../../src/domain/wal/server-settings.ts';

const GiB = 1024 ** 3;
const place = { component: 'postgres', container: 'db' };
const setting = (value: string, more: Partial<SettingFacts> = {}): SettingFacts => ({ value, source: 'configuration file', pendingRestart: false, ...more });

function server(settings: Partial<Record<LogSetting, SettingFacts>> = {}, more: Partial<LogServerFacts> = {}): LogServerFacts {
  const good = { wal_level: setting('replica'), max_wal_senders: setting('10'), max_replication_slots: setting('10'), max_slot_wal_keep_size: setting('4096') };
  return { inRecovery: false, user: 'postgres', superuser: true, mayReplicate: true, mayWatch: true, settings: { ...good, ...settings }, otherSenders: 0, otherSlots: 0, idleSlotTimeout: null, freeBytes: 20 * GiB, ...more };
}
const statements = (facts: LogServerFacts, limitMb: number | null = null) => settingsPlan(place, facts, limitMb).changes.map(({ statement, effect }) => `${effect}: ${statement}`);

describe('the plan for a server\'s settings', () => {
  it.each<[string, LogServerFacts, readonly string[]]>([
    ['one that is in order', server(), []],
    ['no limit for slots', server({ max_slot_wal_keep_size: setting('-1') }), ['now: ALTER SYSTEM SET max_slot_wal_keep_size = \'10240MB\';']],
    ['a limit that the disk does not have', server({ max_slot_wal_keep_size: setting('40000') }), ['now: ALTER SYSTEM SET max_slot_wal_keep_size = \'10240MB\';']],
    ['a limit that is none', server({ max_slot_wal_keep_size: setting('16') }), ['now: ALTER SYSTEM SET max_slot_wal_keep_size = \'10240MB\';']],
    ['too little room for any limit', server({ max_slot_wal_keep_size: setting('-1') }, { freeBytes: GiB / 4 }), []],
    ['a log without content', server({ wal_level: setting('minimal'), max_wal_senders: setting('0') }), ['restart: ALTER SYSTEM SET wal_level = \'replica\';', 'restart: ALTER SYSTEM SET max_wal_senders = \'10\';']],
    ['others that use them all', server({ max_wal_senders: setting('12'), max_replication_slots: setting('9') }, { otherSenders: 10, otherSlots: 8 }), ['restart: ALTER SYSTEM SET max_wal_senders = \'15\';', 'restart: ALTER SYSTEM SET max_replication_slots = \'10\';']],
    ['what is written down already', server({ wal_level: setting('minimal', { pendingRestart: true }), max_wal_senders: setting('0', { pendingRestart: true }) }), []],
  ])('of %s', (_what, facts, expected) => {
    expect(statements(facts)).toEqual(expected);
    // Carried out once, there is nothing left to do.
    for (const change of settingsPlan(place, facts, null).changes) expect(isMade(facts, change)).toBe(false);
  });

  it('keeps to the limit that somebody names', () => {
    expect(statements(server(), 8192)).toEqual(['now: ALTER SYSTEM SET max_slot_wal_keep_size = \'8192MB\';']);
    expect(statements(server(), 4096)).toEqual([]);
    expect(refuseLimit(8192, server())).toBeNull();
    expect(refuseLimit(63, server())).toContain('64MB');
    expect(refuseLimit(30_000, server())).toContain('20GB');
    expect([refuseLimit(2 ** 31 - 1, server({}, { freeBytes: null })), refuseLimit(2 ** 31, server({}, { freeBytes: null }))]).toEqual([null, 'PostgreSQL takes at most 2147483647MB']);
    expect([parseLimitMb('8192MB'), parseLimitMb('8GB'), parseLimitMb('8192'), parseLimitMb('-1MB')]).toEqual([8192, 8192, null, null]);
  });

  it('leaves to others what only they can do, and says it exactly', () => {
    const user = settingsPlan(place, server({ max_slot_wal_keep_size: setting('-1') }, { superuser: false, user: 'back"up', mayReplicate: false, mayWatch: false }), null);
    expect(user.changes).toEqual([]);
    expect(user.byHand.map(({ what }) => what)).toEqual(['ALTER ROLE "back""up" REPLICATION;', 'GRANT pg_read_all_stats TO "back""up";', 'ALTER SYSTEM SET max_slot_wal_keep_size = \'10240MB\';']);
    const fixed = settingsPlan(place, server({ max_slot_wal_keep_size: setting('-1', { source: 'command line' }) }), null);
    expect([fixed.changes, fixed.byHand.map(({ what }) => what)]).toEqual([[], ['-c max_slot_wal_keep_size=10240MB']]);
  });

  it('never raises the senders of a server whose level it cannot: that one would not start', () => {
    const plan = settingsPlan(place, server({ wal_level: setting('minimal', { source: 'command line' }), max_wal_senders: setting('0') }), null);
    expect(plan.changes).toEqual([]);
    expect(plan.byHand.map(({ what }) => what)).toEqual(['-c wal_level=replica', 'ALTER SYSTEM SET max_wal_senders = \'10\';']);
  });

  it('names what waits for a restart, and why it has no advice', () => {
    expect(settingsPlan(place, server({ wal_level: setting('minimal', { pendingRestart: true }) }), null).pendingRestart).toEqual(['wal_level']);
    expect(settingsPlan(place, server({ max_slot_wal_keep_size: setting('-1') }, { freeBytes: null }), null).notes[0]).toContain('not known');
    expect(settingsPlan(place, server({}, { idleSlotTimeout: '1d' }), null).notes[0]).toContain('is 1d');
    expect(settingsPlan(place, server({}, { idleSlotTimeout: '0' }), null).notes).toEqual([]);
    expect(settingsPlan(place, server(), null).notes).toEqual([]);
  });

  it('knows a change that is made', () => {
    const [limit] = settingsPlan(place, server({ max_slot_wal_keep_size: setting('-1') }), null).changes;
    const [senders] = settingsPlan(place, server({ max_wal_senders: setting('2') }), null).changes;
    if (limit === undefined || senders === undefined) throw new Error('nothing was planned');
    expect([isMade(server({ max_slot_wal_keep_size: setting('10240') }), limit), isMade(server({ max_slot_wal_keep_size: setting('4096', { pendingRestart: true }) }), limit)]).toEqual([true, false]);
    expect([isMade(server({ max_wal_senders: setting('10') }), senders), isMade(server({ max_wal_senders: setting('2', { pendingRestart: true }) }), senders)]).toEqual([true, true]);
  });
});
