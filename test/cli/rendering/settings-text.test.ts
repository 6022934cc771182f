import { expect, test } from 'vitest';
import { settingsLines } from '../../../src/cli/rendering/settings-text.ts';
import type { ServerSettingsPlan } from '../../../src/domain/wal/server-settings.ts';

const none: ServerSettingsPlan = { component: 'postgres', container: 'db', changes: [], byHand: [], pendingRestart: [], notes: [] };

test('a server in order is one line', () => {
  expect(settingsLines(none)).toEqual(['postgres in container db: in order']);
});

test('each statement stands as it is run, with its reason; and a restart is said once, for all that need it', () => {
  const lines = settingsLines({
    ...none, pendingRestart: ['wal_level'], notes: ['A note.'], byHand: [{ what: 'ALTER ROLE "u" REPLICATION;', why: 'u may not receive the log' }],
    changes: [
      { name: 'max_slot_wal_keep_size', value: '4096MB', statement: 'ALTER SYSTEM SET max_slot_wal_keep_size = \'4096MB\';', why: 'there is no limit', effect: 'now' },
      { name: 'max_wal_senders', value: '10', statement: 'ALTER SYSTEM SET max_wal_senders = \'10\';', why: 'there are 2', effect: 'restart' },
    ],
  });
  expect(lines).toEqual([
    'postgres in container db',
    '  ALTER SYSTEM SET max_slot_wal_keep_size = \'4096MB\';', '      there is no limit',
    '  ALTER SYSTEM SET max_wal_senders = \'10\';      -- needs a restart', '      there are 2',
    '  by hand: ALTER ROLE "u" REPLICATION;', '      u may not receive the log',
    '  A note.',
    '  A restart of db is needed for max_wal_senders, wal_level: each session on it ends, and it is away for some seconds.',
  ]);
});

test('what has more lines than one is shown as it is to be written', () => {
  expect(settingsLines({ ...none, byHand: [{ what: 'give it a volume:\nservices:\n  db:', why: 'there is none' }] })).toEqual([
    'postgres in container db', '  by hand: give it a volume:', '      | services:', '      |   db:', '      there is none',
  ]);
});
