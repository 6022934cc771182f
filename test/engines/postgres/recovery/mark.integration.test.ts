/** Marks on real servers, and real recoveries to them: what was committed before is there, what began after is not, and a server at rest is enough. */
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { MarkedPosition } from '../../../../src/domain/point.ts';
import type { LogFile } from '../../../../src/domain/wal/log-file.ts';
import { formatLsn, parseLsn } from '../../../../src/domain/wal/lsn.ts';
import { segmentName, segmentOf } from '../../../../src/domain/wal/segment.ts';
import type { Reached, RecoveryServer } from '../../../../src/engines/postgres/recovery/recovery-server.ts';
import { awaitTarget, startRecovery, type Recovery } from '../../../../src/engines/postgres/recovery/start-recovery.ts';
import { cases } from '../../../support/cases.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

const docker = useDocker();
const segmentBytes = 16 * 1024 * 1024;
/** Nothing but what the test asks for writes log: no checkpoint, no vacuum. The standby snapshot of the background writer follows other records only. */
const atRest = ['-c', 'checkpoint_timeout=1h', '-c', 'autovacuum=off', '-c', 'wal_keep_size=512MB'];

interface Stage {
  readonly postgres: TestPostgres;
  readonly base: PostgresBase;
  readonly store: TestStore;
  /** Where the server's log is copied to, and a recovery finds it. */
  readonly archive: string;
}
const toRemove: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of toRemove.splice(0)) await remove();
});

