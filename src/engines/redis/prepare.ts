/** Making a restore ready beside the live data: final files on the same volume, written by a server of the same image, loaded and compared. */
import { readFileFromContainer } from '../../containers/container-files.ts';
import type { HelperResult } from '../../containers/helper-container.ts';
import type { NotCompared, RedisBackup } from '../../domain/backup-manifest.ts';
import { compareContent, describeDifference, type Difference, type RedisContent } from '../../domain/content.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { Loss } from '../../domain/restore-plan.ts';
import type { RedisComponent } from '../../domain/service.ts';
import { sizeText } from '../../domain/wording.ts';
import type { ArtifactSource, EngineContext, PreparedComponent } from '../engine-context.ts';
import { helperScripts } from './helper/helper-scripts.ts';
import { restorableServer } from './inspect-whole.ts';
import { highestDatabaseIn, keysIn, loadedContent, loadedMemoryBytes, parseCheck } from './helper/load-rdb.ts';
import { comparedObjects } from './prove.ts';
import { onStoredRdb, type RdbPlace } from './helper/rdb-place.ts';
import { scanRdb } from './rdb/rdb-file.ts';
import { replicaConfiguration } from './helper/redis-config.ts';
import { liveDirectory, liveMount, memoryLimitBytes, memoryToLoadBytes, parseSums, requireSuccess, resultFile, runRedisHelper } from './helper/redis-helper.ts';
import { infoNumber, type RedisServer, serverTimeMs } from './server/server-facts.ts';
import { cutOverOf, mountOfServer, noteStaged, runDirectory, stepSentences, unusableMark, unusableNotes } from './cut-over/staging.ts';

/**
 * @param unusable why no server answers on the live files, if none does: they are then put aside unread
 * @throws NotEnoughSpace, VersionMismatch, ArtifactDamaged, ProofFailed, CouldNotVerify, RestoreFailed, UnsupportedTopology; ContainerNotRunning where it is not its files that keep a server from starting
 */
export async function prepareRedis(ctx: EngineContext, component: RedisComponent, backup: RedisBackup, source: ArtifactSource, unusable?: string): Promise<PreparedComponent> {
  const server = await restorableServer(ctx, component, unusable);
  requireDatabases(server, backup);
  await noteStaged(ctx, server);
  const appendOnly = server.settings.get('appendonly') === 'yes';
  let baseDetails: string | null = null;
  const afterEnd = async (containerId: string, ended: HelperResult): Promise<void> => {
    if (appendOnly) baseDetails = await detailsOfBase(ctx, containerId, resultFile(ended, 'base').trim());
  };
  const result = requireSuccess(await onStoredRdb(ctx, backup, source, (place) => makeFiles(ctx, server, backup, place, afterEnd)), 'make the data ready beside', component.container);
  // The RDB that was loaded, and that comes in where the AOF is off, has the manifest's SHA-256. Where it is on, the digest is that of the final files.
  const loaded = loadedContent(result, 'loaded', backup.content.details);
  requireEqual(server, backup, appendOnly ? { ...loaded, digest: backup.content.digest } : loaded);
  const found = loadedContent(result, appendOnly ? 'final' : 'loaded', appendOnly ? baseDetails : backup.content.details);
  requireEqual(server, backup, sameServer(server, backup) ? found : { ...found, details: backup.content.details });
  requireMemory(server, loadedMemoryBytes(result));
  const run = runDirectory(ctx.owner, component.name);
  const cutOver = cutOverOf(server, { ...unusableMark(unusable), stagedDirectory: `${run}/new`, asideDirectory: `${run}/old`, stagedFiles: parseSums(resultFile(result, 'files')), stagedKeys: keysIn(found) });
  return {
    component: component.name,
    cutOver,
    compared: { component: component.name, objects: comparedObjects(backup.content), differences: [] },
    notCompared: [...backup.notCompared, ...ofOtherVersion(server, backup), ...expiring(parseCheck(resultFile(result, 'check')))],
    loss: unusable === undefined ? await lossSince(ctx, server, backup.snapshot.at, backup.content) : lossUnasked(component, backup.snapshot.at),
    createdRoles: [],
    notes: [...unusableNotes(component, unusable), ...notesOn(server, backup)],
    steps: stepSentences(cutOver, 'the restored ones'),
  };
}

