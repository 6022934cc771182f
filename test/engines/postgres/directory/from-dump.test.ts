/** What a restore by data directory says in its plan, and whom it makes the new server's superuser. */
import { describe, expect, it } from 'vitest';
import type { PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import { superuserFor } from '../../../../src/engines/postgres/directory/fresh-cluster.ts';
import { notesOf } from '../../../../src/engines/postgres/directory/prepare-from-dump.ts';
import { preloadSettings } from '../../../../src/engines/postgres/server/preload-settings.ts';

const component = { engine: 'postgres', name: 'postgres', container: 'shop-postgres', database: 'shop', user: 'shop' } as const;
const role = (name: string, superuser: boolean) => ({ name, superuser, login: true, referenced: true });

describe('the first superuser', () => {
  it.each([
    ['the configured user', [role('shop', true), role('postgres', true)], 'shop'],
    ['the configured user, also where the backup does not know him', [role('postgres', true)], 'shop'],
    ['another, where the configured user was none', [role('shop', false), role('admin', true), role('postgres', true)], 'postgres'],
    ['whichever there was', [role('shop', false), role('admin', true)], 'admin'],
    ['the usual one, where nobody is known', [role('shop', false)], 'postgres'],
  ])('is %s', (_, roles, expected) => expect(superuserFor(component, roles)).toBe(expected));
});

describe('the plan', () => {
  const backup = { server: { majorVersion: 17, version: '17.11' }, roles: [role('shop', true), role('app', false)] } as unknown as PostgresDump;
  const globals = 'ALTER ROLE shop WITH SUPERUSER LOGIN PASSWORD \'SCRAM-SHA-256$4096:a=$b:c\';\nALTER ROLE app WITH LOGIN PASSWORD \'md5abc\';\n';
  const given = { sighting: { hasServer: true }, backup, globals, majorVersion: 17, unusable: 'the container is restarting', cluster: { configuration: 'live', refused: null } } as const;

  it('says why, what the new server holds, and whose configuration it has', () => {
    expect(notesOf(component, given)).toEqual([
      'There is no server that the backup could be restored beside (the container is restarting): the whole data directory is replaced by that of a new server, made from the dump.',
      'The new server holds the database shop and the 2 roles of the backup; whatever else the old one held stays with what is set aside.',
      'Its configuration files are those of the old server.',
    ]);
  });

  it('says who cannot log in, and what else is not as it was', () => {
    const notes = notesOf({ ...component, user: 'root', wal: 'stream' }, { ...given, globals: `${globals}CREATE TABLESPACE fast OWNER shop LOCATION '/fast';`, majorVersion: 18, cluster: { configuration: 'initial', refused: 'FATAL: no such library' } });
    expect(notes.slice(2)).toEqual([
      'Its configuration files are those of a first start of its image: with those of the old server none starts (FATAL: no such library).',
      'The backup is of PostgreSQL 17.11, the new server of 18.',
      'The backup holds no password of root: to be set before they can log in over the network.',
      'The passwords of app are MD5, which its pg_hba.conf does not take (scram-sha-256): to be set anew.',
      'The server lacks the tablespaces fast: everything is restored into the default one.',
      'It is another cluster than the old one, whose kept log does not lead to it: end what receives that (holdfast wal forget), then take a base backup.',
    ]);
  });
});

it('loads what an extension needs, for the database that it is restored as', () => {
  const of = (...names: readonly string[]) => Object.entries(preloadSettings({ extensions: names.map((name) => ({ name, version: '1' })) } as unknown as PostgresDump, 'shop')).map(([name, value]) => `${name}=${value}`);
  expect(of('plpgsql')).toEqual([]);
  expect(of('plpgsql', 'pg_cron')).toEqual(['shared_preload_libraries=pg_cron', 'cron.database_name=shop', 'cron.launch_active_jobs=off']);
});
