/** One snapshot, one helper: dump, exact counts and hashes side by side (docs/design.md). */
import type { HelperResult } from '../../containers/helper-container.ts';
import { serverFacts } from '../../containers/server-facts.ts';
import type { Artifact, DatabaseProperties, NotCompared, PostgresDump, RoleFacts, TimeFormats } from '../../domain/backup-manifest.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { ArtifactDestination, EngineContext } from '../engine-context.ts';
import type { BackupOptions } from '../engine-context.ts';
import { backUpFailure } from './content/back-up-failure.ts';
import { contentFrom } from './content/content-reading.ts';
import { look } from './inspect.ts';
import type { Sighting } from './inspect.ts';
import { passwordOf } from './server/connection.ts';
import { resultOf, runPostgresHelper } from './server/postgres-helper.ts';
import { scripts } from './server/script-text.ts';
import { artifactNamed, writeArtifacts, type ArtifactPlace } from './server/write-artifacts.ts';

/** What facts.sql prints. */
interface SourceFacts {
  readonly databaseOid: number;
  readonly systemIdentifier: string;
  readonly version: string;
  readonly majorVersion: number;
  readonly sizeBytes: number;
  readonly largeObjectsReadable: boolean;
  readonly properties: DatabaseProperties;
  readonly roles: readonly RoleFacts[];
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  /** Null where they are those of our role. */
  readonly timeFormats: TimeFormats | null;
  readonly notCompared: readonly NotCompared[];
}

const files = { dump: 'dump.tar', globals: 'globals.sql' } as const;

/** @throws everything that `inspect` does; SnapshotLost, TableLocked, DumpFailed, DiskFull, RowSecurityFilters, HelperLost, BrokenStream */
export async function backUp(ctx: EngineContext, component: PostgresComponent, destination: ArtifactDestination, options: BackupOptions): Promise<PostgresDump> {
  const inspection = await look(ctx, component, 'backup');
  const written = await writeArtifacts(ctx, destination, (place) => runDump(ctx, component, inspection, options, place), (result) => backUpFailure(result, `${component.container}/${component.database}`));
  const dump = artifactNamed(destination, written, 'dump', files.dump);
  const members = membersOf(written.result);
  const artifacts = [{ ...dump, ...(members === undefined ? {} : { members }) }, artifactNamed(destination, written, 'globals', files.globals)];
  return manifestPart(ctx, component, inspection, written.result, artifacts, options, await serverFacts(ctx.runtime, inspection.container, inspection.server.version));
}

async function runDump(ctx: EngineContext, component: PostgresComponent, { container, server }: Sighting, options: BackupOptions, place: ArtifactPlace): Promise<HelperResult> {
  return runPostgresHelper(ctx, {
    component, step: 'dump', imageId: container.imageId, network: `container:${container.id}`, port: server.port, majorVersion: server.majorVersion, database: component.database,
    script: scripts.backUp,
    args: [
      String(options.jobs), String(options.jobs), String(options.contentHashes), String(ctx.timing.lockWaitMs), place.owner, place.artifacts, place.marker,
      server.passwordsReadable ? 'yes' : 'no', String(leastBytes(server.tableBytes, place)),
    ],
    password: await passwordOf(ctx, component), mounts: place.mounts, phase: 'dump',
    ...(place.afterEnd === undefined ? {} : { afterEnd: place.afterEnd }),
  });
}

/** No dump that we have seen is less than a tenth of its tables; where it is not written into the repository's directory, its tar lies beside it. */
const leastBytes = (tableBytes: number, place: ArtifactPlace): number => Math.floor(tableBytes / 10) * (place.mounts.length === 0 ? 2 : 1);

function membersOf(result: HelperResult): Artifact['members'] | undefined {
  const lines = result.files.get('members')?.split('\n').filter((line) => line !== '');
  return lines?.map((line) => {
    const [sha256, sizeText, name] = line.split(' ');
    return { name: name ?? '', sizeBytes: Number(sizeText), sha256: sha256 ?? '' };
  });
}

function manifestPart(ctx: EngineContext, component: PostgresComponent, inspection: Sighting, result: HelperResult, artifacts: readonly Artifact[], options: BackupOptions, server: Awaited<ReturnType<typeof serverFacts>>): PostgresDump {
  const facts = JSON.parse(resultOf(result, 'facts')) as SourceFacts;
  return {
    engine: 'postgres',
    method: 'dump',
    component: component.name,
    attempt: ctx.attempt,
    server: {
      ...server, version: facts.version, systemIdentifier: facts.systemIdentifier, database: component.database, databaseOid: facts.databaseOid, majorVersion: facts.majorVersion,
    },
    snapshot: JSON.parse(resultOf(result, 'snapshot')) as PostgresDump['snapshot'],
    artifacts,
    content: contentFrom(result, options.jobs).content,
    roles: facts.roles,
    properties: facts.properties,
    databaseSizeBytes: facts.sizeBytes,
    extensions: facts.extensions,
    ...(facts.timeFormats === null ? {} : { timeFormats: facts.timeFormats }),
    notCompared: [...facts.notCompared, ...alwaysNotCompared(options, inspection)],
  };
}

/** What no restore of a dump is compared on, whatever the database holds. */
function alwaysNotCompared(options: BackupOptions, inspection: Sighting): readonly NotCompared[] {
  return [
    { object: 'definitions of objects', reason: 'indexes, constraints, functions and the like are counted per kind, not compared word by word' },
    { object: 'roles and their memberships', reason: 'kept in globals.sql; a restore brings back those that the server lacks, and alters no other' },
    { object: 'server configuration', reason: 'postgresql.conf and pg_hba.conf are not part of a dump' },
    ...(options.contentHashes ? [] : [{ object: 'contents of rows', reason: 'only counted: content hashes are turned off' }]),
    ...(inspection.server.passwordsReadable ? [] : [{ object: 'passwords of roles', reason: 'the user may not read pg_authid' }]),
  ];
}
