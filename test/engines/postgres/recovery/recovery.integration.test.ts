/** Recovery to moments on real servers: each lands exactly on its transaction, and what the log lacks is never taken for its end. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withNewestLog } from '../../../../src/activities/wal/newest-log.ts';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import { pollUntil } from '../../../../src/containers/wait-until.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { LogFile } from '../../../../src/domain/wal/log-file.ts';
import { parseLsn } from '../../../../src/domain/wal/lsn.ts';
import type { Reached, RecoveryServer, RecoveryState } from '../../../../src/engines/postgres/recovery/recovery-server.ts';
import type { EngineContext } from '../../../../src/engines/engine-context.ts';
import type { MomentEngine } from '../../../../src/engines/moment-engine.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import { awaitTarget, startRecovery, type Recovery } from '../../../../src/engines/postgres/recovery/start-recovery.ts';
import type { RecoveryTarget } from '../../../../src/domain/wal/landing.ts';
import { useDocker } from '../../../support/docker.ts';
import { engineCall } from '../../../support/engine-call.ts';
import { failing } from '../../../support/failing.ts';
import { dockerHost } from '../../../support/test-environment.ts';
import { waitFor } from '../../../support/service-fixture.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

const docker = useDocker();
let archive: string;
let store: TestStore & AsyncDisposable;
let postgres: TestPostgres;
let base: PostgresBase;

/** A row and what the log knows it by. */
interface Written {
  readonly id: number;
  readonly xid: bigint;
  /** Read after its commit, on the server. */
  readonly after: string;
  /** The end of its commit record, or a little more. */
  readonly lsn: bigint;
}
const rows: Written[] = [];
const segmentBytes = 16 * 1024 * 1024;
const moments = engine.moments as MomentEngine<PostgresComponent>;

