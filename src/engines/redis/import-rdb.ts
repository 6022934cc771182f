/** An RDB that another tool kept, as a backup like any other: counted by its own account and by a server that loaded it, which have to agree. */
import { serverFacts } from '../../containers/server-facts.ts';
import type { Artifact, NotCompared, RedisBackup } from '../../domain/backup-manifest.ts';
import { compareContent, describeDifference, type RedisContent } from '../../domain/content.ts';
import { HoldfastFailure, type FailureType } from '../../domain/failures.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { ArtifactDestination, ArtifactSource, EngineContext } from '../engine-context.ts';
import type { BackupOptions } from '../engine-context.ts';
import type { ForeignFile } from '../import-engine.ts';
import { ownContent } from './back-up.ts';
import { exitCodes } from './helper/helper-scripts.ts';
import { highestDatabaseIn, loadedContent, loadRdb } from './helper/load-rdb.ts';
import { onStoredRdb } from './helper/rdb-place.ts';
import { lastWords } from './helper/redis-helper.ts';
import { notComparedOf } from './not-compared.ts';
import { scanRdb, type RdbFile } from './rdb/rdb-file.ts';
import { readServer, type RedisServer } from './server/server-facts.ts';

/** Loading it takes about as much as it took where it was made; a file that does not say is unpacked to some times its size. */
const memoryPerByte = 10;
/** As every Redis has them unless it was told otherwise. */
const defaultDatabases = 16;

const failing: Readonly<Record<number, FailureType>> = {
  [exitCodes.unreadableVersion]: 'VersionMismatch', [exitCodes.lacksSomething]: 'CouldNotVerify', [exitCodes.notEnoughMemory]: 'NotEnoughSpace',
  [exitCodes.damaged]: 'ArtifactDamaged', [exitCodes.didNotStart]: 'ArtifactDamaged', [exitCodes.dataDiffers]: 'ArtifactDamaged',
};

/** @throws ArtifactDamaged, VersionMismatch (a newer Redis wrote it), CouldNotVerify (it needs a module), NotEnoughSpace, and what asking the live server throws */
export async function importRdb(ctx: EngineContext, component: RedisComponent, file: ForeignFile, source: ArtifactSource, _destination: ArtifactDestination, options: BackupOptions): Promise<RedisBackup> {
  const artifact: Artifact = { kind: 'rdb', path: file.path, plaintext: file.stored, stored: file.stored, encodings: [] };
  const scan = await scanRdb(await source.open(artifact), file.name);
  const server = await readServer(ctx, component);
  const draft = await draftOf(ctx, component, file, artifact, scan, server);
  const own = ownContent(scan);
  const loaded = await load(ctx, draft, source, file, own === null ? 0 : highestDatabaseIn(own), options);
  const [difference] = own === null ? [] : compareContent(own, { ...loaded, digest: own.digest, details: own.details });
  if (difference !== undefined) throw failed('ArtifactDamaged', file, `the file and a server that loaded it disagree: ${describeDifference(difference)}`);
  const undigested: readonly NotCompared[] = loaded.digest === null ? [{ object: 'digest of the keyspace', reason: options.contentHashes ? 'the server answers no DEBUG DIGEST' : 'content hashes are turned off' }] : [];
  return { ...draft, content: { ...loaded, details: own?.details ?? null }, notCompared: [...draft.notCompared, ...undigested] };
}

async function draftOf(ctx: EngineContext, component: RedisComponent, file: ForeignFile, artifact: Artifact, scan: RdbFile, server: RedisServer): Promise<RedisBackup> {
  const notCompared: readonly NotCompared[] = [{ object: 'what was live when the file was made', reason: `nobody counted it: what is compared was counted in ${file.name} itself` }];
  return {
    engine: 'redis', component: component.name, attempt: ctx.attempt,
    server: { ...await serverFacts(ctx.runtime, server.container, server.version), flavour: server.flavour, replicationId: '', modules: server.modules },
    // The file says itself when it was begun, and needs no zone for it.
    snapshot: { at: scan.createdAtSeconds === null ? file.at : new Date(scan.createdAtSeconds * 1000).toISOString(), rdbVersion: scan.version },
    artifacts: [artifact],
    content: { engine: 'redis', databases: [], digest: null, details: null, functions: '0' },
    usedMemoryBytes: scan.usedMemoryBytes ?? scan.sizeBytes * memoryPerByte,
    notCompared: [...notCompared, ...notComparedOf(scan)],
  };
}

async function load(ctx: EngineContext, draft: RedisBackup, source: ArtifactSource, file: ForeignFile, highest: number, options: BackupOptions): Promise<RedisContent> {
  const result = await onStoredRdb(ctx, draft, source, (place) => loadRdb(ctx, place, {
    component: draft.component, step: 'import', imageId: draft.server.imageId, digest: options.contentHashes, usedMemoryBytes: draft.usedMemoryBytes, highestDatabase: Math.max(defaultDatabases - 1, highest), modules: draft.server.modules,
  }));
  if (result.exitCode === 0) return loadedContent(result, 'loaded', null);
  throw failed(failing[result.exitCode] ?? 'CouldNotVerify', file, lastWords(result));
}

const failed = (type: FailureType, { name }: ForeignFile, cause: string): HoldfastFailure =>
  new HoldfastFailure(type, { operation: 'import an RDB file', object: name, cause: cause.replace(/[.\s]+$/, ''), hint: 'Nothing of this file was taken, and it was not changed.' });
