/** Making an undo ready: the rollback copy read, hashed and loaded where it lies; nothing is copied and nothing live changes. */
import type { HelperResult } from '../../containers/helper-container.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { RedisCutOver } from '../../domain/rollback.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../engine-context.ts';
import { helperScripts } from './helper/helper-scripts.ts';
import { refuseTopology, requireRestorable } from './inspect.ts';
import { keysIn, loadedContent, parseCheck } from './helper/load-rdb.ts';
import { lossSince } from './prepare.ts';
import { comparedObjects } from './prove.ts';
import { replicaConfiguration } from './helper/redis-config.ts';
import { liveMount, memoryLimitBytes, memoryToLoadBytes, parseSums, requireSuccess, resultFile, runRedisHelper } from './helper/redis-helper.ts';
import { infoNumber, readServer, type RedisServer } from './server/server-facts.ts';
import { checkOwnPath, cutOverOf, mountOfCutOver, mountOfServer, noteStaged, runDirectory, stepSentences } from './cut-over/staging.ts';

/** @throws UnknownRollbackCopy where it is gone or was used, UnsupportedTopology, CouldNotVerify, ArtifactDamaged */
export async function prepareRedisUndo(ctx: EngineContext, component: RedisComponent, previous: RedisCutOver): Promise<PreparedComponent> {
  const server = await readServer(ctx, component);
  refuseTopology(server);
  await requireRestorable(ctx, server);
  requireSamePlace(server, previous);
  await noteStaged(ctx, server);
  const copy = checkOwnPath(previous.asideDirectory, component.container);
  const result = await readCopy(ctx, server, previous, copy);
  const files = parseSums(resultFile(result, 'files'));
  if (files.length === 0) throw unknown(previous, 'its directory is empty or gone: it was brought back or let go before');
  requireAof(server, previous, files.map((file) => file.path));
  const content = loadedContent(result, 'loaded', null);
  const cutOver = cutOverOf(server, { stagedDirectory: copy, asideDirectory: `${runDirectory(ctx.owner, component.name)}/old`, stagedFiles: files, stagedKeys: keysIn(content) });
  const closedAt = new Date((parseCheck(resultFile(result, 'check')).createdAtSeconds ?? 0) * 1000).toISOString();
  return {
    component: component.name,
    cutOver,
    compared: { component: component.name, objects: comparedObjects(content), differences: [] },
    notCompared: [{ object: 'the rollback copy', reason: 'no manifest describes it: it was read, hashed and loaded, and holds what was live when it was set aside' }],
    loss: await lossSince(ctx, server, closedAt, content),
    createdRoles: [],
    notes: [],
    steps: stepSentences(cutOver, 'the rollback copy'),
  };
}

/** @throws UnknownRollbackCopy when the container's data lies elsewhere now */
function requireSamePlace(server: RedisServer, previous: RedisCutOver): void {
  const mount = mountOfServer(server);
  if (mount.source !== previous.volume || mount.subdirectory !== previous.subdirectory) throw unknown(previous, `it lies on ${previous.volume}, the server's data is on ${mount.source} now`);
  const [dbFilename, appendDirname] = [server.settings.get('dbfilename'), server.settings.get('appenddirname')];
  if (dbFilename !== previous.dbFilename || appendDirname !== previous.appendDirname) throw unknown(previous, 'the server names its files differently now');
}

/** With its AOF on, a server ignores an RDB and starts empty (databases.md R1). @throws UnsupportedTopology */
function requireAof(server: RedisServer, previous: RedisCutOver, paths: readonly string[]): void {
  if (server.settings.get('appendonly') !== 'yes' || paths.includes(`${previous.appendDirname}/${previous.appendFilename}.manifest`)) return;
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'prepare the undo', object: server.container.name, cause: 'its AOF is on, and was off when the copy was made: it would start empty', hint: 'Start it with appendonly no, undo, and switch the AOF on afterwards.' });
}

async function readCopy(ctx: EngineContext, server: RedisServer, previous: RedisCutOver, copy: string): Promise<HelperResult> {
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
  return requireSuccess(result, 'read the rollback copy', `${previous.volume}/${copy}`);
}

const unknown = (previous: RedisCutOver, cause: string): HoldfastFailure =>
  new HoldfastFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: `${previous.container}: ${previous.asideDirectory}`, cause, hint: 'holdfast status shows the rollback copies there are.' });
