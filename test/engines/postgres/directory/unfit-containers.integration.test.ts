/** Containers in which a server's whole data is never exchanged, refused by whichever way it would be: in the plan, before anything is made. */
import { beforeAll, expect, test } from 'vitest';
import type { PostgresBase, PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import { isFailure } from '../../../../src/domain/failures.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import type { ArtifactSource } from '../../../../src/engines/engine-context.ts';
import type { MomentEngine, MomentRecovery, ReachedMoment } from '../../../../src/engines/moment-engine.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, engine } from '../postgres-fixture.ts';
import { dataDirectory, replacements } from './replace-fixture.ts';

const docker = useDocker();
const moments = engine.moments as MomentEngine<PostgresComponent>;
let imageId: string;
let volume: string;
beforeAll(async () => {
  imageId = await docker.image('postgres:17');
  volume = await docker.volume();
});

interface Given {
  readonly mounts?: readonly { readonly Type: string; readonly Source?: string; readonly Target: string }[];
  readonly autoRemove?: boolean;
  readonly volume?: string;
  readonly command?: readonly string[];
}

/** As `docker create` makes it, on the one volume unless another is given. */
async function created({ mounts = [], autoRemove = false, command = ['postgres'], volume: own = volume }: Given): Promise<{ readonly id: string; readonly component: PostgresComponent }> {
  const container = docker.name('postgres');
  const { Id: id } = JSON.parse(await docker.engineCall('POST', `/containers/create?name=${container}`, {
    Image: imageId, Cmd: command, Env: ['POSTGRES_PASSWORD=never-used'], Labels: docker.labels, HostConfig: { AutoRemove: autoRemove, NetworkMode: 'none', Init: true, Mounts: [{ Type: 'volume', Source: own, Target: dataDirectory }, ...mounts] },
  })) as { Id: string };
  return { id, component: { engine: 'postgres', name: 'postgres', container, database: 'app', user: 'postgres' } };
}

/** Whatever is asked of the backup comes after the refusal, as does what is asked of the copy that an undo brings. */
const ways: Readonly<Record<string, (component: PostgresComponent) => Promise<unknown>>> = {
  'a look before it': (component) => engine.inspect(contextOf(docker), component, 'replace'),
  'a base backup': (component) => engine.prepare(contextOf(docker), component, { engine: 'postgres', method: 'base' } as PostgresBase, {} as ArtifactSource),
  'a dump made anew': (component) => (engine.prepareWhole as NonNullable<typeof engine.prepareWhole>)(contextOf(docker), component, { engine: 'postgres', method: 'dump' } as PostgresDump, {} as ArtifactSource, 'it crashed'),
  'a moment': (component) => moments.recover(contextOf(docker), component, {} as MomentRecovery),
  'a moment after the yes': (component) => moments.finish(contextOf(docker), component, {} as MomentRecovery, {} as ReachedMoment),
  'in place of the old data': (component) => replacements.prepare(contextOf(docker), component, { engine: 'postgres', method: 'base' } as PostgresBase, {} as ArtifactSource, { backupId: '', manifestSha256: '', proof: 'proven' }),
  'an undo': (component) => engine.prepareUndo(contextOf(docker), component, previousOf(component)),
  'an undo in place': (component) => engine.prepareUndo(contextOf(docker), component, { ...previousOf(component), replace: { run: 'earlier', brings: { kind: 'backup', backupId: '', manifestSha256: '' }, outlived: [] } }),
};

const previousOf = (component: PostgresComponent): PostgresDirectoryCutOver => ({
  engine: 'postgres', method: 'directory', component: component.name, container: component.container, containerId: 'another', systemIdentifier: '1', database: 'app', volume, imageId, directory: dataDirectory,
  mount: { type: 'volume', target: dataDirectory }, prepared: 'pgsql_tmp.holdfast/1/new', aside: 'pgsql_tmp.holdfast/1/old', phase: 'pgsql_tmp.holdfast/1/phase', control: null, replaces: null, hadServer: true, wasRunning: true,
});

/** What each way ends in: `UnsupportedTopology: why. What to do.` */
async function ends(component: PostgresComponent): Promise<readonly (readonly [string, string])[]> {
  const found: (readonly [string, string])[] = [];
  for (const [name, way] of Object.entries(ways)) {
    const said = await way(component).then(() => 'it went on', (error: unknown) => (isFailure(error) ? `${error.type}: ${error.fields.cause}. ${error.fields.hint}` : String(error)));
    found.push([name, said]);
  }
  return found;
}

const everyWay = (expected: RegExp): readonly (readonly [string, unknown])[] => Object.keys(ways).map((name) => [name, expect.stringMatching(expected)]);

test('made with --rm: the engine would remove it, and the data with it, when it is stopped', async () => {
  const { id, component } = await created({ autoRemove: true });
  expect(await ends(component)).toEqual(everyWay(/^UnsupportedTopology: .*--rm.*without --rm/));
  await docker.runtime.remove(id);
});

test.each(['pg_wal', 'pg_tblspc/16384', 'base', 'pg_wal/archive_status'])('a mount of its own below the data directory (%s): no helper sees what lies there, and an exchange would leave it', async (below) => {
  const own = { Type: 'volume', Source: await docker.volume(), Target: `${dataDirectory}/${below}` };
  const { component } = await created({ mounts: [own] });
  expect(await ends(component)).toEqual(everyWay(new RegExp(`^UnsupportedTopology: ${dataDirectory}/${below} is a mount of its own`)));
  // Nor is a server started, whoever made its container anew in the middle of a cut-over.
  for (const step of [engine.open, engine.rollBack]) expect((await failing('ContainerNotFound', step(contextOf(docker), component, previousOf(component)))).fields.cause).toContain(`${dataDirectory}/${below}`);
});

test('a live server with a tablespace: its files lie where no exchange takes them', async () => {
  const own = await docker.volume();
  const filled = await docker.run({ imageId, entrypoint: ['sh', '-ec'], command: [`cd ${dataDirectory}; mkdir pg_tblspc; echo 17 >PG_VERSION; ln -s /srv/far pg_tblspc/16384`], mounts: [{ type: 'volume', source: own, target: dataDirectory }] });
  await docker.runtime.wait(filled);
  const { component } = await created({ volume: own });
  for (const way of ['a look before it', 'a base backup', 'a moment']) expect((await failing('UnsupportedTopology', (ways[way] as (typeof ways)[string])(component))).fields).toMatchObject({ object: own, cause: 'a tablespace leads to /srv/far' });
});

test('a base backup with a tablespace, as it is and as where a moment begins: in the plan, before anything is unpacked', async () => {
  const { component } = await created({});
  const backup = { engine: 'postgres', method: 'base', server: { majorVersion: 17 }, range: { timeline: 1 }, snapshot: { at: '' }, tablespaces: [{ name: 'far away', oid: 16384, location: '/srv/far' }] } as unknown as PostgresBase;
  for (const asked of [() => engine.prepare(contextOf(docker), component, backup, {} as ArtifactSource), () => moments.recover(contextOf(docker), component, { backup, files: [] } as unknown as MomentRecovery)]) {
    expect((await failing('UnsupportedTopology', asked())).fields.cause).toBe('the base backup has 1 tablespace outside of its data directory: far away at /srv/far');
  }
});

test('what a server only reads there, or needs no more after a restart, may be mounted', async () => {
  const { component } = await created({ mounts: [{ Type: 'volume', Source: await docker.volume(), Target: `${dataDirectory}/pg_hba.conf` }, { Type: 'tmpfs', Target: `${dataDirectory}/pg_stat_tmp` }] });
  expect(await engine.inspect(contextOf(docker), component, 'replace')).toMatchObject({ running: false, empty: true });
});

test('paused: it is not known what it would be doing, and not every engine stops it', async () => {
  const { id, component } = await created({ command: ['sleep', '600'] });
  await docker.runtime.start(id);
  await docker.engineCall('POST', `/containers/${id}/pause`);
  expect(await ends(component)).toEqual(everyWay(new RegExp(`^ContainerNotRunning: it is paused.*docker unpause ${component.container}`)));
  await docker.runtime.remove(id);
});

test('an undo whose copy lies on another volume than the container has now', async () => {
  const other = await docker.volume();
  const run = `${dataDirectory}/pgsql_tmp.holdfast/1`;
  const filled = await docker.run({ imageId, entrypoint: ['sh', '-ec'], command: [`mkdir -p ${run}/old; echo 17 >${run}/old/PG_VERSION; printf done >${run}/phase`], mounts: [{ type: 'volume', source: other, target: dataDirectory }] });
  await docker.runtime.wait(filled);
  const { component } = await created({});
  const asked = (previous: Partial<PostgresDirectoryCutOver>): Promise<unknown> => engine.prepareUndo(contextOf(docker), component, { ...previousOf(component), volume: other, ...previous });
  expect((await failing('UnknownRollbackCopy', asked({}))).fields).toMatchObject({ cause: expect.stringContaining(volume), hint: expect.stringContaining(`${other} at ${dataDirectory}`) });
});
