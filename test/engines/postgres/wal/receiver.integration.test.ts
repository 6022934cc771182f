/** A receiver beside a real server: what it receives is what the server wrote, and it comes back after whatever ends it. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../../../src/domain/failures.ts';
import { findScratchOf, listOwners } from '../../../../src/containers/scratch.ts';
import { segmentName, parseSegmentName } from '../../../../src/domain/wal/segment.ts';
import { createPostgresWalSource } from '../../../../src/engines/postgres/wal/postgres-wal-source.ts';
import { cases } from '../../../support/cases.ts';
import { useDocker } from '../../../support/docker.ts';
import { startPostgres, type TestPostgres } from '../postgres-fixture.ts';
import { bytesOf, receiving, sqlIn } from './wal-fixture.ts';

const docker = useDocker();

const segmentNow = (postgres: TestPostgres): Promise<string> => postgres.sql('SELECT pg_walfile_name(pg_current_wal_lsn())');
/** Writes, and ends the segment: answers its name. */
const fillSegment = async (postgres: TestPostgres): Promise<string> => {
  await postgres.sql('CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t SELECT generate_series(1, 1000)');
  const name = await segmentNow(postgres);
  await postgres.sql('SELECT pg_switch_wal()');
  return name;
};
const serverSum = async (postgres: TestPostgres, name: string): Promise<string> => {
  const { stdout } = await docker.runtime.exec(postgres.id, { argv: ['sha256sum', `/var/lib/postgresql/data/pg_wal/${name}`], timeoutMs: 30_000 });
  return stdout.slice(0, 64);
};
const sumOf = async (stream: AsyncIterable<unknown>): Promise<string> => createHash('sha256').update(await bytesOf(stream)).digest('hex');

/** Every segment from one to another of the same timeline. */
function sequence(first: string, last: string): readonly string[] {
  const size = 16 * 1024 ** 2;
  const [from, to] = [parseSegmentName(first, size), parseSegmentName(last, size)];
  return Array.from({ length: Number((to?.number ?? 0n) - (from?.number ?? 0n)) + 1 }, (_, index) => segmentName({ timeline: 1, number: (from?.number ?? 0n) + BigInt(index) }, size));
}

/** As `compose up` does: another container of the same name on the same volume. */
async function recreated(postgres: TestPostgres): Promise<TestPostgres> {
  const { name, imageId, command, mounts } = await docker.runtime.inspect(postgres.id);
  await docker.runtime.stop(postgres.id, 10_000);
  await docker.runtime.remove(postgres.id);
  const { id } = await docker.runtime.create({
    name, imageId, labels: docker.labels, network: 'none', init: true, command, mounts: mounts.map(({ source, destination }) => ({ type: 'volume', source: source ?? '', target: destination })),
  });
  await docker.runtime.start(id);
  return { ...postgres, id, ...sqlIn(docker, id, postgres.component) };
}

