/** One snapshot, one helper: dump, exact counts and hashes side by side (docs/design.md). */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileFromContainer } from '../../containers/container-files.ts';
import type { HelperResult } from '../../containers/helper-container.ts';
import type { Artifact, DatabaseProperties, NotCompared, PostgresBackup, RoleFacts } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { ArtifactDestination, BackupOptions, EngineContext } from '../engine.ts';
import { backUpFailure } from './content/back-up-failure.ts';
import { contentFrom } from './content/content-reading.ts';
import { look } from './inspect.ts';
import type { Sighting } from './inspect.ts';
import { passwordOf } from './server/connection.ts';
import { failedStep, resultOf, runPostgresHelper } from './server/postgres-helper.ts';
import { scripts } from './server/script-text.ts';

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
  readonly notCompared: readonly NotCompared[];
}

const files = { dump: 'dump.tar', globals: 'globals.sql' } as const;
const streamedDirectory = '/holdfast/artifacts';

/** @throws everything that `inspect` does; SnapshotLost, TableLocked, DumpFailed, DiskFull, RowSecurityFilters, HelperLost, BrokenStream */
export async function backUp(ctx: EngineContext, component: PostgresComponent, destination: ArtifactDestination, options: BackupOptions): Promise<PostgresBackup> {
  const inspection = await look(ctx, component, 'backup');
  const result = await dumpInto(ctx, component, inspection, destination, options);
  const artifacts = [await artifact(destination, result, 'dump'), await artifact(destination, result, 'globals')];
  return manifestPart(ctx, component, inspection, result, artifacts, options);
}

type Stored = { readonly result: HelperResult; readonly stored: ReadonlyMap<string, { sizeBytes: number; sha256: string }> };

async function dumpInto(ctx: EngineContext, component: PostgresComponent, inspection: Sighting, destination: ArtifactDestination, options: BackupOptions): Promise<Stored> {
  if (destination.hostDirectory !== null) {
    const shared = await dumpIntoDirectory(ctx, component, inspection, destination.hostDirectory, options);
    if (shared !== null) return shared;
  }
  return dumpThroughEngine(ctx, component, inspection, destination, options);
}

/** Straight into the repository's directory; null where the helper finds that it is another directory than ours (an engine on another host). */
async function dumpIntoDirectory(ctx: EngineContext, component: PostgresComponent, inspection: Sighting, directory: string, options: BackupOptions): Promise<Stored | null> {
  const marker = `.shared-${randomBytes(8).toString('hex')}`;
  await writeFile(join(directory, marker), '', { flag: 'wx', mode: 0o600 });
  try {
    const result = await runDump(ctx, component, inspection, options, { artifacts: '/artifacts', marker, mounts: [{ type: 'bind', source: directory, target: '/artifacts' }] });
    if (result.exitCode === 0) return { result, stored: new Map() };
    if (failedStep(result).step === 'not-shared') return null;
    throw backUpFailure(result, `${component.container}/${component.database}`);
  } finally {
    await rm(join(directory, marker), { force: true });
  }
}

/** Into the helper's own volume, and from there through the engine's API. */
async function dumpThroughEngine(ctx: EngineContext, component: PostgresComponent, inspection: Sighting, destination: ArtifactDestination, options: BackupOptions): Promise<Stored> {
  const stored = new Map<string, { sizeBytes: number; sha256: string }>();
  const result = await runDump(ctx, component, inspection, options, {
    artifacts: streamedDirectory, marker: 'none', mounts: [],
    afterEnd: async (containerId) => {
      for (const file of Object.values(files)) stored.set(file, await destination.put(file, await readFileFromContainer(ctx.runtime, containerId, `${streamedDirectory}/${file}`)));
    },
  });
  if (result.exitCode !== 0) throw backUpFailure(result, `${component.container}/${component.database}`);
  return { result, stored };
}

interface DumpPlace {
  readonly artifacts: string;
  readonly marker: string;
  readonly mounts: readonly { readonly type: 'bind'; readonly source: string; readonly target: string }[];
  afterEnd?(containerId: string): Promise<void>;
}

async function runDump(ctx: EngineContext, component: PostgresComponent, { container, server }: Sighting, options: BackupOptions, place: DumpPlace): Promise<HelperResult> {
  const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return runPostgresHelper(ctx, {
    component, step: 'dump', imageId: container.imageId, network: `container:${container.id}`, port: server.port, majorVersion: server.majorVersion, database: component.database,
    script: scripts.backUp,
    args: [
      String(options.jobs), String(options.jobs), String(options.contentHashes), String(ctx.timing.lockWaitMs), owner, place.artifacts, place.marker,
      server.passwordsReadable ? 'yes' : 'no', String(leastBytes(server.tableBytes, place)),
    ],
    password: await passwordOf(ctx, component), mounts: place.mounts, phase: 'dump',
    ...(place.afterEnd === undefined ? {} : { afterEnd: place.afterEnd }),
  });
}

/** No dump that we have seen is less than a tenth of its tables; where it is not written into the repository's directory, its tar lies beside it. */
const leastBytes = (tableBytes: number, place: DumpPlace): number => Math.floor(tableBytes / 10) * (place.mounts.length === 0 ? 2 : 1);

/** What the helper wrote, what the repository has of it, and both must be the same (docs/design.md: a stream's end is never success). */
async function artifact(destination: ArtifactDestination, { result, stored }: Stored, kind: 'dump' | 'globals'): Promise<Artifact> {
  const file = files[kind];
  const [sha256, sizeText] = resultOf(result, `${file}.sum`).trim().split(' ');
  const plaintext = { sizeBytes: Number(sizeText), sha256: sha256 ?? '' };
  const kept = stored.get(file) ?? await destination.adopt(file);
  if (kept.sizeBytes !== plaintext.sizeBytes || kept.sha256 !== plaintext.sha256) {
    throw new HoldfastFailure('BrokenStream', { operation: 'store the dump', object: destination.pathOf(file), cause: 'the repository has other bytes than the helper wrote', hint: 'The step is tried again; if it happens each time, look at the repository\'s disk.' });
  }
  const members = kind === 'dump' ? membersOf(result) : undefined;
  return { kind, path: destination.pathOf(file), plaintext, stored: plaintext, encodings: [], ...(members === undefined ? {} : { members }) };
}

function membersOf(result: HelperResult): Artifact['members'] | undefined {
  const lines = result.files.get('members')?.split('\n').filter((line) => line !== '');
  return lines?.map((line) => {
    const [sha256, sizeText, name] = line.split(' ');
    return { name: name ?? '', sizeBytes: Number(sizeText), sha256: sha256 ?? '' };
  });
}

function manifestPart(ctx: EngineContext, component: PostgresComponent, inspection: Sighting, { result }: Stored, artifacts: readonly Artifact[], options: BackupOptions): PostgresBackup {
  const facts = JSON.parse(resultOf(result, 'facts')) as SourceFacts;
  const { container } = inspection;
  return {
    engine: 'postgres',
    component: component.name,
    attempt: ctx.attempt,
    server: {
      container: component.container, containerId: container.id, image: container.image, imageId: container.imageId, version: facts.version,
      systemIdentifier: facts.systemIdentifier, database: component.database, databaseOid: facts.databaseOid, majorVersion: facts.majorVersion,
    },
    snapshot: JSON.parse(resultOf(result, 'snapshot')) as PostgresBackup['snapshot'],
    artifacts,
    content: contentFrom(result, options.jobs).content,
    roles: facts.roles,
    properties: facts.properties,
    databaseSizeBytes: facts.sizeBytes,
    extensions: facts.extensions,
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
