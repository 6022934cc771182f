/** Incremental base backups on real servers: chains taken, made whole, proven, recovered from; and refused as soon as one link is not what it was. */
import { open as openFile, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Artifact, PostgresBase } from '../../../src/domain/backup-manifest.ts';
import type { ArtifactDestination, ArtifactSource, ChainedInput, ParentBackup } from '../../../src/engines/engine-context.ts';
import type { MomentEngine, MomentRecovery } from '../../../src/engines/moment-engine.ts';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import { cases } from '../../support/cases.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { waitFor } from '../../support/service-fixture.ts';
import { openArchive, type ArchivedLog } from './directory/archived-log.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from './postgres-fixture.ts';

const docker = useDocker();
const moments = engine.moments as MomentEngine<PostgresComponent>;
const filled = 'CREATE TABLE kept (id int PRIMARY KEY, text text); INSERT INTO kept SELECT g, md5(g::text) FROM generate_series(1, 20000) g;';

/** Takes one after the other into a repository, each on the one before it. */
class Chain {
  readonly links: ChainedInput[] = [];
  readonly postgres: TestPostgres;
  readonly destinationOf: (name: string) => ArtifactDestination;
  readonly stored: ArtifactSource;
  /** Why a full one was taken in the end. */
  full: string | null = null;

  constructor(postgres: TestPostgres, destinationOf: (name: string) => ArtifactDestination, stored: ArtifactSource) {
    this.postgres = postgres;
    this.destinationOf = destinationOf;
    this.stored = stored;
  }

  async take(): Promise<PostgresBase> {
    const number = this.links.length + 1;
    const backupId = `20261123-00000${number}`;
    const parent = this.parent();
    const backup = await engine.backUp(contextOf(docker), this.postgres.component, this.destinationOf(`a${number}`), {
      contentHashes: true, jobs: 2, method: 'base', onFull: (reason) => { this.full = reason; }, ...(parent === null ? {} : { parent }),
    }) as PostgresBase;
    this.links.push({ backupId, backup, source: this.stored });
    return backup;
  }

  /** What the next one would go on from. */
  parent(): ParentBackup | null {
    const last = this.links.at(-1);
    return last === undefined ? null : { backup: last.backup, source: last.source, chain: this.links.map(({ backupId }) => ({ backupId, sha256: 'a'.repeat(64) })) };
  }

  /** For the newest. */
  source = (links: readonly ChainedInput[] = this.links.slice(0, -1)): ArtifactSource => ({ ...this.stored, chain: async () => links });
}

const sizeOf = ({ artifacts }: PostgresBase): number => artifacts.reduce((sum, { kind, stored }) => (kind === 'base' ? sum + stored.sizeBytes : sum), 0);
const contentOf = ({ sql }: TestPostgres): Promise<string> => sql('SELECT count(*), sum(id), md5(string_agg(text, \',\' ORDER BY id)) FROM kept');

/** One bit of a stored file, there and back. */
async function flip(store: TestStore, artifact: Artifact): Promise<void> {
  const file = await openFile(store.fileOf(artifact), 'r+');
  try {
    const byte = Buffer.alloc(1);
    const at = Math.floor(artifact.stored.sizeBytes / 2);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] as number) ^ 1;
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}

const artifactOf = ({ backup }: ChainedInput, kind: Artifact['kind']): Artifact => backup.artifacts.find((each) => each.kind === kind) as Artifact;

/** A chain in a repository, the log behind it in an archive, and a table that changed between its links. */
async function openChain(image: string, length: 2 | 3): Promise<{ readonly chain: Chain; readonly postgres: TestPostgres; readonly store: TestStore; readonly log: ArchivedLog } & AsyncDisposable> {
  const [store, log] = [await openStore(), await openArchive()];
  const postgres = await startPostgres(docker, { image, args: [...log.options.args, '-c', 'summarize_wal=on'], mounts: log.options.mounts });
  await postgres.sql(filled);
  const chain = new Chain(postgres, store.attempt, store.source);
  const full = await chain.take();
  await postgres.sql('UPDATE kept SET text = \'first\' WHERE id % 7000 = 0; CREATE TABLE newer AS SELECT 1 AS n; DELETE FROM kept WHERE id = 5;');
  const first = await chain.take();
  expect([full.chain, first.chain?.length, chain.full]).toEqual([undefined, 1, null]);
  await postgres.sql('UPDATE kept SET text = \'second\' WHERE id = 9000; INSERT INTO kept VALUES (20001, \'grown\'); DROP TABLE newer;');
  if (length === 3) expect([(await chain.take()).chain?.length, chain.full]).toEqual([2, null]);
  expect(sizeOf(first)).toBeLessThan(sizeOf(full) / 2);
  return { chain, postgres, store, log, [Symbol.asyncDispose]: async () => { await store[Symbol.asyncDispose](); await log[Symbol.asyncDispose](); } };
}

