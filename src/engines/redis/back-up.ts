/** Backing up: one RDB, what it holds by its own account, the same again by a server that loaded it, and a digest. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { readFileFromContainer } from '../../containers/container-files.ts';
import type { HelperResult } from '../../containers/helper-container.ts';
import { serverFacts } from '../../containers/server-facts.ts';
import type { Artifact, NotCompared, RedisBackup } from '../../domain/backup-manifest.ts';
import { compareContent, describeDifference, type RedisContent } from '../../domain/content.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { ArtifactDestination, EngineContext } from '../engine-context.ts';
import type { BackupOptions } from '../engine-context.ts';
import { exitCodes } from './helper/helper-scripts.ts';
import { refuseTopology } from './inspect.ts';
import { loadedContent, loadRdb } from './helper/load-rdb.ts';
import { boundRdb, stagedRdb, type RdbPlace } from './helper/rdb-place.ts';
import { notComparedOf } from './not-compared.ts';
import { type RdbFile, scanRdb } from './rdb/rdb-file.ts';
import { helperFailure, lastWords } from './helper/redis-helper.ts';
import { infoNumber, readServer, type RedisServer } from './server/server-facts.ts';
import { withoutSyncDelay } from './transfer/sync-delay.ts';
import { rdbFileName, type TransferredRdb, transferThrough, transferToHost } from './transfer/transfer.ts';

/** @throws RdbTransferFailed, AuthenticationFailed, PermissionDenied, UnsupportedTopology, DatabaseUnreachable, DiskFull */
export async function backUpRedis(ctx: EngineContext, component: RedisComponent, destination: ArtifactDestination, options: BackupOptions): Promise<RedisBackup> {
  const server = await readServer(ctx, component);
  refuseTopology(server);
  const taken = await takeRdb(ctx, server, destination, options);
  const plaintext = { sizeBytes: taken.rdb.sizeBytes, sha256: taken.rdb.sha256 };
  const artifact: Artifact = { kind: 'rdb', path: destination.pathOf(rdbFileName), plaintext, stored: plaintext, encodings: [] };
  return {
    engine: 'redis',
    component: component.name,
    attempt: ctx.attempt,
    server: {
      ...await serverFacts(ctx.runtime, server.container, server.version),
      flavour: server.flavour,
      replicationId: server.info.get('master_replid') ?? '',
      modules: server.modules,
    },
    snapshot: { at: snapshotAt(taken.file, taken.rdb), rdbVersion: taken.file.version },
    artifacts: [artifact],
    content: taken.content,
    usedMemoryBytes: taken.file.usedMemoryBytes ?? infoNumber(server.info, 'used_memory'),
    notCompared: [...taken.notCompared, ...notComparedOf(taken.file)],
  };
}

/** What is needed of a server to count a file of its: a live one, or one that only its backup tells of. */
export interface CountedServer extends Pick<RedisServer, 'info' | 'settings' | 'keyspace' | 'modules'> {
  readonly container: Pick<RedisServer['container'], 'name' | 'imageId'>;
  readonly connection: { readonly component: Pick<RedisComponent, 'name'> };
}

/** An RDB that was taken, and what it holds. */
export interface TakenRdb {
  readonly rdb: TransferredRdb;
  readonly file: RdbFile;
  readonly content: RedisContent;
  readonly notCompared: readonly NotCompared[];
}

async function takeRdb(ctx: EngineContext, server: RedisServer, destination: ArtifactDestination, options: BackupOptions): Promise<TakenRdb> {
  const { hostDirectory } = destination;
  if (hostDirectory !== null) {
    const rdb = await withoutSyncDelay(ctx, server, () => transferToHost(ctx, server, hostDirectory));
    if (rdb !== null) {
      const path = join(hostDirectory, rdbFileName);
      const stored = async (): Promise<RdbFile> => {
        requireEqual(server, rdb, await destination.adopt(rdbFileName));
        return scanned(server, createReadStream(path));
      };
      return accountOf(ctx, server, rdb, boundRdb(path, rdb), stored, options);
    }
  }
  let taken: TakenRdb | null = null;
  await withoutSyncDelay(ctx, server, () => transferThrough(ctx, server, async (containerId, path, rdb) => {
    const open = (): ReturnType<typeof readFileFromContainer> => readFileFromContainer(ctx.runtime, containerId, path);
    const stored = async (): Promise<RdbFile> => {
      requireEqual(server, rdb, await destination.put(rdbFileName, await open()));
      return scanned(server, await open());
    };
    taken = await accountOf(ctx, server, rdb, stagedRdb(ctx, open, rdb), stored, options);
  }));
  return taken ?? fail(server, 'the helper ended without a file');
}

/** The live data counted and digested the way a backup does, through a helper, kept nowhere. */
export async function readRedisContent(ctx: EngineContext, component: RedisComponent, options: BackupOptions): Promise<RedisContent> {
  const server = await readServer(ctx, component);
  let content: RedisContent | null = null;
  await withoutSyncDelay(ctx, server, () => transferThrough(ctx, server, async (containerId, path, rdb) => {
    const open = (): ReturnType<typeof readFileFromContainer> => readFileFromContainer(ctx.runtime, containerId, path);
    ({ content } = await accountOf(ctx, server, rdb, stagedRdb(ctx, open, rdb), async () => scanned(server, await open()), options));
  }));
  return content ?? fail(server, 'the helper ended without a file');
}

