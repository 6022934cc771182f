/** A base backup: the whole server copied by pg_basebackup in a helper, or what changed of it since another one, with the log that makes the copy consistent. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import { serverFacts } from '../../../containers/server-facts.ts';
import type { Artifact, NotCompared, PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { parseLsn } from '../../../domain/wal/lsn.ts';
import type { ArtifactDestination, EngineContext } from '../../engine-context.ts';
import type { BackupOptions } from '../../engine-context.ts';
import { backUpFailure } from '../content/back-up-failure.ts';
import { look, type Sighting } from '../inspect.ts';
import { passwordOf } from '../server/connection.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { scripts } from '../server/script-text.ts';
import { artifactNamed, writeArtifacts, type ArtifactPlace } from '../server/write-artifacts.ts';
import { parentInput } from './parent-input.ts';

/** What base-facts.sql prints. */
interface BaseFacts {
  readonly systemIdentifier: string;
  readonly version: string;
  readonly majorVersion: number;
  readonly databaseOid: number;
  readonly endAt: string;
  readonly snapshot: string;
  readonly segmentSizeBytes: number;
  readonly dataChecksums: boolean;
  readonly superuser: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly preloadLibraries: readonly string[];
  /** Configuration that does not lie in the data directory, and so is not copied with it. */
  readonly configFilesElsewhere: readonly string[];
  readonly databases: PostgresBase['databases'];
  readonly tablespaces: PostgresBase['tablespaces'];
  readonly unlogged: number;
}

/**
 * Incremental where a parent is given and the server knows what changed since; else a full one, and `onFull` is told why.
 * @throws everything that `inspect` does; PageDamaged, DumpFailed, UnsupportedTopology, DiskFull, HelperLost, BrokenStream
 */
