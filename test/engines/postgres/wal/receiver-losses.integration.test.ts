/** What must not go on in silence: a slot that was lost, a log of another cluster, a server that cannot or may not send, a volume that is full. */
import { describe, expect, it } from 'vitest';
import { labelNames } from '../../../../src/containers/labels.ts';
import { useDocker } from '../../../support/docker.ts';
import { startPostgres, type TestPostgres } from '../postgres-fixture.ts';
import { bytesOf, receiving } from './wal-fixture.ts';

const docker = useDocker();
const switchWal = async (postgres: TestPostgres): Promise<string> => {
  const name = await postgres.sql('CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t SELECT generate_series(1, 1000); SELECT pg_walfile_name(pg_current_wal_lsn())');
  await postgres.sql('SELECT pg_switch_wal()');
  return name;
};
const slots = (postgres: TestPostgres): Promise<string> => postgres.sql('SELECT coalesce(string_agg(slot_name, \',\'), \'none\') FROM pg_replication_slots');

describe('a slot that was lost', () => {
  it('is raised until a break is accepted, and what was received before is still there', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    const before = await switchWal(postgres);
    await postgres.sql('CREATE TABLE in_the_partial_one ()');
    await wal.received();
    const partial = (await wal.names()).at(-1) ?? '';

    await docker.runtime.remove(wal.receiver.name);
    await wal.until(() => postgres.works(`SELECT pg_drop_replication_slot('${wal.receiver.slot}')`));
    for (let round = 0; round < 5; round += 1) await switchWal(postgres);
    await postgres.sql('CHECKPOINT');
    for (let call = 0; call < 2; call += 1) {
      await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'WalSlotLost' });
      expect([await slots(postgres), await docker.runtime.list(wal.receiver.labels)]).toEqual(['none', []]);
    }
    // Also where nothing is left of what was received.
    await source.release(ctx, component, [before]);

    expect(await source.ensure(ctx, component, { acceptBreak: true })).toBe('started');
    const after = await switchWal(postgres);
    await wal.received();
    await wal.until(async () => (await wal.names()).includes(after));
    const names = await wal.names();
    expect(names[0]).toBe(before);
    expect(names[1] ?? '').not.toBe(partial.slice(0, 24));
    expect((await bytesOf(await source.read(ctx, component, before))).length).toBe(16 * 1024 ** 2);
    await source.release(ctx, component, [before]);
    expect(await wal.names()).toEqual(names.slice(1));
    expect(await source.ensure(ctx, component, { acceptBreak: true })).toBe('running');
    await wal.forget();
  });

  it('in the midst of a segment: what was received of that before is not taken for what comes after', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    await postgres.sql('CREATE TABLE before_the_break ()');
    await wal.received();
    const partial = (await wal.names()).at(-1) ?? '';
    await docker.runtime.remove(wal.receiver.name);
    await postgres.sql('CHECKPOINT');
    await wal.until(() => postgres.works(`SELECT pg_drop_replication_slot('${wal.receiver.slot}')`));
    expect(await source.ensure(ctx, component, { acceptBreak: true })).toBe('started');
    await postgres.sql('CREATE TABLE after_the_break ()');
    await wal.received();
    expect(await wal.names()).toContain(partial);
    await switchWal(postgres);
    await wal.until(async () => (await wal.names()).includes(partial.slice(0, 24)));
    // Whoever has listed it a moment ago asks for it now.
    expect(await wal.names()).not.toContain(partial);
    await expect(source.read(ctx, component, partial)).rejects.toMatchObject({ type: 'PathNotFound' });
    await wal.forget();
  });

  it('is known also where what the volume remembers was cut, or is gone', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    // As a volume that is full leaves it, and as an engine does that ends while it replaces it.
    const leave = (command: string) => docker.runtime.exec(wal.receiver.name, { argv: ['sh', '-c', command], timeoutMs: 30_000 });
    expect((await leave(': >/wal/cluster.json')).exitCode).toBe(0);
    await docker.runtime.remove(wal.receiver.name);
    await wal.ensured();
    expect((await leave('rm /wal/cluster.json')).exitCode).toBe(0);
    await docker.runtime.remove(wal.receiver.name);
    await wal.until(() => postgres.works(`SELECT pg_drop_replication_slot('${wal.receiver.slot}')`));
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'WalSlotLost' });
    await wal.forget();
  });

  it('by its limit, or with the volume', { tags: 'long' }, async () => {
    const postgres = await startPostgres(docker, { args: ['-c', 'max_slot_wal_keep_size=16MB', '-c', 'max_wal_size=64MB', '-c', 'min_wal_size=32MB'] });
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    await wal.received();
    const reading = (await source.readings(ctx, component, null)).at(-1);
    expect(reading?.slotRoomBytes ?? 0n).toBeGreaterThan(0n);
    await docker.runtime.remove(wal.receiver.name);
    for (let round = 0; round < 6; round += 1) await switchWal(postgres);
    await postgres.sql('CHECKPOINT');
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'WalSlotLost' });
    expect(await source.ensure(ctx, component, { acceptBreak: true })).toBe('started');
    await wal.received();

    // The slot stands, but the volume is gone with what it held.
    await source.stop(ctx, component, { forget: false });
    await docker.runtime.removeVolume(wal.receiver.name);
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'WalSlotLost' });
    expect(await source.ensure(ctx, component, { acceptBreak: true })).toBe('started');

    // Somebody makes the slot anew under its name: what lies between is missed by pg_receivewal, which goes on from its files.
    await source.stop(ctx, component, { forget: false });
    await wal.until(() => postgres.works(`SELECT pg_drop_replication_slot('${wal.receiver.slot}')`));
    for (let round = 0; round < 6; round += 1) await switchWal(postgres);
    await postgres.sql(`CHECKPOINT; SELECT pg_create_physical_replication_slot('${wal.receiver.slot}', true)`);
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'WalSlotLost' });
    expect(await source.ensure(ctx, component, { acceptBreak: true })).toBe('started');
    await wal.received();
    await wal.forget();
  });
});