/** Read from the AOF's base, which the loading server wrote. Null where the file cannot be read through. */
async function detailsOfBase(ctx: EngineContext, containerId: string, path: string): Promise<string | null> {
  const file = await scanRdb(await readFileFromContainer(ctx.runtime, containerId, path), 'the AOF\'s base');
  return file.counts?.details ?? null;
}

/** Another version may write streams in another form. */
const sameServer = (server: RedisServer, backup: RedisBackup): boolean => server.version === backup.server.version && server.flavour === backup.server.flavour;

function makeFiles(ctx: EngineContext, server: RedisServer, backup: RedisBackup, place: RdbPlace, afterEnd: (containerId: string, result: HelperResult) => Promise<void>): Promise<HelperResult> {
  const mount = mountOfServer(server);
  const data = liveDirectory(mount.subdirectory);
  const run = runDirectory(ctx.owner, backup.component);
  const appendOnly = server.settings.get('appendonly') === 'yes';
  const names = { dbFilename: server.settings.get('dbfilename') ?? '', appendDirname: server.settings.get('appenddirname') ?? '', appendFilename: server.settings.get('appendfilename') ?? '' };
  const configuration = (aof: boolean): string => replicaConfiguration({ ...names, directory: `${data}/${run}/new`, highestDatabase: highestDatabaseIn(backup.content), appendOnly: aof, modules: server.modules });
  return runRedisHelper(ctx, {
    component: backup.component,
    step: 'prepare',
    phase: 'making the files ready beside the live ones',
    imageId: server.container.imageId,
    network: 'none',
    script: helperScripts.prepare,
    args: [
      data, run, names.dbFilename, appendOnly ? names.appendDirname : '', place.path, String(place.sizeBytes), place.sha256,
      String(roomBytes(server, place.sizeBytes, appendOnly)), String(memoryToLoadBytes(backup.usedMemoryBytes)), backup.content.digest === null ? 'no' : 'yes',
    ],
    stdin: `${configuration(false)}---\n${configuration(true)}`,
    mounts: [...place.mounts, liveMount(mount, false)],
    memoryBytes: memoryLimitBytes(backup.usedMemoryBytes),
    afterEnd,
    ...(place.beforeStart === undefined ? {} : { beforeStart: place.beforeStart }),
  });
}

const reserveBytes = 16 * 1024 ** 2;

/** The new RDB, an AOF base of about its size where one is needed, and what SHUTDOWN SAVE will write of the live data. */
function roomBytes(server: RedisServer, sizeBytes: number, appendOnly: boolean): number {
  // An almost empty Redis computes its data set as a negative number and prints it unsigned.
  const liveBytes = Math.min(infoNumber(server.info, 'used_memory_dataset'), infoNumber(server.info, 'used_memory'));
  return Math.ceil(sizeBytes * (appendOnly ? 2.2 : 1)) + liveBytes + reserveBytes;
}

/** @throws VersionMismatch */
function requireDatabases(server: RedisServer, backup: RedisBackup): void {
  const [has, needs] = [Number(server.settings.get('databases') ?? 16), highestDatabaseIn(backup.content) + 1];
  if (has >= needs) return;
  throw new HoldfastFailure('VersionMismatch', { operation: 'compare the servers', object: server.container.name, cause: `the backup uses database ${needs - 1}, the server has only ${has} databases`, hint: `Start it with --databases ${needs} or more.` });
}