export async function backUpBase(ctx: EngineContext, component: PostgresComponent, destination: ArtifactDestination, options: BackupOptions): Promise<PostgresBase> {
  const sighting = await look(ctx, component, 'backup');
  const object = component.container;
  if (sighting.server.inRecovery) throw new HoldfastFailure('UnsupportedTopology', { operation: 'take a base backup', object, cause: 'the server is a standby', hint: 'Back up its primary.' });
  const written = await writeArtifacts(ctx, destination, (place) => copyServer(ctx, component, sighting, options, place), (result) => baseFailure(result, object));
  const artifacts = [...written.stored.keys()].map((file) => artifactNamed(destination, written, kindOf(file), file)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const part = manifestPart(ctx, component, await serverFacts(ctx.runtime, sighting.container, sighting.server.version), written.result, artifacts);
  if (options.parent === undefined) return part;
  const reason = written.result.files.get('full');
  if (reason === undefined) return { ...part, chain: options.parent.chain };
  options.onFull?.(firstError(reason));
  return part;
}

async function copyServer(ctx: EngineContext, component: PostgresComponent, { container, server }: Sighting, options: BackupOptions, place: ArtifactPlace): Promise<HelperResult> {
  const parent = await parentInput(ctx, options.parent);
  // How much changed nobody knows before it is copied.
  const leastBytes = place.mounts.length > 0 || options.parent !== undefined ? 0 : Math.floor(server.tableBytes / 10);
  return runPostgresHelper(ctx, {
    component, step: 'base', imageId: container.imageId, network: `container:${container.id}`, port: server.port, majorVersion: server.majorVersion, database: component.database,
    script: scripts.baseBackup, args: [String(options.jobs), place.owner, place.artifacts, place.marker, String(leastBytes), parent.path],
    password: await passwordOf(ctx, component), mounts: [...place.mounts, ...parent.mounts], phase: options.parent === undefined ? 'copy the server' : 'copy what changed of the server',
    ...(parent.beforeStart === undefined ? {} : { beforeStart: parent.beforeStart }),
    ...(place.afterEnd === undefined ? {} : { afterEnd: place.afterEnd }),
  });
}

/** By the name that pg_basebackup gives each file; tablespaces are named by their OID. */
function kindOf(file: string): Artifact['kind'] {
  if (/^base\.tar\./.test(file)) return 'base';
  if (/^pg_wal\.tar/.test(file)) return 'wal';
  if (/^\d+\.tar\./.test(file)) return 'tablespace';
  if (file === 'backup_manifest') return 'baseManifest';
  throw new HoldfastFailure('HelperFailed', { operation: 'sort the files of a base backup', object: file, cause: 'pg_basebackup makes no such file', hint: 'Please report this: it is a mistake in Holdfast.' });
}

/** The words are the tools' own, in English: `LC_ALL=C`, and the server's as far as its messages are. */
function baseFailure(result: HelperResult, object: string): HoldfastFailure {
  const { step, messages } = failedStep(result);
  const call = { operation: `take a base backup (${step})`, object };
  if (/checksum (verification failed|error occurred)|invalid page/i.test(messages)) {
    return new HoldfastFailure('PageDamaged', { ...call, cause: damagedPages(messages) ?? firstError(messages), hint: 'Keep every older backup. Look at the disk, and at the relation that the server\'s log names; a dump shows what can still be read.' });
  }
  if (/no pg_hba\.conf entry for replication|must be superuser or replication role|permission denied to start WAL sender|only roles with the REPLICATION/i.test(messages)) {
    return new HoldfastFailure('PermissionDenied', { ...call, cause: firstError(messages), hint: 'A base backup needs a role with REPLICATION, and a line for "replication" in pg_hba.conf that lets it in from 127.0.0.1.' });
  }
  if (/max_wal_senders|all replication slots are in use|number of requested standby connections|wal_level/i.test(messages)) {
    return new HoldfastFailure('UnsupportedTopology', { ...call, cause: firstError(messages), hint: 'A base backup needs wal_level replica or higher, two free max_wal_senders and one free max_replication_slots.' });
  }
  return backUpFailure(result, object);
}

/** The client only says that there is one; which, the server said before: `checksum verification failed in file "./base/5/1259", block 3: calculated …`. */
export function damagedPages(messages: string): string | null {
  const pages = [...messages.matchAll(/checksum verification failed in file "[^"]*", block \d+/g)].map(([page]) => page);
  return pages.length === 0 ? null : `${pages.slice(0, 3).join('; ')}${pages.length > 3 ? `; and ${pages.length - 3} more` : ''}`;
}

function manifestPart(ctx: EngineContext, component: PostgresComponent, server: Awaited<ReturnType<typeof serverFacts>>, result: HelperResult, artifacts: readonly Artifact[]): PostgresBase {
  const facts = JSON.parse(resultOf(result, 'facts')) as BaseFacts;
  const { begin, end, timeline } = walRange(resultOf(result, 'wal-ranges'), component.container);
  return {
    engine: 'postgres',
    method: 'base',
    component: component.name,
    attempt: ctx.attempt,
    server: {
      ...server, version: facts.version, systemIdentifier: facts.systemIdentifier, database: component.database, databaseOid: facts.databaseOid, majorVersion: facts.majorVersion,
    },
    snapshot: { at: coveredAt(resultOf(result, 'samples'), end), lsn: end, snapshot: facts.snapshot },
    artifacts,
    range: { timeline, begin, end, endAt: facts.endAt },
    cluster: { segmentSizeBytes: facts.segmentSizeBytes, dataChecksums: facts.dataChecksums, superuser: facts.superuser, settings: facts.settings, preloadLibraries: facts.preloadLibraries },
    databases: facts.databases,
    tablespaces: facts.tablespaces,
    dataSizeBytes: facts.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    notCompared: notComparedOf(facts),
  };
}

/** From the end of pg_basebackup's manifest, whose format PostgreSQL documents ("Backup Manifest Format"). A base that a promotion ran into has two ranges. */
export function walRange(text: string, object: string): { readonly timeline: number; readonly begin: string; readonly end: string } {
  const ranges = (JSON.parse(`{${text}`) as { 'WAL-Ranges': readonly { Timeline: number; 'Start-LSN': string; 'End-LSN': string }[] })['WAL-Ranges'];
  const [range] = ranges;
  if (range === undefined || ranges.length > 1) throw new HoldfastFailure('UnsupportedTopology', { operation: 'take a base backup', object, cause: 'the server changed its timeline meanwhile', hint: 'Take it again.' });
  return { timeline: range.Timeline, begin: range['Start-LSN'], end: range['End-LSN'] };
}

/** The newest reading of the clock that lies at or below the end: everything committed by then is in the copy. */
export function coveredAt(samples: string, end: string): string {
  const readings = samples.split('\n').map((line) => /^(\S+Z)\|([0-9A-F]+\/[0-9A-F]+)$/.exec(line)).filter((match) => match !== null).map(([, at, lsn]) => ({ at: at as string, lsn: parseLsn(lsn as string) ?? 0n }));
  const covered = readings.findLast(({ lsn }) => lsn <= (parseLsn(end) ?? 0n));
  if (covered === undefined) throw new HoldfastFailure('HelperFailed', { operation: 'tell what a base backup covers', object: end, cause: 'no clock was read before it ended', hint: 'Please report this: it is a mistake in Holdfast.' });
  return covered.at;
}

function notComparedOf({ dataChecksums, unlogged, configFilesElsewhere }: BaseFacts): readonly NotCompared[] {
  return [
    { object: 'rows', reason: 'a copy of the whole server is not counted: its files are compared with their SHA-256, and its indexes with their tables' },
    ...(dataChecksums ? [] : [{ object: 'pages', reason: 'the server writes them without checksums' }]),
    ...(unlogged === 0 ? [] : [{ object: 'unlogged tables', reason: 'they are empty in a copy' }]),
    ...configFilesElsewhere.map((file) => ({ object: file, reason: 'it does not lie in the data directory, and is not part of a base backup' })),
  ];
}
