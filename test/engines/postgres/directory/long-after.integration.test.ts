/** Undo and accept long after a whole server was exchanged: the image of then is gone, the container of another major, the data on another volume. */
import { expect, test } from 'vitest';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import type { EngineContext } from '../../../../src/engines/engine-context.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const directory = '/var/lib/postgresql/data';
/** Pulled anew under the same name, and the old one pruned. */
const goneImage = `sha256:${'0'.repeat(64)}`;
const ids = ({ sql }: TestPostgres): Promise<string> => sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept');
const listed = async (postgres: TestPostgres): Promise<string> => (await docker.runtime.exec(postgres.id, { argv: ['ls', directory], timeoutMs: 10_000 })).stdout;

async function cutOver(ctx: EngineContext, { component }: TestPostgres, own: PostgresDirectoryCutOver): Promise<void> {
  await engine.requireReady(ctx, component, own);
  await engine.close(ctx, component, own);
  await engine.swap(ctx, component, own);
  expect(await engine.compareClosed(ctx, component, own, null)).toEqual([]);
  await engine.open(ctx, component, own);
}

async function restored(postgres: TestPostgres, run: string): Promise<PostgresDirectoryCutOver> {
  await using store = await openStore();
  await postgres.sql('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO kept VALUES (2)');
  const ctx = contextOf(docker, new Map(), { run });
  const own = (await engine.prepare(ctx, postgres.component, base, store.source)).cutOver as PostgresDirectoryCutOver;
  await cutOver(ctx, postgres, own);
  expect(await ids(postgres)).toBe('1');
  return own;
}

test('without the image of then the container\'s does what is left to do: undone, said in the plan, and let go', async () => {
  const postgres = await startPostgres(docker);
  const own = { ...await restored(postgres, 'restored'), imageId: goneImage };
  const undoing = contextOf(docker, new Map(), { run: 'undoing' });
  const undo = await engine.prepareUndo(undoing, postgres.component, own);
  expect(undo.notes).toEqual([expect.stringContaining(`${goneImage}) is not on this engine any more`)]);
  await cutOver(undoing, postgres, undo.cutOver as PostgresDirectoryCutOver);
  expect(await ids(postgres)).toBe('1,2');
  const last = { ...undo.cutOver as PostgresDirectoryCutOver, imageId: goneImage };
  await engine.discardRollback(undoing, postgres.component, last);
  expect(await listed(postgres)).not.toContain('pgsql_tmp.holdfast');
}, 170_000);

test('a container whose data lies elsewhere, or that could not start on what comes back, is told before anything is stopped', async () => {
  const postgres = await startPostgres(docker);
  const own = await restored(postgres, 'moved');
  const ctx = contextOf(docker, new Map(), { run: 'looking' });
  const { container } = own;
  await docker.runtime.stop(postgres.id, 30_000);
  await docker.runtime.remove(postgres.id);
  const make = async (image: string, volume: string): Promise<string> => (await docker.runtime.create({
    name: container, imageId: await docker.image(image), labels: docker.labels, network: 'none', init: true, command: ['postgres'], environment: { POSTGRES_PASSWORD: 'x', PGDATA: directory }, mounts: [{ type: 'volume', source: volume, target: directory }],
  })).id;

  const other = await docker.volume();
  const moved = await make('postgres:17', other);
  const { fields } = await failing('UnknownRollbackCopy', engine.prepareUndo(ctx, postgres.component, own));
  expect(fields.cause).toContain(`it lies on ${own.volume} (${directory}), and the data of ${container} is on ${other} (${directory}) now`);
  expect(fields.hint).toMatch(new RegExp(`again with ${own.volume} at ${directory}.*leaves what is on ${other}`));
  await docker.runtime.remove(moved);

  // Nothing is there that could remove it.
  const missing = await failing('ImageMissing', engine.discardRollback(ctx, postgres.component, { ...own, imageId: goneImage }));
  expect(missing.fields).toMatchObject({ cause: expect.stringContaining('there is no container of that name'), hint: expect.stringContaining(`Make ${container} again`) });

  const newer = await make('postgres:18', own.volume);
  expect((await failing('VersionMismatch', engine.prepareUndo(ctx, postgres.component, { ...own, imageId: goneImage }))).fields.cause).toContain('PostgreSQL 17, the container\'s image is of 18 now');
  // Moving and removing asks no major.
  await engine.discardRollback(ctx, postgres.component, { ...own, imageId: goneImage });
  expect((await failing('UnknownRollbackCopy', engine.prepareUndo(ctx, postgres.component, own))).fields.cause).toContain('no server\'s data lies there');
  await docker.runtime.remove(newer);
}, 170_000);