/** What does not fit is evicted at once, or refuses every write (databases.md R6). @throws NotEnoughSpace */
function requireMemory(server: RedisServer, neededBytes: number): void {
  const limits: readonly (readonly [string, number])[] = [['maxmemory', Number(server.settings.get('maxmemory') ?? 0)], ['its container\'s memory limit', server.container.memoryBytes]];
  const tight = limits.find(([, limit]) => limit > 0 && limit < neededBytes);
  if (tight === undefined) return;
  throw new HoldfastFailure('NotEnoughSpace', { operation: 'compare the servers', object: server.container.name, cause: `the data takes ${sizeText(neededBytes)} of memory, ${tight[0]} is ${sizeText(tight[1])}`, hint: `Raise ${tight[0]} above ${sizeText(neededBytes)}; otherwise Redis would evict keys or refuse writes.` });
}

/** @throws ProofFailed; CouldNotVerify where only the digest of another version differs: its digest may be made otherwise */
function requireEqual(server: RedisServer, backup: RedisBackup, found: RedisContent): void {
  const differences = compareContent(backup.content, found);
  const [first] = differences;
  if (first === undefined) return;
  const onlyDigest = differences.every((difference: Difference) => difference.property === 'digest');
  const otherVersion = !sameServer(server, backup);
  throw new HoldfastFailure(onlyDigest && otherVersion ? 'CouldNotVerify' : 'ProofFailed', {
    operation: 'compare the prepared data with the manifest', object: server.container.name,
    cause: `${differences.length} differences, first: ${describeDifference(first)}`,
    hint: onlyDigest && otherVersion ? `Restore into ${backup.server.flavour} ${backup.server.version}, whose digest can be compared.` : 'Nothing live has changed. Prove the backup (holdfast prove) and use another one.',
  });
}

function ofOtherVersion(server: RedisServer, backup: RedisBackup): NotCompared[] {
  if (sameServer(server, backup) || server.settings.get('appendonly') !== 'yes') return [];
  return [{ object: 'times to live, consumer groups, function code', reason: `the AOF was written by ${server.flavour} ${server.version}, which may keep them in another form than ${backup.server.version}` }];
}

function expiring(checked: { expires: number; alreadyExpired: number }): NotCompared[] {
  if (checked.expires === 0) return [];
  return [{ object: 'keys with a time to live', reason: `${checked.expires} keys carry one; ${checked.alreadyExpired} of them have passed it and are gone as soon as Redis starts, others may follow` }];
}

/** What is lost since an instant, by the server's own clock. */
export async function lossSince(ctx: EngineContext, server: RedisServer, after: string, content: RedisContent): Promise<Loss> {
  const nowMs = await serverTimeMs(ctx, server.connection);
  const numbers = [...new Set([...content.databases, ...server.keyspace].map(({ database }) => database))].sort((a, b) => a - b);
  const keys = (databases: RedisContent['databases'], number: number): string => databases.find(({ database }) => database === number)?.keys ?? '0';
  const notes = numbers.map((number) => `database ${number}: ${keys(server.keyspace, number)} keys now, ${keys(content.databases, number)} after`);
  return { component: server.connection.component.name, after, seconds: Math.max(0, Math.round((nowMs - Date.parse(after)) / 1000)), transactions: null, notes };
}

/** Where nobody can be asked. */
const lossUnasked = (component: RedisComponent, after: string): Loss =>
  ({ component: component.name, after, seconds: Math.max(0, Math.round((Date.now() - Date.parse(after)) / 1000)), transactions: null, notes: ['No Redis answers: what it holds, and what was written since, is not known. Its files are kept.'] });

function notesOn(server: RedisServer, backup: RedisBackup): string[] {
  return [
    ...(sameServer(server, backup) ? [] : [`the backup is of ${backup.server.flavour} ${backup.server.version}, the server is ${server.flavour} ${server.version}`]),
    'Redis is restarted: settings and users that were changed while it ran and stand in no file are gone then',
    ...(server.settings.get('appendonly') === 'yes' ? ['the server has its AOF on: a new AOF was written from the backup and loaded'] : []),
  ];
}
