import { describe, expect, it } from 'vitest';
import { archivingPlan, planFor } from '../../../src/domain/wal/archiving-plan.ts';
import { isMade } from '../../../src/domain/wal/log-settings.ts';
import type { ArchiveSetting, ArchivingFacts, LogServerFacts, SettingFacts } from '../../../src/domain/wal/server-settings.ts';

const place = { component: 'postgres', container: 'db' };
const path = '/var/lib/postgresql/wal_archive/holdfast-0123456789ab/archive-ffffffffffff.sh';
const wanted = `/bin/sh ${path} "%p" "%f"`;
const setting = (value: string, more: Partial<SettingFacts> = {}): SettingFacts => ({ value, source: 'configuration file', pendingRestart: false, ...more });
const bare = { archive_mode: setting('off'), archive_command: setting(''), archive_timeout: setting('0'), archive_library: setting('') };
const done = { archive_mode: setting('on'), archive_command: setting(wanted), archive_timeout: setting('30'), archive_library: setting('') };

function server(settings: Partial<Record<ArchiveSetting, SettingFacts>>, more: Partial<ArchivingFacts> = {}, facts: Partial<LogServerFacts> = {}): LogServerFacts & { readonly archiving: ArchivingFacts } {
  return {
    inRecovery: false, user: 'postgres', superuser: true, mayReplicate: true, mayWatch: true, otherSenders: 0, otherSlots: 0, idleSlotTimeout: null, freeBytes: 2 ** 34,
    settings: { wal_level: setting('replica'), max_wal_senders: setting('10'), max_replication_slots: setting('10'), max_slot_wal_keep_size: setting('-1') },
    ...facts, archiving: { settings, wanted, owner: { kind: 'none' }, script: { path, installed: false }, composeService: null, ...more },
  };
}
const plan = (facts: ReturnType<typeof server>, replace = false) => archivingPlan(place, facts, facts.archiving, replace);
const names = (facts: ReturnType<typeof server>, replace = false) => plan(facts, replace).changes.map(({ name, effect }) => `${effect} ${name}`);
const all = ['now archive_script', 'now archive_command', 'now archive_timeout', 'restart archive_mode'];
const current = { owner: { kind: 'ours', current: true }, script: { path, installed: true } } as const;

describe('the plan for a server that is to archive its log itself', () => {
  it.each<[string, ReturnType<typeof server>, readonly string[]]>([
    ['one that archives nothing', server(bare), all],
    ['one that is in order', server(done, current), []],
    // Before PostgreSQL 15 there is no library.
    ['an old one in order', server({ ...done, archive_library: undefined } as unknown as typeof done, current), []],
    ['a script of another version', server({ ...done, archive_command: setting(wanted.replace('ffff', '0000')) }, { owner: { kind: 'ours', current: false } }), ['now archive_script', 'now archive_command']],
    ['a script that is gone or changed', server(done, { ...current, script: { path, installed: false } }), ['now archive_script']],
    ['a plain copy', server({ ...done, archive_command: setting('cp') }, { owner: { kind: 'copy' } }), ['now archive_script', 'now archive_command']],
    ['a minute until a segment ends', server({ ...done, archive_timeout: setting('60') }, current), ['now archive_timeout']],
    ['what waits for a restart already', server({ ...done, archive_mode: setting('off', { pendingRestart: true }) }, current), []],
    ['a log without content', server(bare, {}, { settings: { wal_level: setting('minimal'), max_wal_senders: setting('0'), max_replication_slots: setting('10'), max_slot_wal_keep_size: setting('-1') } }), ['now archive_script', 'restart wal_level', 'restart max_wal_senders', ...all.slice(1)]],
  ])('of %s', (_what, facts, expected) => {
    expect(names(facts)).toEqual(expected);
    for (const change of plan(facts).changes) expect(isMade(facts, change)).toBe(false);
    expect(planFor(place, facts, { limitMb: null, replace: false })).toEqual(plan(facts));
  });

  it('knows a change that is made', () => {
    for (const change of plan(server(bare)).changes) expect([change.name, isMade(server(done, current), change)]).toEqual([change.name, true]);
  });

  it('ends no other tool\'s archive unless that is said, nor half of it', () => {
    const other = server({ ...done, archive_command: setting('pgbackrest archive-push %p') }, { owner: { kind: 'other', tool: 'pgBackRest' } });
    expect(plan(other)).toMatchObject({ changes: [], byHand: [{ what: 'holdfast wal enable --replace', why: expect.stringContaining('pgBackRest\'s: pgbackrest archive-push %p') }] });
    expect(names(other, true)).toEqual(['now archive_script', 'now archive_command']);
    const library = server({ ...done, archive_library: setting('basic_archive') }, current);
    expect(plan(library).byHand[0]?.why).toContain('basic_archive');
    expect(names(library, true)).toEqual(['now archive_library']);
  });

  it('has no place for the spool but a volume, and says how the container gets one', () => {
    const { changes, byHand } = plan(server(bare, { script: null, composeService: 'database' }));
    expect(changes).toEqual([]);
    expect(byHand[0]?.what.split('\n')).toEqual([
      'give the container a volume, in its compose file:', 'services:', '  database:', '    volumes:', '      - database-wal-archive:/var/lib/postgresql/wal_archive', 'volumes:', '  database-wal-archive: {}',
    ]);
  });

  it('says what is left of the other way of keeping the log', () => {
    expect(plan(server(done, current, { ownSlots: ['holdfast_0123456789ab'] })).notes[0]).toContain('holdfast_0123456789ab');
    const { archiving: _none, ...received } = server(done);
    expect(planFor(place, { ...received, ownArchiving: true }, { limitMb: 512, replace: false }).notes[0]).toContain('nobody empties its spool');
  });

  it('leaves to others what only they can do, and says it exactly', () => {
    const fixed = server({ ...bare, archive_command: setting('cp', { source: 'command line' }), archive_mode: setting('on', { source: 'command line' }) }, { owner: { kind: 'copy' } });
    expect(names(fixed)).toEqual(['now archive_script', 'now archive_timeout']);
    expect(plan(fixed).byHand.map(({ what }) => what)).toEqual([`-c archive_command='${wanted}'`]);
    const user = plan(server(bare, {}, { superuser: false, user: 'backup' }));
    expect(user.changes.map(({ name }) => name)).toEqual(['archive_script']);
    expect(user.byHand.map(({ what }) => what)).toEqual([`ALTER SYSTEM SET archive_command = '${wanted}';`, 'ALTER SYSTEM SET archive_timeout = \'30s\';', 'ALTER SYSTEM SET archive_mode = \'on\';']);
    expect(plan(server({ ...done, archive_mode: setting('off', { pendingRestart: true }) }, current)).pendingRestart).toEqual(['archive_mode']);
  });
});