test('a chain is verified and proven as one; a flipped bit in any link is refused before they are combined, and the link is named', async () => {
  await using world = await openChain('postgres:17', 3);
  const { chain, store } = world;
  const { backup } = chain.links.at(-1) as ChainedInput;
  for (const [index, link] of chain.links.entries()) {
    const artifact = artifactOf(link, index === 1 ? 'baseManifest' : 'base');
    await flip(store, artifact);
    const { fields } = await failing('ArtifactDamaged', engine.verify(contextOf(docker), backup, chain.source()));
    expect([fields.operation, fields.object]).toEqual(['verify the base backup (damaged)', index === 2 ? 'postgres' : `postgres of backup ${link.backupId}, which it stands on`]);
    await flip(store, artifact);
  }
  expect((await engine.verify(contextOf(docker), backup, chain.source())).sentence).toContain('combined with the 2 backups');
  expect(await engine.prove(contextOf(docker), backup, chain.source())).toMatchObject({ verdict: 'proven', differences: [] });
  expect(await engine.prove(contextOf(docker), backup, chain.source([chain.links[1] as ChainedInput]))).toMatchObject({ verdict: 'failed' });
  expect(await docker.left()).toEqual([]);
});

cases([['postgres:18', 3]], [['postgres:17', 2]])('%s: a moment behind the last of %d is recovered, twice, and exchanged for what is live', async ([image, length]) => {
  await using world = await openChain(image, length);
  const { chain, postgres, log } = world;
  const { backup } = chain.links.at(-1) as ChainedInput;
  const expected = await contentOf(postgres);
  const deleted = await postgres.sql('DELETE FROM kept WHERE id > 100 RETURNING pg_current_xact_id()');
  const ctx = contextOf(docker, new Map(), { run: 'moment' });
  const recovery: MomentRecovery = {
    backup, source: chain.source(), files: await log.files(postgres), archive: log.archive, timeline: 1, target: { kind: 'xid', xid: BigInt(deleted.split('\n')[0] as string) }, inclusive: false,
  };
  await moments.recover(ctx, postgres.component, recovery);
  // What the first laid out is taken away, not added to.
  const { reached } = await moments.recover(ctx, postgres.component, recovery);
  const { cutOver } = await moments.finish(ctx, postgres.component, recovery, reached);
  await engine.close(ctx, postgres.component, cutOver);
  await engine.swap(ctx, postgres.component, cutOver);
  await engine.open(ctx, postgres.component, cutOver);
  expect(await contentOf(postgres)).toBe(expected);
  expect(await postgres.sql('SELECT count(*) FROM pg_class WHERE relname = \'newer\'')).toBe('0');
  await engine.discardRollback(ctx, postgres.component, cutOver);
  expect(await postgres.sql('SELECT count(*) FROM pg_ls_dir(\'.\') AS name WHERE name LIKE \'pgsql_tmp%\'')).toBe('0');
  expect(await docker.left()).toEqual([]);
});

test('through the engine\'s API where the repository is elsewhere, with a tablespace that grew; a link that pg_verifybackup does not believe is named', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { args: ['-c', 'summarize_wal=on'], environment: { POSTGRES_INITDB_ARGS: '--no-sync --data-checksums' }, mounts: [{ type: 'volume', source: '', target: '/spaces' }] });
  await docker.runtime.exec(postgres.id, { argv: ['install', '-d', '-o', 'postgres', '/spaces/one'], timeoutMs: 10_000 });
  await postgres.sql("CREATE TABLESPACE one LOCATION '/spaces/one';");
  await postgres.sql(`${filled} CREATE TABLE far TABLESPACE one AS SELECT * FROM kept;`);
  const chain = new Chain(postgres, (name) => ({ ...store.attempt(name), hostDirectory: null }), store.streamedSource);
  await chain.take();
  await postgres.sql('INSERT INTO far SELECT * FROM kept; UPDATE far SET text = \'changed\' WHERE id = 3;');
  const taken = await chain.take();
  expect([taken.chain?.length, taken.tablespaces.length]).toEqual([1, 1]);
  const proof = await engine.prove(contextOf(docker), taken, chain.source());
  expect(proof).toMatchObject({ verdict: 'proven', differences: [] });
  expect(proof.sentence).toContain('every page');

  // Its own bytes are right, as somebody may have made them: what the tool itself says of a link counts too.
  const full = chain.links[0] as ChainedInput;
  const manifest = artifactOf(full, 'baseManifest');
  const text = (await readFile(store.fileOf(manifest), 'utf8')).replace(/("Path": "global\/pg_control".*"Checksum": ")./, '$1x');
  await writeFile(store.fileOf(manifest), text);
  const stored = { sizeBytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
  const changed = { ...full, backup: { ...full.backup, artifacts: full.backup.artifacts.map((each) => (each === manifest ? { ...each, stored, plaintext: stored } : each)) } };
  const { fields } = await failing('ArtifactDamaged', engine.verify(contextOf(docker), taken, chain.source([changed])));
  expect([fields.operation, fields.object]).toEqual(['verify the base backup (verify)', `postgres of backup ${full.backupId}, which it stands on`]);
  expect(await docker.left()).toEqual([]);
});

test('a full one is taken where the server no longer knows what changed', { tags: 'long' }, async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { args: ['-c', 'summarize_wal=on'] });
  await postgres.sql(filled);
  const chain = new Chain(postgres, store.attempt, store.source);
  const { range } = await chain.take();
  await postgres.sql('CREATE TABLE more (n int); CHECKPOINT;');
  await waitFor(async () => await postgres.sql(`SELECT coalesce(max(end_lsn), '0/0') > '${range.end}' FROM pg_available_wal_summaries()`) === 't');
  await postgres.sql("COPY (SELECT 1) TO PROGRAM 'rm pg_wal/summaries/*';");
  const taken = await chain.take();
  expect([taken.chain, chain.full]).toEqual([undefined, expect.stringContaining('WAL summaries are required')]);
  expect(taken.artifacts.map(({ kind }) => kind).sort()).toEqual(['base', 'baseManifest', 'wal']);
  expect((await engine.verify(contextOf(docker), taken, store.source)).sentence).toContain('unpacked, pg_verifybackup');
  expect(await docker.left()).toEqual([]);
});