/** The file's own account and a loading server's account, side by side; they have to agree. */
export async function accountOf(ctx: EngineContext, server: CountedServer, rdb: TransferredRdb, place: RdbPlace, store: () => Promise<RdbFile>, options: BackupOptions): Promise<TakenRdb> {
  const loading = options.contentHashes ? loadBeside(ctx, server, place) : Promise.resolve(null);
  const [stored, loaded] = await Promise.allSettled([store(), loading]);
  if (stored.status === 'rejected') throw stored.reason;
  if (loaded.status === 'rejected') throw loaded.reason;
  const file = stored.value;
  const found = loaded.value === null ? null : contentOrReason(server, loaded.value);
  const own = ownContent(file);
  const unread = own === null ? [{ object: 'times to live, consumer groups, function code', reason: `the file holds ${file.countsMissing}, which this version cannot read through` }] : [];
  if (found === null || typeof found === 'string') {
    const reason = found ?? 'content hashes are turned off';
    if (own === null) return fail(server, `nobody can say what the file holds: ${file.countsMissing}; ${reason}`);
    return { rdb, file, content: own, notCompared: [{ object: 'digest of the keyspace', reason }] };
  }
  const [difference] = own === null ? [] : compareContent(own, { ...found, details: own.details });
  if (difference !== undefined) return fail(server, `the file and a server that loaded it disagree: ${describeDifference(difference)}`);
  const undigested = found.digest === null ? [{ object: 'digest of the keyspace', reason: 'the server answers no DEBUG DIGEST' }] : [];
  return { rdb, file, content: { ...found, details: own?.details ?? null }, notCompared: [...undigested, ...unread] };
}

export const ownContent = (file: RdbFile): RedisContent | null =>
  file.counts === null ? null : { engine: 'redis', databases: file.counts.databases, digest: null, details: file.counts.details, functions: String(file.counts.functions) };

/** A helper that ran out of memory says nothing about the file: its content then stays without a digest, and the manifest says so. */
async function loadBeside(ctx: EngineContext, server: CountedServer, place: RdbPlace): Promise<HelperResult | string> {
  const highestDatabase = server.keyspace.reduce((highest, { database }) => Math.max(highest, database), Number(server.settings.get('databases') ?? 16) - 1);
  try {
    return await loadRdb(ctx, place, {
      component: server.connection.component.name, step: 'digest', imageId: server.container.imageId, digest: true,
      usedMemoryBytes: infoNumber(server.info, 'used_memory'), highestDatabase, modules: server.modules,
    });
  } catch (error) {
    if (isFailure(error, 'HelperFailed')) return `loading it beside the server: ${error.fields.cause}`;
    throw error;
  }
}

/** What was loaded, or why it could not be; a file that the server itself refuses fails the backup. */
function contentOrReason(server: CountedServer, result: HelperResult | string): RedisContent | string {
  if (typeof result === 'string') return result;
  if (result.exitCode === 0) return loadedContent(result, 'loaded', null);
  if (result.exitCode === exitCodes.notEnoughMemory || result.exitCode === exitCodes.lacksSomething) return lastWords(result);
  const failure = helperFailure(result, 'load the RDB file beside', server.container.name);
  if (failure.type === 'DiskFull') throw failure;
  return fail(server, failure.fields.cause);
}

export async function scanned(server: CountedServer, source: AsyncIterable<Uint8Array>): Promise<RdbFile> {
  try {
    return await scanRdb(source, server.container.name);
  } catch (error) {
    if (isFailure(error, 'ArtifactDamaged')) return fail(server, error.fields.cause);
    throw error;
  }
}

/**
 * The recovery point, ISO 8601. The snapshot is not older than our asking; only where one was already under way may it be, and then the
 * file's own second, which the format rounds down, is the bound.
 */
function snapshotAt(file: RdbFile, rdb: TransferredRdb): string {
  const ownMs = file.createdAtSeconds === null ? null : file.createdAtSeconds * 1000;
  const older = ownMs !== null && (rdb.mayBeOlder || ownMs + 1000 <= rdb.askedAtMs);
  return new Date(older ? ownMs : rdb.askedAtMs).toISOString();
}

export function requireEqual(server: CountedServer, rdb: TransferredRdb, stored: { sizeBytes: number; sha256: string }): void {
  if (stored.sizeBytes !== rdb.sizeBytes || stored.sha256 !== rdb.sha256) fail(server, `the helper wrote ${rdb.sizeBytes} bytes, ${stored.sizeBytes} were stored, or their SHA-256 differs`);
}

function fail(server: CountedServer, cause: string): never {
  throw new HoldfastFailure('RdbTransferFailed', { operation: 'back up Redis', object: server.container.name, cause, hint: 'The step is tried again; see the log of the container if it happens each time.' });
}