describe('a receiver is refused', () => {
  it('the log of another cluster', { tags: 'long' }, async () => {
    const [first, second] = [await startPostgres(docker), await startPostgres(docker)];
    const wal = receiving(docker, first);
    const { ctx, component, source } = wal;
    await wal.ensured();
    const name = await switchWal(first);
    await wal.received();
    const replaced = { ...component, container: second.component.container };
    await expect(source.ensure(ctx, replaced)).rejects.toMatchObject({ type: 'WalConflict' });
    await expect(source.ensure(ctx, replaced, { acceptBreak: true })).rejects.toMatchObject({ type: 'WalConflict' });
    expect([await slots(second), (await wal.names())[0]]).toEqual(['none', name]);
    await wal.forget();
    expect(await source.ensure(ctx, replaced)).toBe('started');
    await source.stop(ctx, replaced, { forget: true });
  });

  it('where it may not or cannot', async () => {
    const postgres = await startPostgres(docker, { args: ['-c', 'max_replication_slots=1'] });
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await postgres.sql('CREATE ROLE reader LOGIN PASSWORD \'canary-password\'; CREATE ROLE sender LOGIN REPLICATION PASSWORD \'canary-password\'');
    await expect(source.ensure(ctx, { ...component, user: 'reader' })).rejects.toMatchObject({ type: 'PermissionDenied' });
    await postgres.sql('SELECT pg_create_physical_replication_slot(\'other\')');
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'UnsupportedTopology' });
    expect([await slots(postgres), await docker.runtime.list(wal.receiver.labels), await docker.runtime.listVolumes(wal.receiver.labels)]).toEqual(['other', [], []]);
    await postgres.sql('SELECT pg_drop_replication_slot(\'other\')');

    // Whoever streams is a standby there: commits would wait for the receiver, and no longer for the one that is meant.
    await postgres.sql('ALTER SYSTEM SET synchronous_standby_names = \'ANY 1 (*)\'; SELECT pg_reload_conf()');
    await wal.until(async () => (await postgres.sql('SHOW synchronous_standby_names')) !== '');
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'UnsupportedTopology', fields: { cause: expect.stringContaining('synchronous_standby_names') } });
    expect(await slots(postgres)).toBe('none');
    await postgres.sql('ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()');
    await wal.until(async () => (await postgres.sql('SHOW synchronous_standby_names')) === '');

    // The attribute, and to see how far a receiver is: that is all it takes.
    await expect(source.ensure(ctx, { ...component, user: 'sender' })).rejects.toMatchObject({ type: 'PermissionDenied' });
    await postgres.sql('GRANT pg_read_all_stats TO sender');
    expect(await source.ensure(ctx, { ...component, user: 'sender' })).toBe('started');
    await wal.received();
    await wal.until(async () => (await source.readings(ctx, component, null)).at(-1)?.slotState === 'reserved');
    await source.stop(ctx, component, { forget: false });

    // The server takes nobody without a password any more, over the network alone.
    const path = '/var/lib/postgresql/data/pg_hba.conf';
    await docker.runtime.exec(postgres.id, { argv: ['sh', '-c', `printf 'local all all trust\\nhost all all all scram-sha-256\\nhost replication all all scram-sha-256\\n' >${path}`], timeoutMs: 30_000 });
    await postgres.sql('SELECT pg_reload_conf()');
    const wrong = receiving(docker, postgres, { password: 'another' });
    await expect(source.ensure(wrong.ctx, component)).rejects.toMatchObject({ type: 'AuthenticationFailed', message: expect.not.stringContaining('another') });
    expect(await docker.runtime.list(wal.receiver.labels)).toEqual([]);
    expect(await source.ensure(ctx, component)).toBe('started');
    await wal.forget();
  });

  it('of a server in recovery, and under a name that is somebody else\'s', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await postgres.sql('SELECT 1');
    await docker.runtime.exec(postgres.id, { argv: ['touch', '/var/lib/postgresql/data/standby.signal'], timeoutMs: 30_000, user: 'postgres' });
    await docker.runtime.stop(postgres.id, 30_000);
    expect(await source.ensure(ctx, component)).toBe('waitingForDatabase');
    await docker.runtime.start(postgres.id);
    await wal.until(() => postgres.works('SELECT 1'));
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'UnsupportedTopology' });

    const foreign = await docker.create({ name: wal.receiver.name, imageId: await docker.image('postgres:17'), command: ['true'], labels: { [labelNames.kind]: 'scratch' } });
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'NameTaken' });
    await expect(source.stop(ctx, component, { forget: true })).rejects.toMatchObject({ type: 'NameTaken' });
    expect(await docker.runtime.find(foreign)).not.toBeNull();
  });
});

