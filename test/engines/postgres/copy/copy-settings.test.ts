import { expect, test } from 'vitest';
import { asArguments } from '../../../../src/engines/postgres/base/base-input.ts';
import { carriedBy, likeOriginal, modestSettings, plainSettings, quietSettings, roomForLocks } from '../../../../src/engines/postgres/copy/copy-settings.ts';
import { settingsInCommand } from '../../../../src/engines/postgres/server/settings-in-command.ts';

const base = { settings: { max_connections: '200' }, libraries: ['pg_cron', 'it\'s'], formats: {} };

test('what a container\'s command sets is read however it is written, without what belongs to its place, and without what was cut as a secret', () => {
  expect(settingsInCommand(['postgres', '-c', 'work_mem=7MB', '-cjit=off', '--max-connections=200', '--cron.host=x', '-D', '/data', '-c', 'shared_buffers = 1', '--version'])).toEqual({ work_mem: '7MB', jit: 'off', max_connections: '200', 'cron.host': 'x' });
  expect(settingsInCommand(['-c', 'config_file=/etc/postgresql.conf', '-c', 'port=5433', '--listen-addresses=10.0.0.1', '-c', 'data_directory=/d', '-c', 'x.password=REDACTED', '-c'])).toEqual({});
  // A later one wins, as it does for the server.
  expect(settingsInCommand(['-c', 'work_mem=1MB', '-c', 'work_mem=2MB'])).toEqual({ work_mem: '2MB' });
});

test('the original\'s own files come first, then its command, then what it ran with; no value ends its line early', () => {
  expect(likeOriginal(base, ['postgres', '-c', 'application_name=it\'s'])).toBe([
    'include_if_exists \'data/postgresql.conf\'', 'include_if_exists \'kept.auto.conf\'', 'application_name = \'it\'\'s\'', 'max_connections = \'200\'', 'shared_preload_libraries = \'pg_cron,it\'\'s\'', '',
  ].join('\n'));
  expect(plainSettings({ ...base, libraries: [] })).toBe('max_connections = \'200\'\n');
});

test('nothing keeps it from being quiet: archiving, subscriptions, jobs, standbys', () => {
  const quiet = quietSettings(base);
  expect(quiet).toMatchObject({ archive_mode: 'off', max_logical_replication_workers: '0', 'cron.launch_active_jobs': 'off', synchronous_standby_names: '', primary_conninfo: '', restore_command: '' });
  expect(asArguments({ a: '1', b: '' })).toEqual(['-c', 'a=1', '-c', 'b=']);
});

test('a dump is served with the libraries of its extensions and of its command, each kept still', () => {
  const dump = { method: 'dump', extensions: [{ name: 'pg_cron', version: '1' }, { name: 'hstore', version: '1' }] } as const;
  const carried = carriedBy(dump, 'shop', ['postgres', '-c', 'shared_preload_libraries=timescaledb, pg_cron', '-c', 'work_mem=7MB']);
  expect(carried).toEqual({ settings: { 'cron.database_name': 'shop', 'cron.launch_active_jobs': 'off' }, libraries: ['pg_cron', 'timescaledb'], formats: {} });
  expect(quietSettings(carried)).toMatchObject({ 'cron.launch_active_jobs': 'off', 'timescaledb.max_background_workers': '0' });
  expect(carriedBy({ method: 'dump', extensions: [] }, 'shop', [])).toEqual({ settings: {}, libraries: [], formats: {} });
  const timeFormats = { TimeZone: 'Pacific/Auckland', DateStyle: 'SQL, DMY', IntervalStyle: 'iso_8601' };
  const written = likeOriginal(carriedBy({ ...dump, timeFormats }, 'shop', ['-c', 'timezone=GMT']), ['-c', 'timezone=GMT']);
  // The last one counts, and it says what held in the original whoever had set it.
  expect(written.split('\n').filter((line) => /zone|style/i.test(line))).toEqual(['timezone = \'GMT\'', 'TimeZone = \'Pacific/Auckland\'', 'DateStyle = \'SQL, DMY\'', 'IntervalStyle = \'iso_8601\'']);
});

test('beside the original a server takes a little of its own, and no more than a quarter of what its container may have', () => {
  expect([0, 2 ** 40, 512 * 2 ** 20, 1].map((limit) => modestSettings(limit)['shared_buffers'])).toEqual(['256MB', '256MB', '128MB', '16MB']);
});

test('where thousands of tables are counted there is room for a lock on each, by what its command says of connections, and never less than the original had', () => {
  const room = (tables: number, ...command: readonly string[]): unknown => roomForLocks({ content: { tables: { length: tables }, sequences: { length: 0 } } } as unknown as Parameters<typeof roomForLocks>[0], command)['max_locks_per_transaction'];
  expect([room(3), room(3200), room(7000), room(7000, '-c', 'max_connections=20'), room(7000, '-c', 'max_locks_per_transaction=256')]).toEqual([undefined, undefined, '140', '700', undefined]);
});
