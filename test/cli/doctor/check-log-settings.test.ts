import { expect, test } from 'vitest';
import { settingsFindings } from '../../../src/cli/doctor/check-log-settings.ts';
import type { ServerSettingsPlan } from '../../../src/domain/wal/server-settings.ts';

const none: ServerSettingsPlan = { component: 'postgres', container: 'db', changes: [], byHand: [], pendingRestart: [], notes: [] };

test('a server that is fit for its log is said to be', () => {
  expect(settingsFindings('shop, log', none)).toEqual([{ verdict: 'ok', what: 'shop, log', found: 'the settings of db are fit for it', next: null }]);
});

test('whatever is missing is found, each with its next step', () => {
  const findings = settingsFindings('shop, log', {
    ...none, pendingRestart: ['wal_level'], notes: ['A note.'], byHand: [{ what: 'ALTER ROLE "u" REPLICATION;', why: 'u may not receive the log' }],
    changes: [{ name: 'max_slot_wal_keep_size', value: '4096MB', statement: '', why: 'there is no limit', effect: 'now' }],
  });
  expect(findings.map(({ verdict, next }) => `${verdict} ${next}`)).toEqual([
    'warn holdfast wal enable', 'warn By hand: ALTER ROLE "u" REPLICATION;', 'warn holdfast wal enable --restart', 'warn See docs/runbooks/enable-wal.md.',
  ]);
});