async function openStage(image: string, args: readonly string[] = []): Promise<Stage> {
  const archive = await mkdtemp(join(tmpdir(), 'holdfast-mark-'));
  toRemove.push(() => rm(archive, { recursive: true }));
  await chmod(archive, 0o777);
  const store = await openStore();
  toRemove.push(async () => store[Symbol.asyncDispose]());
  const postgres = await startPostgres(docker, { image, args: [...atRest, ...args], mounts: [{ type: 'bind', source: archive, target: '/archive' }] });
  await postgres.sql('CREATE TABLE events (id text)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  return { postgres, base, store, archive };
}

const marked = (stage: Stage, name = 'before-deploy', run = 'mark'): Promise<MarkedPosition> =>
  engine.mark(contextOf(docker, new Map(), { run }), stage.postgres.component, name) as Promise<MarkedPosition>;
const lsnOf = ({ lsn }: MarkedPosition): bigint => parseLsn(lsn) as bigint;
const flushed = async ({ postgres }: Stage): Promise<bigint> => parseLsn(await postgres.sql('SELECT pg_current_wal_flush_lsn()')) as bigint;

/** The server's log as an archive that ends there has it: behind the end are zeros. */
async function copyLog({ postgres, archive, base }: Stage, end: bigint): Promise<readonly LogFile[]> {
  const directory = await postgres.sql('SELECT current_setting(\'data_directory\') || \'/pg_wal\'');
  const [first, last] = [parseLsn(base.range.begin) as bigint, end - 1n].map((lsn) => segmentOf(lsn, segmentBytes)) as [bigint, bigint];
  const names = Array.from({ length: Number(last - first) + 1 }, (_, index) => segmentName({ timeline: base.range.timeline, number: first + BigInt(index) }, segmentBytes));
  const { exitCode, stderr } = await docker.runtime.exec(postgres.id, { argv: ['cp', ...names.map((name) => `${directory}/${name}`), '/archive/'], timeoutMs: 30_000 });
  if (exitCode !== 0) throw new Error(stderr);
  await docker.runtime.exec(postgres.id, { argv: ['chmod', '-R', 'a+rw', '/archive'], timeoutMs: 30_000 });
  const cut = join(archive, names.at(-1) as string);
  await writeFile(cut, (await readFile(cut)).fill(0, Number(end - last * BigInt(segmentBytes))));
  return Promise.all((await readdir(archive)).sort().map(async (name) => {
    const bytes = await readFile(join(archive, name));
    return { name, path: name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }));
}

async function recovered<T>({ base, store, archive }: Stage, position: MarkedPosition, files: readonly LogFile[], look: (server: RecoveryServer, reached: Reached) => Promise<T>): Promise<T> {
  const ctx = contextOf(docker, new Map(), { run: 'recovery' });
  try {
    const request = { target: { kind: 'lsn', lsn: lsnOf(position) }, inclusive: false, timeline: position.timeline } as const;
    const recovery: Recovery = { backup: base, source: store.source, request, log: { files, mount: { type: 'bind', source: archive } } };
    const server = await startRecovery(ctx, recovery);
    return await look(server, await awaitTarget(ctx, recovery, server));
  } finally {
    for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
  }
}

async function idsIn({ server }: RecoveryServer): Promise<readonly string[]> {
  const { stdout, stderr } = await docker.runtime.exec(server.id, { argv: ['psql', '-X', '-A', '-t', '-h', '/recovery/run', '-U', 'postgres', '-d', 'app', '-c', 'SELECT id FROM events ORDER BY id'], timeoutMs: 20_000 });
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
}

/** Records from there on, as the stock tool reads them: what they do, and where they begin. */
async function recordsFrom({ postgres }: Stage, begin: bigint, end: bigint): Promise<readonly { readonly lsn: bigint; readonly what: string }[]> {
  const directory = await postgres.sql('SELECT current_setting(\'data_directory\') || \'/pg_wal\'');
  const { stdout } = await docker.runtime.exec(postgres.id, { argv: ['pg_waldump', '-p', directory, '-s', formatLsn(begin), '-e', formatLsn(end)], timeoutMs: 30_000 });
  return stdout.split('\n').flatMap((line) => {
    const [, lsn, what] = / lsn: ([0-9A-F/]+), .* desc: (.*)$/.exec(line) ?? [];
    return lsn === undefined ? [] : [{ lsn: parseLsn(lsn) as bigint, what: what as string }];
  });
}

cases(['postgres:18'], ['postgres:15', 'postgres:17-alpine'])('a server at rest is come back to at its mark (%s)', async (image) => {
  const stage = await openStage(image);
  await stage.postgres.sql('INSERT INTO events VALUES (\'before\')');
  const before = await flushed(stage);
  const position = await marked(stage);
  const end = await flushed(stage);
  expect(position).toMatchObject({ timeline: 1, systemIdentifier: await stage.postgres.sql('SELECT system_identifier FROM pg_control_system()') });
  expect(position.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect(lsnOf(position)).toBeGreaterThan(before);
  // What follows is the mark's own commit, and it is on the disk when the mark is answered.
  const [commit, next] = await recordsFrom(stage, lsnOf(position), end);
  expect(commit).toMatchObject({ lsn: lsnOf(position), what: expect.stringMatching(/^COMMIT /) });
  // An archive that has this one record more is enough; one that has it not is refused, and never taken for the moment.
  await recovered(stage, position, await copyLog(stage, next?.lsn ?? end), async (server, reached) => {
    expect(await idsIn(server)).toEqual(['before']);
    expect([reached.stop, reached.lsn]).toEqual([expect.stringContaining(`before WAL location (LSN) "${position.lsn}"`), position.lsn]);
  });
  await failing('PointUnreachable', recovered(stage, position, await copyLog(stage, lsnOf(position)), async () => 'reached'));
});

test('under load, also of those who do not wait for the disk: all that was answered before is there, nothing that began after', async () => {
  const stage = await openStage('postgres:17', ['-c', 'synchronous_commit=off', '-c', 'wal_writer_delay=10s']);
  const { postgres } = stage;
  let writing = true;
  const answered: string[] = [];
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let count = 0; writing; count += 1) {
      const id = `${writer}-${String(count).padStart(6, '0')}`;
      await postgres.sql(`INSERT INTO events VALUES ('${id}')`);
      answered.push(id);
    }
  });
  while (answered.length < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  const before = [...answered];
  const position = await marked(stage);
  const late = Array.from({ length: 20 }, (_, index) => `late-${String(index).padStart(2, '0')}`);
  for (const id of late) await postgres.sql(`INSERT INTO events VALUES ('${id}')`);
  writing = false;
  await Promise.all(writers);
  await postgres.sql('SET synchronous_commit = on; INSERT INTO events VALUES (\'last\')');
  await recovered(stage, position, await copyLog(stage, await flushed(stage)), async (server) => {
    const ids = new Set(await idsIn(server));
    expect(before.filter((id) => !ids.has(id))).toEqual([]);
    expect([...late, 'last'].filter((id) => ids.has(id))).toEqual([]);
  });
});

test('a mark outlives the server that is killed right after it, though nobody else waits for the disk', async () => {
  const stage = await openStage('postgres:17', ['-c', 'synchronous_commit=off', '-c', 'wal_writer_delay=10s', '-c', 'fsync=on']);
  await stage.postgres.sql('INSERT INTO events VALUES (\'before\')');
  const position = await marked(stage);
  await docker.runtime.kill(stage.postgres.id);
  await docker.runtime.start(stage.postgres.id);
  await engine.waitUntilReady(contextOf(docker), stage.postgres.component);
  expect(await stage.postgres.sql('SELECT id FROM events')).toBe('before');
  const [commit] = await recordsFrom(stage, lsnOf(position), await flushed(stage));
  expect(commit?.what).toMatch(/^COMMIT /);
});

test('twice makes two places, one behind the other; a user without any right is enough', async () => {
  const stage = await openStage('postgres:17');
  await stage.postgres.sql('CREATE ROLE deployer LOGIN');
  const component = { ...stage.postgres.component, user: 'deployer' };
  const [first, second] = [await marked(stage), await engine.mark(contextOf(docker, new Map(), { run: 'mark' }), component, 'before-deploy') as MarkedPosition];
  expect(lsnOf(second)).toBeGreaterThan(lsnOf(first));
  const messages = (await recordsFrom(stage, parseLsn(stage.base.range.begin) as bigint, await flushed(stage))).filter(({ what }) => what.includes('prefix "holdfast'));
  expect(messages).toHaveLength(2);
});

test('is refused where the log leads nowhere', async () => {
  const minimal = await startPostgres(docker, { args: ['-c', 'wal_level=minimal', '-c', 'max_wal_senders=0'] });
  expect((await failing('UnsupportedTopology', engine.mark(contextOf(docker), minimal.component, 'm'))).fields.cause).toContain('wal_level is minimal');
  const { postgres } = await openStage('postgres:17');
  await docker.runtime.exec(postgres.id, { argv: ['touch', '/var/lib/postgresql/data/standby.signal'], timeoutMs: 30_000, user: 'postgres' });
  await docker.runtime.stop(postgres.id, 20_000);
  expect((await failing('ContainerNotRunning', engine.mark(contextOf(docker), postgres.component, 'm'))).fields.hint).toContain('docker start');
  await docker.runtime.start(postgres.id);
  while (!(await postgres.works('SELECT 1'))) await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await failing('UnsupportedTopology', engine.mark(contextOf(docker), postgres.component, 'm'))).fields.hint).toContain('primary');
});