describe('a receiver', () => {
  it('receives what the server writes, and says how far', async () => {
    const postgres = await startPostgres(docker, { args: ['-c', 'wal_keep_size=256MB'] });
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    expect([await source.cluster(ctx, component), await source.files(ctx, component), await source.look(ctx, component, null)]).toEqual([null, [], { readings: [], files: [], breaks: [] }]);
    expect(await source.ensure(ctx, component)).toBe('started');
    expect(await source.ensure(ctx, component)).toBe('running');
    expect(await source.cluster(ctx, component)).toEqual({
      systemIdentifier: await postgres.sql('SELECT system_identifier FROM pg_control_system()'), majorVersion: 17, segmentSizeBytes: 16 * 1024 ** 2,
    });

    expect(await source.serverRoom(ctx, component)).toMatchObject({ sizeBytes: expect.any(Number), walBytes: expect.any(Number), keptFor: [{ kind: 'slot', name: wal.receiver.slot, own: true, active: true }], keepBytes: 256 * 1024 ** 2 });
    const [first, second] = [await fillSegment(postgres), await fillSegment(postgres)];
    await postgres.sql('CREATE TABLE later ()');
    const position = await wal.received();
    const files = await source.files(ctx, component);
    expect(files.map(({ name }) => name)).toEqual([first, second, `${await segmentNow(postgres)}.partial`]);
    expect(new Set(files.map(({ sizeBytes }) => sizeBytes))).toEqual(new Set([16 * 1024 ** 2]));
    for (const name of [first, second]) expect(await sumOf(await source.read(ctx, component, name))).toBe(await serverSum(postgres, name));

    // What lies before the position is in the partial one, byte for byte.
    const partial = files.at(-1)?.name ?? '';
    const beforePosition = Number(position % BigInt(16 * 1024 ** 2));
    const { stdout } = await docker.runtime.exec(postgres.id, { argv: ['sh', '-c', `head -c ${beforePosition} /var/lib/postgresql/data/pg_wal/${partial.slice(0, 24)} | sha256sum`], timeoutMs: 30_000 });
    const bytes = (await bytesOf(await source.read(ctx, component, partial))).subarray(0, beforePosition);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(stdout.slice(0, 64));

    const { readings, ...looked } = await source.look(ctx, component, null);
    expect(looked).toEqual({ files, breaks: [] });
    expect(readings.length).toBeGreaterThan(1);
    expect(readings.map(({ at }) => at)).toEqual(readings.map(({ at }) => at).sort());
    expect(readings.at(-1)).toMatchObject({ timeline: 1, slotState: 'reserved', slotRoomBytes: null });
    for (const { lsn, received } of readings) expect(received ?? 0n).toBeLessThanOrEqual(lsn);
    expect(await source.readings(ctx, component, readings.at(-2)?.at ?? '')).toContainEqual(readings.at(-1));
    expect((await source.readings(ctx, component, readings.at(-1)?.at ?? '')).map(({ at }) => at)).not.toContain(readings.at(-1)?.at);

    // The slot alone says that nothing else streams; nothing of it is a run's.
    expect(await postgres.sql('SELECT count(*) FROM pg_stat_replication')).toBe('1');
    expect(await findScratchOf(docker.runtime, docker.owner())).toEqual([]);
    expect(await listOwners(docker.runtime, docker.namespaceId)).toEqual([]);
    await wal.forget();
  });

  it('lets go of what was shipped, but of what it goes on from', { tags: 'long' }, async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    const [first, second, third] = [await fillSegment(postgres), await fillSegment(postgres), await fillSegment(postgres)];
    await postgres.sql('CREATE TABLE later ()');
    await wal.received();
    const partial = `${await segmentNow(postgres)}.partial`;
    await source.release(ctx, component, [first, second, third, partial, '000000010000000000000099']);
    expect(await wal.names()).toEqual([third, partial]);
    await source.release(ctx, component, [first]);

    for (const name of ['../cluster.json', '/etc/passwd', 'cluster.json', '', '.', '-rf', `${third}/../${third}`, `${third}.partial.partial`, `${third}\n${third}`, third.toLowerCase().replace(/^0/, 'a'), '00000000.history', `${third} `]) {
      await expect(source.read(ctx, component, name), name).rejects.toMatchObject({ type: 'PathNotFound' });
      await expect(source.release(ctx, component, [third, name]), name).rejects.toMatchObject({ type: 'PathNotFound' });
    }
    await expect(source.read(ctx, component, first)).rejects.toMatchObject({ type: 'PathNotFound' });

    // While nothing runs, and the database is down, what was received can be read and released all the same.
    await source.stop(ctx, component, { forget: false });
    await docker.runtime.stop(postgres.id, 10_000);
    expect(await wal.names()).toEqual([third, partial]);
    expect((await source.cluster(ctx, component))?.majorVersion).toBe(17);
    expect((await source.readings(ctx, component, null)).length).toBeGreaterThan(0);
    expect((await bytesOf(await source.read(ctx, component, third))).length).toBe(16 * 1024 ** 2);
    await source.release(ctx, component, [third]);
    expect(await source.ensure(ctx, component)).toBe('waitingForDatabase');
    await expect(wal.forget()).rejects.toMatchObject({ type: 'ContainerNotRunning' });

    await docker.runtime.start(postgres.id);
    await wal.ensured();
    const fourth = await fillSegment(postgres);
    await wal.received();
    expect((await wal.names()).slice(0, 2)).toEqual([third, fourth]);
    expect((await docker.runtime.list(wal.receiver.labels)).map(({ name }) => name)).toEqual([wal.receiver.name]);
    await wal.forget();
  });

  it('is one, whoever asks and however often', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component } = wal;
    // Whoever comes second waits ten seconds for the other's, then asks to be tried again.
    const ensured = (): Promise<string> => createPostgresWalSource().ensure(ctx, component).catch((error: unknown) => (isFailure(error, 'HelperLost') ? ensured() : Promise.reject(error as Error)));
    const answers = await Promise.all([1, 2, 3].map(ensured));
    expect(answers.sort()).toEqual(['running', 'running', 'started']);
    const before = await docker.runtime.inspect(wal.receiver.name);
    expect(await createPostgresWalSource().ensure(ctx, component)).toBe('running');
    expect(await docker.runtime.list(wal.receiver.labels)).toHaveLength(1);
    expect(await docker.runtime.inspect(wal.receiver.name)).toMatchObject({ id: before.id, restartPolicy: { name: 'no' }, init: true });
    expect(JSON.stringify(JSON.parse(await docker.engineCall('GET', `/containers/${before.id}/json`)))).not.toContain('canary-password');

    await wal.forget();
    await wal.forget();
    expect([await docker.runtime.list(wal.receiver.labels), await docker.runtime.listVolumes(wal.receiver.labels)]).toEqual([[], []]);
    expect(await postgres.sql('SELECT count(*) FROM pg_replication_slots')).toBe('0');
  });
});

