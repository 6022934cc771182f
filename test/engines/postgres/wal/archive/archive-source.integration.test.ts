/** A server that archives its log itself, looked after from beside it: what lies in the spool is what it wrote, and whatever is wrong is said. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isFailure } from '../../../../../src/domain/failures.ts';
import { cases } from '../../../../support/cases.ts';
import { useDocker } from '../../../../support/docker.ts';
import { failing } from '../../../../support/failing.ts';
import { bytesOf } from '../wal-fixture.ts';
import { archiving, startArchiving } from './archive-fixture.ts';

const docker = useDocker();
const segmentBytes = 16 * 1024 ** 2;

cases(['postgres:18'], ['postgres:15'])('a server of %s is set up, archives, is read from beside it, and is let go of again', async (image) => {
  const postgres = await startArchiving(docker, { image });
  const wal = archiving(docker, postgres);
  const { ctx, component, source } = wal;
  expect([await source.cluster(ctx, component), await source.files(ctx, component), await source.look(ctx, component, null), await source.breaks(ctx, component)]).toEqual([null, [], { readings: [], files: [], breaks: [] }, []]);
  expect(await source.ensure(ctx, component)).toBe('started');
  await wal.until(async () => isFailure(await source.ensure(ctx, component).catch((error: unknown) => error), 'WalNotArchived'));

  expect((await wal.plan()).changes.map(({ name }) => name)).toEqual(['archive_script', 'archive_command', 'archive_timeout']);
  await wal.enable();
  await wal.enable();
  expect(await wal.plan()).toMatchObject({ changes: [], byHand: [], pendingRestart: [] });
  await wal.ensured();
  expect(await source.cluster(ctx, component)).toEqual({ systemIdentifier: await postgres.sql('SELECT system_identifier FROM pg_control_system()'), majorVersion: Number(image.slice(-2)), segmentSizeBytes: segmentBytes });

  const [first, second] = [await wal.fillSegment(), await wal.fillSegment()];
  expect(await wal.names()).toEqual(expect.arrayContaining([first, second]));
  for (const name of [first, second]) {
    const sum = createHash('sha256').update(await bytesOf(await source.read(ctx, component, name))).digest('hex');
    expect(sum).toBe((await wal.run('sha256sum', `${await postgres.sql('SHOW data_directory')}/pg_wal/${name}`)).slice(0, 64));
  }
  await wal.endSegmentsAfter('2s');
  // At rest, nothing is missing: what the server goes on to write about itself is no loss.
  await wal.until(async () => {
    const { readings, files, breaks } = await source.look(ctx, component, null);
    expect([files.map(({ name }) => name), breaks]).toEqual([expect.arrayContaining([first, second]), []]);
    const newest = readings.at(-1);
    return newest !== undefined && newest.received !== null && newest.lsn <= newest.received;
  });
  expect(await source.freeBytes(ctx, component)).toBeGreaterThan(0);
  expect(await source.serverRoom(ctx, component)).toMatchObject({ freeBytes: expect.any(Number), walBytes: expect.any(Number), keptFor: [{ kind: 'archiving' }], maxWalBytes: 1024 ** 3 });

  for (const name of ['../cluster.json', '/etc/passwd', `.${second}.new`, '', `${second}\n`]) {
    await failing('PathNotFound', () => source.read(ctx, component, name));
    await failing('PathNotFound', () => source.release(ctx, component, [first, name]));
  }
  expect(await wal.names()).toContain(first);
  await wal.endSegmentsAfter('1h');
  // One that ended just before that would come between the listing and the release.
  await wal.allArchived();
  const names = await wal.names();
  await source.release(ctx, component, names);
  expect(await wal.names()).toEqual([names.at(-1)]);
  await failing('PathNotFound', () => source.read(ctx, component, first));

  // Made anew, the watcher has the same volume.
  await docker.runtime.remove(wal.watcher.name);
  expect((await Promise.all([1, 2, 3].map(() => source.ensure(ctx, component)))).sort()).toEqual(['running', 'running', 'started']);
  expect(JSON.stringify(JSON.parse(await docker.engineCall('GET', `/containers/${wal.watcher.name}/json`)))).not.toContain('canary-password');
  expect((await docker.runtime.inspect(wal.watcher.name)).mounts.filter(({ destination }) => destination === '/archive')).toMatchObject([{ writable: false }]);

  await wal.forget();
  await wal.forget();
  expect([await docker.runtime.list(wal.watcher.labels), await docker.runtime.listVolumes(wal.watcher.labels), (await wal.run('find', '/var/lib/postgresql/wal_archive', '-name', 'holdfast*')).trim()]).toEqual([[], [], '']);
  expect(await postgres.sql('SHOW archive_command')).toBe('/bin/true');
});

test('what is not as it was set up is said, each by its name', async () => {
  const postgres = await startArchiving(docker);
  const wal = archiving(docker, postgres);
  const { ctx, component, source } = wal;
  await wal.enable();
  await wal.ensured();
  await wal.fillSegment();
  const troubled = async (cause: RegExp): Promise<void> => {
    let last: unknown = null;
    await wal.until(async () => {
      last = await source.ensure(ctx, component).catch((error: unknown) => error);
      return isFailure(last, 'WalNotArchived') && cause.test(last.fields.cause);
    }).catch((error: unknown) => {
      throw new Error(`${cause}: ${String(last)}`, { cause: error });
    });
  };
  const script = (await wal.run('find', wal.directory, '-name', '*.sh')).trim();

  await wal.run('sed', '-i', '$s/exit 0/exit 1/', script);
  await troubled(/was changed/);
  expect((await wal.plan()).changes.map(({ name }) => name)).toEqual(['archive_script']);
  await wal.enable();
  await wal.ensured();
  await wal.run('chmod', '0', script);
  await troubled(/may not be read/);
  await wal.run('rm', script);
  await troubled(/is gone/);
  await wal.enable();
  await wal.ensured();
  await wal.run('mv', `${wal.directory}/spool`, `${wal.directory}/aside`);
  await troubled(/spool beside the script is gone/);
  await wal.run('mv', `${wal.directory}/aside`, `${wal.directory}/spool`);
  await wal.ensured();

  // Another file of that name lies there: the archiver goes on trying, and nothing is overwritten. It lies there first: no segment ends by itself meanwhile.
  await wal.endSegmentsAfter('1h');
  const next = await wal.segmentNow();
  await wal.run('sh', '-c', `echo other >${wal.directory}/spool/${next}`);
  await postgres.sql('CREATE TABLE more (); SELECT pg_switch_wal()');
  await troubled(new RegExp(`last attempt failed, at ${next}`));
  expect(await wal.run('cat', `${wal.directory}/spool/${next}`)).toBe('other\n');
  await wal.run('rm', `${wal.directory}/spool/${next}`);

  for (const [command, cause] of [['/usr/bin/pgbackrest archive-push %p', /another one/], ['', /is empty/]] as const) {
    await postgres.sql(`ALTER SYSTEM SET archive_command = '${command}'`);
    await postgres.sql('SELECT pg_reload_conf()');
    await troubled(cause);
  }
  await wal.forget();
});

cases(['postgres:18'], ['postgres:15', 'postgres:17'])('what is committed is archived by the timeout also after a restart of %s, which would wait for its next checkpoint', async (image) => {
  const postgres = await startArchiving(docker, { image, args: ['-c', 'checkpoint_timeout=1d'] });
  const wal = archiving(docker, postgres);
  await wal.enable();
  await wal.endSegmentsAfter('2s');
  await wal.ensured();
  await docker.runtime.stop(postgres.id, 30_000);
  await docker.runtime.start(postgres.id);
  await wal.ensured();
  // Asked for before the commit: behind it, the timeout may have ended the segment, and nothing have come into the next one.
  const segment = await postgres.sql('BEGIN; CREATE TABLE committed (); SELECT pg_walfile_name(pg_current_wal_insert_lsn()); COMMIT');
  await wal.until(async () => (await wal.names()).includes(segment));
  await wal.forget();
});

test('a container without a volume at that path is refused, before anything is asked of its server', async () => {
  const name = docker.name('bare');
  const id = await docker.run({ name, imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['60'] });
  const wal = archiving(docker, { id, component: { engine: 'postgres', name: 'postgres', container: name, database: 'app', user: 'postgres' }, sql: async () => '', works: async () => false });
  expect((await failing('UnsupportedTopology', () => wal.source.ensure(wal.ctx, wal.component))).fields.hint).toContain('wal enable');
  await failing('UnsupportedTopology', () => wal.installScript());
  expect(await docker.runtime.list(wal.watcher.labels)).toEqual([]);
});