test('a full one is taken where the server was set back to an earlier copy of its files, and is beyond the backup again', async () => {
  await using store = await openStore();
  const [data, copy] = [await docker.volume(), await docker.volume()];
  const postgres = await startPostgres(docker, { args: ['-c', 'summarize_wal=on'], volume: data });
  const { imageId } = await docker.runtime.inspect(postgres.id);
  const copyFiles = async (from: string, to: string): Promise<void> => {
    await docker.runtime.stop(postgres.id, 60_000);
    const id = await docker.run({
      imageId, entrypoint: ['sh', '-euc', 'find /to -mindepth 1 -delete; cp -a /from/. /to/'], command: [], mounts: [{ type: 'volume', source: from, target: '/from' }, { type: 'volume', source: to, target: '/to' }],
    });
    expect((await docker.runtime.wait(id)).exitCode).toBe(0);
    await docker.runtime.remove(id);
    await docker.runtime.start(postgres.id);
    await engine.waitUntilReady(contextOf(docker), postgres.component);
  };
  await postgres.sql(filled);
  await copyFiles(data, copy);
  await postgres.sql('UPDATE kept SET text = \'in its first life\' WHERE id < 1000');
  const chain = new Chain(postgres, store.attempt, store.source);
  const { range, snapshot } = await chain.take();
  await copyFiles(copy, data);
  // By its place and its transactions nobody can tell it from one that went on.
  for (let life = 1; life <= 3; life += 1) await postgres.sql(`UPDATE kept SET text = 'in its second ${life}' WHERE id > 19000; CREATE TABLE of_the_second_${life} (n int); SELECT pg_switch_wal();`);
  const [end, next] = (await postgres.sql(`SELECT pg_current_wal_insert_lsn() > '${range.end}', pg_snapshot_xmax(pg_current_snapshot()) > '${snapshot.snapshot.split(':')[1] ?? ''}'::xid8`)).split('|');
  expect([end, next]).toEqual(['t', 't']);
  const taken = await chain.take();
  expect([taken.chain, chain.full]).toEqual([undefined, expect.stringContaining('it was set back since')]);
  expect((await engine.verify(contextOf(docker), taken, store.source)).sentence).toContain('unpacked, pg_verifybackup');
  expect(await docker.left()).toEqual([]);
});

test.for([['postgres:15', [], 'PostgreSQL 15'], ['postgres:17', [], 'summarize_wal is off'], ['postgres:17', ['-c', 'summarize_wal=on'], null]] as const)('%s with %s is asked whether it can', async ([image, args, refusal]) => {
  const postgres = await startPostgres(docker, { image, args: [...args] });
  const asked = engine.lineage?.(contextOf(docker), postgres.component) ?? Promise.reject(new Error('it is not asked'));
  if (refusal === null) return expect(await asked).toEqual({ systemIdentifier: await postgres.sql('SELECT system_identifier FROM pg_control_system()'), timeline: 1, end: expect.any(BigInt), nextXid: expect.any(BigInt) });
  const { fields } = await failing('UnsupportedTopology', asked);
  expect(fields.cause).toContain(refusal);
  expect(fields.hint).toContain(image === 'postgres:15' ? '--kind base' : 'ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();');
});