describe('a receiver comes back without a gap', () => {
  cases(['killed', 'recreated'], ['restarted'])('after its database was %s', async (what) => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    const first = await fillSegment(postgres);
    await wal.received();
    const former = await docker.runtime.inspect(wal.receiver.name);

    // One that does not notice, and goes on running in a network that nobody answers in any more.
    if (what === 'restarted') await docker.runtime.exec(wal.receiver.name, { argv: ['sh', '-c', 'kill -STOP -1'], timeoutMs: 30_000 });
    const server = what === 'recreated' ? await recreated(postgres) : postgres;
    if (what === 'killed') await docker.runtime.kill(postgres.id);
    if (what === 'restarted') await docker.runtime.stop(postgres.id, 10_000);
    if (what !== 'recreated') await docker.runtime.start(postgres.id);
    await wal.until(async () => (await source.ensure(ctx, component)) === 'running');
    expect((await docker.runtime.inspect(wal.receiver.name)).id).not.toBe(former.id);

    await wal.until(() => server.works('SELECT 1'));
    const second = await fillSegment(server);
    await wal.received(server);
    const names = await wal.names();
    expect(names.slice(0, names.indexOf(second) + 1)).toEqual(sequence(first, second));
    await wal.forget();
  });

  it('after it was killed, many times', async () => {
    const postgres = await startPostgres(docker);
    const wal = receiving(docker, postgres);
    const { ctx, component, source } = wal;
    await wal.ensured();
    const first = await fillSegment(postgres);
    for (let round = 0; round < 3; round += 1) {
      await docker.runtime.kill(wal.receiver.name);
      await fillSegment(postgres);
      expect(await source.ensure(ctx, component)).toBe('started');
    }
    const last = await fillSegment(postgres);
    await wal.received();
    await wal.until(async () => (await wal.names()).includes(last));
    const names = await wal.names();
    expect(names.slice(0, names.indexOf(last) + 1)).toEqual(sequence(first, last));
    expect(await sumOf(await source.read(ctx, component, last))).toBe(await serverSum(postgres, last));

    // A segment that was cut while it was filled with zeros: pg_receivewal would refuse it for ever.
    await postgres.sql('CREATE TABLE in_the_partial_one ()');
    await wal.received();
    expect((await wal.names()).at(-1)).toMatch(/partial$/);
    await docker.runtime.exec(wal.receiver.name, { argv: ['sh', '-c', 'for each in /wal/segments/*.partial; do head -c 5000000 /dev/zero >"$each"; done'], timeoutMs: 30_000 });
    await docker.runtime.kill(wal.receiver.name);
    expect(await source.ensure(ctx, component)).toBe('started');
    await fillSegment(postgres);
    await wal.received();

    // One of its two parts ends: it ends as a whole, and the next call brings it back.
    for (const program of ['psql', 'pg_receivewal']) {
      await docker.runtime.exec(wal.receiver.name, { argv: ['sh', '-c', `kill -9 $(for each in /proc/[0-9]*; do [ "$(cat "$each/comm" 2>/dev/null)" != ${program} ] || echo "\${each#/proc/}"; done)`], timeoutMs: 30_000 });
      await wal.until(async () => (await docker.runtime.inspect(wal.receiver.name)).state === 'exited');
      await wal.ensured();
    }
    await wal.received();
    await wal.forget();
  });
});