describe('a volume that is full', () => {
  it('ends the receiver and says why, and not the database', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    const body = { Name: wal.receiver.name, Labels: wal.receiver.labels, DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=56m' } };
    await docker.engineCall('POST', '/volumes/create', body);
    // Its content goes when nothing mounts it.
    const holder = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['sleep'], command: ['600'], mounts: [{ type: 'volume', source: wal.receiver.name, target: '/wal' }] });
    await wal.ensured();
    const [first] = [await switchWal(postgres), await switchWal(postgres), await switchWal(postgres)];
    await postgres.sql('CREATE TABLE in_the_fourth ()');
    await wal.until(async () => (await docker.runtime.find(wal.receiver.name))?.state === 'exited');
    await expect(source.ensure(ctx, component)).rejects.toMatchObject({ type: 'DiskFull' });
    expect(await postgres.sql('SELECT count(*) FROM t')).toBe('3000');

    // Room was made: it goes on, with no segment missing and none that is half written.
    await source.release(ctx, component, [first]);
    await wal.until(async () => source.ensure(ctx, component).then((state) => state === 'running', () => false));
    await wal.received();
    const names = await wal.names();
    await source.release(ctx, component, names);
    const later = await switchWal(postgres);
    await wal.received();
    expect(await wal.names()).toContain(later);
    await docker.runtime.remove(holder);
    await wal.forget();
  });
});
