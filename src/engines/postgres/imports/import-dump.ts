/**
 * A plain dump that another tool made, as a backup like any other: run in a throwaway server of the component's image, counted and dumped from there. What is kept is what
 * it left in that server, never what else it said; no restore runs it again. Nobody counted what was live when it was made, and the manifest says so.
 */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { createScratchServer } from '../../../containers/scratch-server.ts';
import { removeScratch } from '../../../containers/scratch.ts';
import { serverFacts } from '../../../containers/server-facts.ts';
import { waitUntil } from '../../../containers/wait-until.ts';
import type { Artifact, DatabaseProperties, NotCompared, PostgresDump } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext } from '../../engine-context.ts';
import type { BackupOptions } from '../../engine-context.ts';
import type { ForeignFile } from '../../import-engine.ts';
import { backUp } from '../back-up.ts';
import { postmasterStart } from '../inspect.ts';
import { scratchParameters } from '../prove.ts';
import { queryJson } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import { createRoles } from '../side/restored-roles.ts';
import { createSideDatabase, type ServerPlace } from '../side/side-database.ts';
import { loadPlainDump } from './load-plain-dump.ts';
import { readPlainDump } from './read-plain-dump.ts';

const scratchDatabase = 'holdfast_import';

interface LiveProperties {
  readonly properties: DatabaseProperties;
  /** That the properties name. */
  readonly roles: readonly string[];
}

/** @throws ArtifactDamaged, RestoreFailed, CouldNotVerify, ContainerNotFound, ImageMissing, NotEnoughSpace, and what a backup throws */
export async function importDump(ctx: EngineContext, component: PostgresComponent, file: ForeignFile, source: ArtifactSource, destination: ArtifactDestination, options: BackupOptions): Promise<PostgresDump> {
  const original = await readPlainDump(ctx, file, source);
  const live = await ctx.runtime.inspect(component.container);
  const asked = await propertiesOfLive(ctx, component, live);
  ctx.progress({ phase: 'start a throwaway server' });
  const server = await createScratchServer(ctx.runtime, {
    identity: { owner: ctx.owner, service: ctx.service, component: component.name, step: 'import' }, imageId: live.imageId, signal: ctx.signal,
    command: ['postgres', ...scratchParameters.flatMap((parameter) => ['-c', parameter])],
    environment: { POSTGRES_HOST_AUTH_METHOD: 'trust', POSTGRES_USER: component.user, POSTGRES_DB: 'postgres', POSTGRES_INITDB_ARGS: '--no-sync --encoding=UTF8 --locale=C' },
    shmSizeBytes: 512 * 1024 ** 2,
  });
  try {
    const place: ServerPlace = { containerId: server.id, component: { engine: 'postgres', name: component.name, container: server.name, database: scratchDatabase, user: component.user } };
    await start(ctx, place);
    await createRoles(ctx, place, asked.roles.map((name) => ({ name, superuser: false })), 'of an import');
    await createSideDatabase(ctx, place, scratchDatabase, { properties: asked.properties });
    await loadPlainDump(ctx, { place, imageId: live.imageId, file, original, source });
    const dump = await backUp(ctx, place.component, destination, options);
    return asImported(dump, { original, file, asked, live: await serverFacts(ctx.runtime, live, dump.server.version), database: component.database });
  } finally {
    await removeScratch(ctx.runtime, server);
  }
}

async function start(ctx: EngineContext, place: ServerPlace): Promise<void> {
  await ctx.runtime.start(place.containerId);
  await waitUntil(() => postmasterStart(ctx, place.component, place.containerId), { withinMs: ctx.timing.startUpMs, everyMs: ctx.timing.pollMs, signal: ctx.signal },
    () => new HoldfastFailure('CouldNotVerify', { operation: 'start a throwaway server', object: place.component.container, cause: 'it does not answer', hint: 'Look at the memory and disk of the Docker engine.' }));
}

/** A plain dump says nothing of its database's owner, permissions, settings and locale: those of the live one are taken. @throws ContainerNotRunning and what asking it throws */
async function propertiesOfLive(ctx: EngineContext, component: PostgresComponent, live: ContainerFacts): Promise<LiveProperties> {
  try {
    return await queryJson<LiveProperties>(ctx, { containerId: live.id, component, database: component.database, operation: 'read the properties of the live database', sql: statements['properties-of-live.sql'] });
  } catch (error) {
    if (!isFailure(error, 'DatabaseNotFound') && !isFailure(error, 'ContainerNotRunning')) throw error;
    throw new HoldfastFailure(error.type, { ...error.fields, hint: 'A plain dump does not say who owns its database, nor its locale: the live one has to answer (an empty one will do), then import again.' }, { cause: error });
  }
}

interface Origin {
  readonly original: Artifact;
  readonly file: ForeignFile;
  readonly asked: LiveProperties;
  readonly live: Awaited<ReturnType<typeof serverFacts>>;
  readonly database: string;
}

/** What was read of the throwaway server, said of the one it will go back to. */
function asImported({ timeFormats: _ofTheThrowaway, ...dump }: PostgresDump, { original, file, asked, live, database }: Origin): PostgresDump {
  const notCompared: readonly NotCompared[] = [
    { object: 'the database that was live when the file was made', reason: `nobody counted it: what is compared was counted after ${file.name} had been run in a throwaway server without an error` },
    { object: 'owner, permissions, settings and locale of the database', reason: 'a plain dump does not hold them: they are those of the live database at the import' },
    { object: 'logins, passwords and memberships of roles', reason: 'a plain dump names roles and does not hold them' },
  ];
  return {
    ...dump,
    // Of another server than this dump was taken from: which one is not known.
    server: { ...dump.server, ...live, database, systemIdentifier: '0', databaseOid: 0 },
    snapshot: { at: file.at, lsn: '0/0', snapshot: 'imported' },
    artifacts: [...dump.artifacts, original],
    properties: asked.properties,
    notCompared: [...notCompared, ...dump.notCompared],
  };
}
