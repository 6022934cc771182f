/** Settings of real servers, old and new: read, changed at once where that can be, refused where a name is none of the log's. */
import { expect, test } from 'vitest';
import { settingsPlan } from '../../../../src/domain/wal/log-settings.ts';
import { summaries } from '../../../../src/domain/wal/summarizing-plan.ts';
import { changeLogSettings, readLogSettings } from '../../../../src/engines/postgres/wal/log-settings.ts';
import { failing } from '../../../support/failing.ts';
import { useDocker } from '../../../support/docker.ts';
import { contextOf, startPostgres } from '../postgres-fixture.ts';
import { receiving } from './wal-fixture.ts';
import type { SettingChange } from '../../../../src/domain/wal/server-settings.ts';

const docker = useDocker();

test.each(['postgres:15', 'postgres:18'])('a server of %s says what its log depends on, and takes a limit over at once', async (image) => {
  const { component, sql } = await startPostgres(docker, { image });
  const ctx = contextOf(docker);
  const facts = await readLogSettings(ctx, component);
  expect(facts).toMatchObject({ inRecovery: false, superuser: true, mayReplicate: true, mayWatch: true, otherSenders: 0, otherSlots: 0, ownSlots: [], ownArchiving: false, idleSlotTimeout: image === 'postgres:15' ? null : '0', settings: { wal_level: { value: 'logical', source: 'command line', pendingRestart: false }, max_slot_wal_keep_size: { value: '-1' } } });
  expect(facts.freeBytes).toBeGreaterThan(0);
  expect(facts.summarizing?.value ?? null).toBe(image === 'postgres:15' ? null : 'off');
  const { changes } = settingsPlan({ component: component.name, container: component.container }, facts, 512);
  expect(changes.map(({ statement }) => statement)).toEqual(['ALTER SYSTEM SET max_slot_wal_keep_size = \'512MB\';']);
  await changeLogSettings(ctx, component, changes);
  await changeLogSettings(ctx, component, changes);
  expect(await sql('SHOW max_slot_wal_keep_size')).toBe('512MB');
  if (image !== 'postgres:15') {
    await changeLogSettings(ctx, component, [summaries]);
    expect(await sql('SHOW summarize_wal')).toBe('on');
  }
  const other = { ...changes[0], name: 'fsync', value: 'off' } as unknown as SettingChange;
  await failing('InvalidInput', () => changeLogSettings(ctx, component, [other]));
});

test('what waits for a restart is told by the server, and who may not look is told so', async () => {
  const { component, sql } = await startPostgres(docker);
  const ctx = contextOf(docker);
  await sql('CREATE ROLE keeper LOGIN; SELECT pg_create_physical_replication_slot(\'theirs\', true)');
  await changeLogSettings(ctx, component, [{ name: 'max_wal_senders', value: '12', statement: '', why: '', effect: 'restart' }]);
  expect((await readLogSettings(ctx, component)).settings.max_wal_senders).toMatchObject({ value: '10', pendingRestart: true });
  // The disk of the log is looked at without such a right, where the image says where the data lies.
  const wal = receiving(docker, { id: component.container, component, sql, works: () => Promise.resolve(false) });
  expect(await wal.source.serverRoom(wal.ctx, { ...component, user: 'keeper' })).toMatchObject({ freeBytes: expect.any(Number), walBytes: expect.any(Number), keptFor: [{ kind: 'slot', name: 'theirs', own: false, active: false, bytes: expect.any(Number) }] });
  const facts = await readLogSettings(ctx, { ...component, user: 'keeper' });
  expect(facts).toMatchObject({ user: 'keeper', superuser: false, mayReplicate: false, mayWatch: false, otherSlots: 1, freeBytes: null });
  await failing('PermissionDenied', () => changeLogSettings(ctx, { ...component, user: 'keeper' }, [{ name: 'max_slot_wal_keep_size', value: '512MB', statement: '', why: '', effect: 'now' }]));
});
