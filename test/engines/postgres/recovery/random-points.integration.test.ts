/**
 * Random points of a log that was written by several sessions at once: each recovery has exactly the transactions that the log, as the stock pg_waldump reads it, has
 * before the point. A few in every run; `HOLDFAST_TEST_POINTS=100` for as many as one likes.
 */
import { expect, test } from 'vitest';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { RecoveryTarget } from '../../../../src/domain/wal/landing.ts';
import { formatLsn, parseLsn } from '../../../../src/domain/wal/lsn.ts';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import { queryRecovered, type RecoveryServer } from '../../../../src/engines/postgres/recovery/recovery-server.ts';
import { awaitTarget, continueRecovery, startRecovery, type Recovery } from '../../../../src/engines/postgres/recovery/start-recovery.ts';
import { useDocker } from '../../../support/docker.ts';
import { openArchive } from '../directory/archived-log.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const count = Number(process.env['HOLDFAST_TEST_POINTS'] ?? 6);
const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? Date.now() % 1_000_000);
const sessions = 4;
const writesOfEach = 400;

/** One commit as the log has it, in the log's order. */
interface Commit {
  readonly xid: bigint;
  /** Where its record begins. */
  readonly lsn: bigint;
  /** ISO 8601 UTC with microseconds. */
  readonly at: string;
}

async function commitsIn({ id, sql }: TestPostgres, base: PostgresBase): Promise<readonly Commit[]> {
  const directory = await sql('SELECT current_setting(\'data_directory\') || \'/pg_wal\'');
  const { stdout } = await docker.runtime.exec(id, { argv: ['pg_waldump', '-p', directory, '-r', 'Transaction', '-s', base.range.end], environment: { TZ: 'UTC' }, timeoutMs: 60_000, maxOutputBytes: 64 * 1024 * 1024 });
  return [...stdout.matchAll(/ tx: +(\d+), lsn: ([0-9A-F/]+), .* desc: COMMIT (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{6}) UTC/g)].map(([, xid, lsn, day, time]) => ({ xid: BigInt(xid as string), lsn: parseLsn(lsn as string) as bigint, at: `${day}T${time}Z` }));
}

/** A small generator, so that a seed tells the whole run (Numerical Recipes' constants). */
function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Point {
  readonly target: RecoveryTarget;
  readonly inclusive: boolean;
  /** How many of the commits belong to it, by the log alone. */
  readonly length: number;
}

/** About the commit of this number; none of the last, behind which recovery would find nothing to stop at. */
function pointAbout(commits: readonly Commit[], index: number, kind: number, inclusive: boolean): Point {
  const commit = commits[index] as Commit;
  if (kind === 0) return { target: { kind: 'xid', xid: commit.xid }, inclusive, length: index + (inclusive ? 1 : 0) };
  if (kind === 1) return { target: { kind: 'lsn', lsn: commit.lsn }, inclusive, length: index + (inclusive ? 1 : 0) };
  // The log is not in the order of its times: recovery stops at the first that is too late.
  const length = commits.findIndex(({ at }) => (inclusive ? at > commit.at : at >= commit.at));
  return { target: { kind: 'time', at: commit.at }, inclusive, length };
}

test(`${count} random points of a log under load (seed ${seed})`, async () => {
  await using store = await openStore();
  await using log = await openArchive();
  const postgres = await startPostgres(docker, { args: [...log.options.args, '-c', 'wal_keep_size=1GB'], mounts: log.options.mounts });
  await postgres.sql('CREATE TABLE journal (xid xid8 DEFAULT pg_current_xact_id())');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await Promise.all(Array.from({ length: sessions }, () => postgres.sql('INSERT INTO journal DEFAULT VALUES;\n'.repeat(writesOfEach))));
  const commits = (await commitsIn(postgres, base)).slice(0, sessions * writesOfEach);
  const written = new Set((await postgres.sql('SELECT xid FROM journal')).split('\n').map(BigInt));
  const files = await log.files(postgres);

  const random = randomFrom(seed);
  const points = Array.from({ length: count }, () => pointAbout(commits, random(commits.length - 2) + 1, random(3), random(2) === 1)).filter(({ length }) => length > 0).sort((a, b) => a.length - b.length);
  const ctx = contextOf(docker, new Map(), { run: 'points', signal: AbortSignal.timeout(600_000) });
  try {
    let server: RecoveryServer | null = null;
    let before = -1;
    for (const { target, inclusive, length } of points) {
      const recovery: Recovery = { backup: base, source: store.source, request: { target, inclusive, timeline: 1 }, log: { files, mount: log.archive } };
      // One that lies at the same place as the one before has nothing left to stop at on the way on.
      server = server === null || length === before ? await startRecovery(ctx, recovery) : await continueRecovery(ctx, recovery, server);
      before = length;
      await awaitTarget(ctx, recovery, server);
      const { stdout } = await queryRecovered(ctx, server, { sql: 'SELECT xid FROM public.journal', database: 'app', timeoutMs: 20_000 });
      const found = stdout.split('\n').filter((line) => line !== '').map(BigInt).sort((a, b) => (a < b ? -1 : 1));
      const expected = commits.slice(0, length).map(({ xid }) => xid).filter((xid) => written.has(xid)).sort((a, b) => (a < b ? -1 : 1));
      expect(found, `${JSON.stringify(target, (_key, value: unknown) => (typeof value === 'bigint' ? formatLsn(value) : value))}, ${inclusive ? 'included' : 'excluded'}`).toEqual(expected);
    }
  } finally {
    for (const scratch of await findScratchOf(docker.runtime, ctx.owner)) await removeScratch(docker.runtime, scratch);
  }
}, 900_000);
