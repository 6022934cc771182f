/** A real PostgreSQL on a volume of its own, an engine context with notes in memory, and a repository directory with the product's own storage. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { MountSpec } from '../../../src/containers/container-runtime.ts';
import type { Artifact, PostgresDump } from '../../../src/domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../src/domain/failures.ts';
import type { PostgresDatabaseCutOver } from '../../../src/domain/rollback.ts';
import type { PostgresComponent } from '../../../src/domain/service.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext, PreparedComponent } from '../../../src/engines/engine-context.ts';
import { createPostgresEngine } from '../../../src/engines/postgres/postgres-engine.ts';
import { realProgram } from '../../../src/engines/postgres/server/real-program.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { awaitFirstStart } from '../../support/await-first-start.ts';
import { checkByReading } from '../../support/check-by-reading.ts';
import type { DockerScope } from '../../support/docker.ts';
import { contextsWithin, type ContextOptions } from '../../support/engine-context.ts';

export const engine = createPostgresEngine();
export const options = { contentHashes: true, jobs: 2 } as const;

/** One schema with everything in it; the test image of 16 was built without ICU and libxml. */
export async function typesFor(image: string): Promise<string> {
  const sql = await readFile(new URL('./fixtures/types.sql', import.meta.url), 'utf8');
  return image === 'postgres:16' ? sql.replace(/\(provider = icu.*?\);/, 'FROM "C";').replace('c_xml xml', 'c_xml text') : sql;
}

export const contextOf = contextsWithin(170_000);

export interface TestPostgres {
  readonly id: string;
  readonly component: PostgresComponent;
  /** SQL in a database (the component's unless given), as the superuser; answers what it printed, columns separated by `|`. */
  sql(sql: string, database?: string): Promise<string>;
  /** Whether SQL succeeds. */
  works(sql: string, database?: string): Promise<boolean>;
}

export interface PostgresOptions {
  readonly image?: string;
  readonly args?: readonly string[];
  readonly database?: string;
  readonly dataDirectory?: string;
  readonly component?: Partial<PostgresComponent>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly mounts?: readonly MountSpec[];
  /** Of its data; one of its own unless given. */
  readonly volume?: string;
  /** False where a test is about the product's own waiting: then nothing else waits. */
  readonly isFirstStartAwaited?: boolean;
}

const portOf = (args: readonly string[]): number | undefined => {
  const given = args.find((each) => each.startsWith('port='))?.slice('port='.length);
  return given === undefined ? undefined : Number(given);
};

export async function startPostgres(docker: DockerScope, given: PostgresOptions = {}): Promise<TestPostgres> {
  const image = given.image ?? 'postgres:17';
  const database = given.database ?? 'app';
  const name = docker.name('postgres');
  const { id } = await docker.runtime.create({
    name, imageId: await docker.image(image), labels: docker.labels, network: 'none', init: true, logDriver: 'json-file',
    command: ['postgres', '-c', 'fsync=off', '-c', 'max_prepared_transactions=5', '-c', 'wal_level=logical', ...(given.args ?? [])],
    environment: { POSTGRES_PASSWORD: 'canary-password', POSTGRES_DB: database, POSTGRES_INITDB_ARGS: '--no-sync', ...given.environment },
    mounts: [{ type: 'volume', source: given.volume ?? await docker.volume(), target: given.dataDirectory ?? (image === 'postgres:18' ? '/var/lib/postgresql' : '/var/lib/postgresql/data') }, ...(given.mounts ?? [])],
  });
  await docker.runtime.start(id);
  const component: PostgresComponent = { engine: 'postgres', name: 'postgres', container: name, database, user: given.environment?.['POSTGRES_USER'] ?? 'postgres', ...given.component };
  const psql = (sql: string, into: string) => docker.runtime.exec(id, {
    argv: realProgram('psql', '-X', '-q', '-A', '-t', '-U', component.user, '-v', 'ON_ERROR_STOP=1', '-d', `dbname='${into.replace(/[\\']/g, '\\$&')}'`), stdin: sql, timeoutMs: 60_000,
  });
  if (given.isFirstStartAwaited !== false) await awaitFirstStart(docker.runtime, id, portOf(given.args ?? []));
  const ctx = contextOf(docker);
  // An initdb on a busy disk takes long; what the product waits for has its own tests.
  await engine.waitUntilReady({ ...ctx, timing: { ...ctx.timing, startUpMs: 160_000 } }, component);
  return {
    id, component,
    sql: async (sql, into = database) => {
      const result = await psql(sql, into);
      if (result.exitCode !== 0) throw new Error(`${sql.slice(0, 200)}: ${result.stderr}`);
      return result.stdout.trimEnd();
    },
    works: async (sql, into = database) => (await psql(sql, into)).exitCode === 0,
  };
}

export interface TestStore {
  readonly directory: string;
  readonly destination: ArtifactDestination;
  attempt(name: string): ArtifactDestination;
  readonly source: ArtifactSource;
  /** The same through streams only, as an object store would have it. */
  readonly streamedDestination: ArtifactDestination;
  readonly streamedSource: ArtifactSource;
  fileOf(artifact: Artifact): string;
}

/** A repository with a blank in its path. */
export async function openStore(): Promise<TestStore & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  const storage = createLocalStorage(directory);
  const attempt = (name: string): ArtifactDestination => {
    const pathOf = (file: string): string => `postgres/${name}/${file}`;
    // The directory is made when it is asked for, as for a backup.
    mkdirSync(join(directory, 'postgres', name), { recursive: true });
    return { hostDirectory: join(directory, 'postgres', name), put: (file, source) => storage.putStream(pathOf(file), source), adopt: (file) => storage.adopt(pathOf(file)), pathOf };
  };
  const open: ArtifactSource['open'] = async (artifact) => checked(await storage.openRead(artifact.path), artifact);
  const source: ArtifactSource = { hostPath: (artifact) => storage.hostPath(artifact.path), open, check: checkByReading(open) };
  return {
    directory, attempt, source, destination: attempt('a1'),
    streamedDestination: { ...attempt('streamed'), hostDirectory: null },
    streamedSource: { ...source, hostPath: async () => null },
    fileOf: (artifact) => join(directory, artifact.path),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Ends with ArtifactDamaged where the bytes are not the manifest's, as the contract of {@link ArtifactSource} says. */
function checked(stream: Readable, artifact: Artifact): Readable {
  return Readable.from((async function* read() {
    const hash = createHash('sha256');
    for await (const chunk of stream) {
      hash.update(chunk as Uint8Array);
      yield chunk as Uint8Array;
    }
    if (hash.digest('hex') !== artifact.stored.sha256) throw new HoldfastFailure('ArtifactDamaged', { operation: 'read', object: artifact.path, cause: 'it differs', hint: 'None.' });
  })(), { objectMode: false });
}

export async function backUpInto(docker: DockerScope, postgres: TestPostgres, store: TestStore, given: ContextOptions = {}): Promise<PostgresDump> {
  return await engine.backUp(contextOf(docker, new Map(), given), postgres.component, store.destination, options) as PostgresDump;
}

/** All that a cut-over does, in its order. */
export async function cutOver(ctx: EngineContext, component: PostgresComponent, prepared: PreparedComponent, backup: PostgresDump | null): Promise<PostgresDatabaseCutOver> {
  const plan = prepared.cutOver as PostgresDatabaseCutOver;
  await engine.close(ctx, component, plan);
  await engine.swap(ctx, component, plan);
  await engine.compareClosed(ctx, component, plan, backup);
  await engine.open(ctx, component, plan);
  return plan;
}