const instant = `to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

async function write(id: number): Promise<Written> {
  const xid = (await postgres.sql(`INSERT INTO events VALUES (${id}) RETURNING pg_current_xact_id()`)).trim();
  const [lsn, after] = (await postgres.sql(`SELECT pg_current_wal_insert_lsn(), ${instant}`)).split('|') as [string, string];
  return { id, xid: BigInt(xid), after, lsn: parseLsn(lsn) as bigint };
}

async function comeUpAgain(): Promise<void> {
  await waitFor(async () => (await docker.runtime.inspect(postgres.id)).state === 'exited');
  await docker.runtime.start(postgres.id);
  await waitFor(() => postgres.works('SELECT 1'));
}

beforeAll(async () => {
  archive = await mkdtemp(join(tmpdir(), 'holdfast-wal-'));
  await chmod(archive, 0o777);
  store = await openStore();
  postgres = await startPostgres(docker, {
    args: ['-c', 'archive_mode=on', '-c', 'archive_command=cp %p /archive/%f', '-c', 'max_connections=33'], mounts: [{ type: 'bind', source: archive, target: '/archive' }],
  });
  await postgres.sql('CREATE TABLE events (id int)');
  base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  for (let id = 1; id <= 4; id += 1) {
    rows.push(await write(id));
    if (id === 2) await postgres.sql('SELECT pg_switch_wal()');
    // Between the backup and the later moments lie a crash, and an orderly restart.
    if (id === 2) await docker.runtime.kill(postgres.id);
    if (id === 3) await docker.runtime.stop(postgres.id, 30_000);
    if (id === 2 || id === 3) await comeUpAgain();
  }
  const last = await postgres.sql('SELECT pg_walfile_name(pg_switch_wal())');
  if (await pollUntil(async () => (await stat(join(archive, last)).catch(() => null))?.size === segmentBytes || null, { withinMs: 60_000, everyMs: 100 }) === null) throw new Error(`${last} was not archived`);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await rm(archive, { recursive: true });
});

async function listed(without: readonly string[] = []): Promise<readonly LogFile[]> {
  const names = (await readdir(archive)).filter((name) => /^[0-9A-F]{24}$/.test(name) && !without.includes(name)).sort();
  return Promise.all(names.map(async (name) => {
    const bytes = await readFile(join(archive, name));
    return { name, path: name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }));
}

async function recovered<T>(run: string, target: RecoveryTarget, inclusive: boolean, files: readonly LogFile[], look: (server: RecoveryServer, reached: Reached) => Promise<T>, from = archive): Promise<T> {
  const ctx = contextOf(docker, new Map(), { run });
  try {
    const recovery: Recovery = { backup: base, source: store.source, request: { target, inclusive, timeline: 1 }, log: { files, mount: { type: 'bind', source: from } } };
    const server = await startRecovery(ctx, recovery);
    return await look(server, await awaitTarget(ctx, recovery, server));
  } finally {
    // The engine forgets a container that somebody else removes a moment before it lets go of its volumes.
    await waitFor(async () => {
      for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
      return true;
    });
  }
}

const idsIn = async ({ server }: RecoveryServer): Promise<string> => {
  const { stdout, stderr } = await docker.runtime.exec(server.id, { argv: ['psql', '-X', '-A', '-t', '-h', '/recovery/run', '-U', 'postgres', '-d', 'app', '-c', 'SELECT string_agg(id::text, \',\' ORDER BY id) FROM events'], timeoutMs: 20_000 });
  return `${stdout.trim()}${stderr}`;
};

const row = (id: number): Written => rows[id - 1] as Written;

// Every kind of point, on each version: test/e2e/any-second; to the transaction: random-points.
test.for<[string, () => RecoveryTarget, boolean, string]>([
  ['to a time after the second row', () => ({ kind: 'time', at: row(2).after }), true, '1,2'],
  ['before a transaction', () => ({ kind: 'xid', xid: row(3).xid }), false, '1,2'],
])('%s', async ([, target, inclusive, ids], { task }) => {
  await recovered(task.name, target(), inclusive, await listed(), async (server, reached) => {
    expect(await idsIn(server)).toBe(ids);
    // Read-only, and paused: it becomes nothing else by itself.
    expect((await docker.runtime.exec(server.server.id, { argv: ['psql', '-X', '-h', '/recovery/run', '-U', 'postgres', '-d', 'app', '-c', 'INSERT INTO events VALUES (9)'], timeoutMs: 20_000 })).stderr).toContain('read-only');
    expect(reached.stop).toMatch(/^(before|after) /);
    expect((await docker.runtime.inspect(server.server.id)).networks).toEqual(['none']);
  });
});

test('nobody is asked before the log says that the server has stopped', async () => {
  const ctx = contextOf(docker, new Map(), { run: 'unasked' });
  const answers: (readonly [number, boolean])[] = [];
  const exec: EngineContext['runtime']['exec'] = async (id, request) => {
    const result = await docker.runtime.exec(id, request);
    answers.push([result.exitCode, result.exitCode === 0 && (JSON.parse(result.stdout) as RecoveryState).paused]);
    return result;
  };
  const runtime = new Proxy(docker.runtime, { get: (target, name) => (name === 'exec' ? exec : (Reflect.get(target, name) as () => unknown).bind(target)) });
  // Every now and then it is asked all the same: not in this test.
  const seldom = { ...ctx, runtime, timing: { ...ctx.timing, heartbeatIntervalMs: 3_600_000 } };
  try {
    const recovery: Recovery = { backup: base, source: store.source, request: { target: { kind: 'lsn', lsn: row(3).lsn }, inclusive: true, timeline: 1 }, log: { files: await listed(), mount: { type: 'bind', source: archive } } };
    expect((await awaitTarget(seldom, recovery, await startRecovery(seldom, recovery))).stop).toMatch(/^after /);
  } finally {
    for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
  }
  expect(answers.map(([exitCode]) => exitCode)).toEqual(answers.map(() => 0));
  expect(answers.at(-1)).toEqual([0, true]);
});

test('a moment behind the last commit is refused, with that commit\'s time, and nothing is promoted', async () => {
  const { fields } = await failing('PointUnreachable', recovered('late', { kind: 'time', at: '2099-01-01T00:00:00.000000Z' }, true, await listed(), async () => 'reached'));
  expect(fields.cause).toMatch(/last transaction committed at 20\d\d-/);
});

test('an archive whose disk is not mounted is out of reach, and neither damaged nor at its end', async () => {
  const nothing = await mkdtemp(join(tmpdir(), 'holdfast-unmounted-'));
  try {
    const { fields } = await failing('RepositoryUnreachable', recovered('unmounted', { kind: 'xid', xid: row(3).xid }, true, await listed(), async () => 'reached', nothing));
    expect(fields.cause).toContain('the archive cannot be read');
  } finally {
    await rm(nothing, { recursive: true });
  }
});

const changed: Readonly<Record<string, (path: string, bytes: Buffer) => Promise<void>>> = {
  flipped: (path, bytes) => writeFile(path, Buffer.concat([bytes.subarray(0, 4711), Buffer.from([(bytes[4711] as number) ^ 1]), bytes.subarray(4712)])),
  short: (path, bytes) => writeFile(path, bytes.subarray(0, 8192)),
  gone: (path) => rm(path),
};

/** What reads it ends with, where one file of the archive is not what it was. */
async function withDamage(what: string, { name }: LogFile, read: () => Promise<unknown>): Promise<void> {
  const path = join(archive, name);
  const bytes = await readFile(path);
  try {
    await changed[what]?.(path, bytes);
    expect((await failing('ArtifactDamaged', read())).fields.cause).toContain(name);
  } finally {
    await writeFile(path, bytes);
  }
}

test('a segment that is listed and not there, damaged, or short is an error and not the end of the log: at its beginning, in the middle, at its end, where it is found up front', async () => {
  const files = await listed();
  const chain = files.filter(({ name }) => BigInt(`0x${name.slice(8, 16)}${name.slice(22)}`) >= (parseLsn(base.range.begin) as bigint) / BigInt(segmentBytes));
  const [first, middle, last] = [chain[0], chain[Math.floor(chain.length / 2)], chain.at(-1)] as [LogFile, LogFile, LogFile];
  expect(new Set([first, middle, last]).size).toBe(3);
  const target: RecoveryTarget = { kind: 'lsn', lsn: row(4).lsn };
  for (const [what, file] of [['gone', first], ['flipped', middle], ['short', last]] as const) {
    await withDamage(what, file, () => recovered(`${what} ${file.name}`, target, true, files, async () => 'reached'));
  }
  for (const what of Object.keys(changed)) await withDamage(what, last, () => moments.readLogEnd(contextOf(docker, new Map(), { run: 'end' }), { backup: base, files, archive: { type: 'bind', source: archive } }));
  await recovered('again', target, true, files, async (server) => expect(await idsIn(server)).toBe('1,2,3,4'));
});

test('a newest part that is not there any more is listed anew, by whoever reads the end and by whoever recovers', async () => {
  const files = await listed();
  const superseded = files.map((file, index) => (index === files.length - 1 ? { ...file, path: `partial/${file.name}.zst`, fleeting: true } : file));
  const end = (log: readonly LogFile[]) => moments.readLogEnd(contextOf(docker, new Map(), { run: 'superseded' }), { backup: base, files: log, archive: { type: 'bind', source: archive } });
  const atRow = (log: readonly LogFile[]): Promise<string> => recovered('superseded', { kind: 'lsn', lsn: row(3).lsn }, true, log, idsIn);
  for (const read of [end, atRow]) await failing('LogSuperseded', read(superseded));
  let lists = 0;
  const asItMoves = async (): Promise<readonly LogFile[]> => ((lists += 1) % 3 === 0 ? files : superseded);
  expect(await withNewestLog(asItMoves, end)).toEqual(await end(files));
  expect([await withNewestLog(asItMoves, atRow), lists]).toEqual(['1,2,3', 6]);
});

test('an image without a library of the server\'s is refused, with both names, before anything is unpacked', async () => {
  const ctx = contextOf(docker, new Map(), { run: 'library' });
  const backup = { ...base, cluster: { ...base.cluster, preloadLibraries: ['auto_explain', '$libdir/auth_delay', 'no_such_one', '"no-such-other"'] } };
  try {
    const { fields } = await failing('ExtensionMissing', startRecovery(ctx, { backup, source: store.source, request: { target: { kind: 'lsn', lsn: row(3).lsn }, inclusive: true, timeline: 1 }, log: { files: [], mount: null } }));
    expect(fields.cause).toContain(`the image ${base.server.image} lacks no_such_one, no-such-other, which`);
    const [volume] = (await findScratchOf(docker.runtime, ctx.owner)).filter(({ type }) => type === 'volume');
    const looked = await docker.run({ imageId: await docker.image('postgres:17'), entrypoint: ['ls', '-A'], command: ['/recovery'], mounts: [{ type: 'volume', source: volume?.id ?? '', target: '/recovery' }], logDriver: 'json-file' });
    await docker.runtime.wait(looked);
    expect(await docker.runtime.logs(looked, 1000)).toBe('');
    await docker.runtime.remove(looked);
  } finally {
    for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
  }
});

/** What somebody else does to a server that recovers, as it waits for a file of the log. */
const killIn = (id: string, signal: string, what: string): Promise<unknown> => docker.runtime.exec(id, {
  argv: ['sh', '-c', 'for each in /proc/[0-9]*; do case "$(tr "\\0" " " <"$each/cmdline")" in $2) kill "-$1" "${each#/proc/}" ;; esac; done', 'kill', signal, what], user: '0:0', timeoutMs: 20_000,
  // The container may end, and be removed, under it.
}).catch(() => undefined);
test.for<[string, (id: string) => Promise<unknown>]>([
  ['it is killed', (id) => docker.runtime.kill(id)],
  ['it is stopped', (id) => docker.runtime.stop(id, 20_000)],
  ['it is paused', (id) => engineCall(dockerHost(), 'POST', `/containers/${id}/pause`)],
  ['it is removed', (id) => docker.runtime.remove(id)],
  ['its startup process is killed', (id) => killIn(id, 'KILL', 'postgres: startup *')],
  ['what delivers its log is killed', (id) => killIn(id, 'KILL', 'sh /recovery/serve-segments.sh *')],
  ['what reads a file of it is killed', (id) => killIn(id, 'KILL', 'cat /archive/*')],
  ['what asks for a file of it is killed', (id) => killIn(id, 'KILL', 'sh /recovery/fetch-segment.sh *')],
])('%s in mid recovery: that says nothing of the backup, and is tried again', async ([what, end], { task }) => {
  const slow = await mkdtemp(join(tmpdir(), 'holdfast-slow-'));
  const files = await listed();
  try {
    for (const { name } of files) await copyFile(join(archive, name), join(slow, name));
    const last = files.at(-1) as LogFile;
    await rm(join(slow, last.name));
    // Whoever reads it waits for ever.
    execFileSync('mkfifo', [join(slow, last.name)]);
    const failed = failing('HelperLost', recovered(task.name, { kind: 'time', at: '2099-01-01T00:00:00.000000Z' }, true, files, async () => what, slow));
    const { owner } = contextOf(docker, new Map(), { run: task.name });
    const server = await pollUntil(async () => {
      const found = (await findScratchOf(docker.runtime, owner)).find(({ identity }) => identity.step === 'recovery');
      const wanted = found === undefined ? null : await docker.runtime.exec(found.id, { argv: ['cat', '/recovery/ahead/.wanted'], timeoutMs: 20_000 }).catch(() => null);
      return found !== undefined && wanted?.stdout.startsWith(last.name) === true ? found.id : null;
    }, { withinMs: 100_000, everyMs: 50 }) ?? '';
    await end(server);
    expect((await failed).retryable).toBe(true);
  } finally {
    await rm(slow, { recursive: true });
  }
});

test('a gap that the list does not hide ends it before the moment', async () => {
  const names = (await listed()).map(({ name }) => name);
  await failing('PointUnreachable', recovered('gap', { kind: 'lsn', lsn: row(4).lsn }, true, await listed([names.at(-2) as string]), async () => 'reached'));
});

test('run again it begins anew, and leaves one server', async () => {
  const ctx = contextOf(docker, new Map(), { run: 'twice' });
  const recovery = { backup: base, source: store.source, request: { target: { kind: 'xid', xid: row(2).xid }, inclusive: true, timeline: 1 }, log: { files: await listed(), mount: { type: 'bind', source: archive } } } as const;
  const first = await startRecovery(ctx, recovery);
  const second = await startRecovery(ctx, recovery);
  await awaitTarget(ctx, recovery, second);
  expect(await idsIn(second)).toBe('1,2');
  expect(await docker.runtime.find(first.server.id)).toBeNull();
  for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
});
