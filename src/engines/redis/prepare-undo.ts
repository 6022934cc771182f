/** Making an undo ready: the rollback copy read, hashed and loaded where it lies; nothing is copied and nothing live changes. */
import type { RedisContent } from '../../domain/content.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { Loss } from '../../domain/restore-plan.ts';
import type { RedisCutOver } from '../../domain/rollback.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../engine-context.ts';
import { helperScripts } from './helper/helper-scripts.ts';
import { restorableServer } from './inspect-whole.ts';
import { keysIn, loadedContent, parseCheck } from './helper/load-rdb.ts';
import { lossSince } from './prepare.ts';
import { comparedObjects } from './prove.ts';
import { replicaConfiguration } from './helper/redis-config.ts';
import { liveMount, memoryLimitBytes, memoryToLoadBytes, parseSums, requireSuccess, resultFile, runRedisHelper } from './helper/redis-helper.ts';
import { infoNumber, type RedisServer } from './server/server-facts.ts';
import { checkOwnPath, cutOverOf, mountOfCutOver, mountOfServer, noteStaged, runDirectory, stepSentences, unusableMark, unusableNotes } from './cut-over/staging.ts';

/**
 * @param unusable why no server answers on the live files, if none does
 * @throws UnknownRollbackCopy where it is gone or was used, UnsupportedTopology, CouldNotVerify, ArtifactDamaged
 */
export async function prepareRedisUndo(ctx: EngineContext, component: RedisComponent, previous: RedisCutOver, unusable?: string): Promise<PreparedComponent> {
  const server = await restorableServer(ctx, component, unusable);
  requireSamePlace(server, previous);
  await noteStaged(ctx, server);
  const copy = checkOwnPath(previous.asideDirectory, component.container);
  const { files, content, closedAt } = await (previous.unusable === true ? hashCopy : readCopy)(ctx, server, previous, copy);
  if (files.length === 0) throw unknown(previous, 'its directory is empty or gone: it was brought back or let go before');
  requireAof(server, previous, files.map((file) => file.path));
  const asideDirectory = `${runDirectory(ctx.owner, component.name)}/old`;
  const cutOver = cutOverOf(server, { ...unusableMark(unusable), ...(content === null ? { unread: true } : {}), stagedDirectory: copy, asideDirectory, stagedFiles: files, stagedKeys: content === null ? 0 : keysIn(content) });
  return {
    component: component.name,
    cutOver,
    compared: { component: component.name, objects: content === null ? 0 : comparedObjects(content), differences: [] },
    notCompared: [{ object: 'the rollback copy', reason: content === null ? 'no server answered on it when it was set aside: it was hashed, and not read' : 'no manifest describes it: it was read, hashed and loaded, and holds what was live when it was set aside' }],
    loss: content === null || unusable !== undefined ? lossUncounted(component, closedAt, asideDirectory) : await lossSince(ctx, server, closedAt, content),
    createdRoles: [],
    notes: [...unusableNotes(component, unusable), ...(content === null ? ['What comes back was set aside unread, for no Redis answered on it: its files are brought back as they were, and a Redis that did not start on them does not start on them now.'] : [])],
    steps: stepSentences(cutOver, 'the rollback copy'),
  };
}

interface Copy {
  readonly files: RedisCutOver['stagedFiles'];
  /** Null where it was not read. */
  readonly content: RedisContent | null;
  /** ISO 8601 UTC; of one that was not read now, for nobody knows. */
  readonly closedAt: string;
}

const lossUncounted = (component: RedisComponent, after: string, aside: string): Loss =>
  ({ component: component.name, after, seconds: Math.max(0, Math.round((Date.now() - Date.parse(after)) / 1000)), transactions: null, notes: [`How many keys there are before and after is not known. What was written since the restore is set aside as ${aside}.`] });

/** @throws UnknownRollbackCopy when the container's data lies elsewhere now */
function requireSamePlace(server: RedisServer, previous: RedisCutOver): void {
  const mount = mountOfServer(server);
  if (mount.source !== previous.volume || mount.subdirectory !== previous.subdirectory) throw unknown(previous, `it lies on ${previous.volume}, the server's data is on ${mount.source} now`);
  const [dbFilename, appendDirname] = [server.settings.get('dbfilename'), server.settings.get('appenddirname')];
  if (dbFilename !== previous.dbFilename || appendDirname !== previous.appendDirname) throw unknown(previous, 'the server names its files differently now');
}

/** With its AOF on, a server ignores an RDB and starts empty (databases.md R1). @throws UnsupportedTopology */
function requireAof(server: RedisServer, previous: RedisCutOver, paths: readonly string[]): void {
  // What was missing then, and kept it from starting, may be missing still.
  if (previous.unusable === true && previous.appendOnly) return;
  if (server.settings.get('appendonly') !== 'yes' || paths.includes(`${previous.appendDirname}/${previous.appendFilename}.manifest`)) return;
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'prepare the undo', object: server.container.name, cause: 'its AOF is on, and was off when the copy was made: it would start empty', hint: 'Start it with appendonly no, undo, and switch the AOF on afterwards.' });
}

async function readCopy(ctx: EngineContext, server: RedisServer, previous: RedisCutOver, copy: string): Promise<Copy> {
  const { directory } = mountOfCutOver(previous);
  const usedMemoryBytes = infoNumber(server.info, 'used_memory');
  const highestDatabase = Number(server.settings.get('databases') ?? 16) - 1;
  const result = await runRedisHelper(ctx, {
    component: server.connection.component.name,
    step: 'undo',
    phase: 'reading the rollback copy',
    imageId: server.container.imageId,
    network: 'none',
    script: helperScripts.readCopy,
    args: [`${directory}/${copy}`, previous.dbFilename, previous.appendDirname, String(memoryToLoadBytes(usedMemoryBytes))],
    stdin: replicaConfiguration({ directory: '/holdfast/load', dbFilename: 'dump.rdb', highestDatabase, appendOnly: false, modules: server.modules }),
    mounts: [liveMount(mountOfServer(server), true)],
    memoryBytes: memoryLimitBytes(usedMemoryBytes),
  });
  if (result.files.has('missing')) throw unknown(previous, 'its directory is gone, or holds no RDB: it was brought back or let go before');
  const read = requireSuccess(result, 'read the rollback copy', `${previous.volume}/${copy}`);
  return { files: parseSums(resultFile(read, 'files')), content: loadedContent(read, 'loaded', null), closedAt: new Date((parseCheck(resultFile(read, 'check')).createdAtSeconds ?? 0) * 1000).toISOString() };
}

/** One that no server answered on is brought back as it is. */
async function hashCopy(ctx: EngineContext, server: RedisServer, previous: RedisCutOver, copy: string): Promise<Copy> {
  const result = await runRedisHelper(ctx, {
    component: server.connection.component.name,
    step: 'undo',
    phase: 'hashing the rollback copy',
    imageId: server.container.imageId,
    network: 'none',
    script: helperScripts.sums,
    args: [`${mountOfCutOver(previous).directory}/${copy}`, previous.dbFilename, previous.appendDirname],
    mounts: [liveMount(mountOfServer(server), true)],
  });
  return { files: parseSums(resultFile(requireSuccess(result, 'hash the rollback copy', `${previous.volume}/${copy}`), 'files')), content: null, closedAt: new Date().toISOString() };
}

const unknown = (previous: RedisCutOver, cause: string): HoldfastFailure =>
  new HoldfastFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: `${previous.container}: ${previous.asideDirectory}`, cause, hint: 'holdfast status shows the rollback copies there are.' });
