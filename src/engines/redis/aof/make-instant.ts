/** From archived files of an AOF to an RDB of one second: put together, cut by the server's own tool, loaded beside, saved, and counted like a backup. */
import { readFileFromContainer } from '../../../containers/container-files.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { serverFacts } from '../../../containers/server-facts.ts';
import type { Artifact, NotCompared, RedisBackup } from '../../../domain/backup-manifest.ts';
import { compareContent, describeDifference } from '../../../domain/content.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import type { ArchivedAof } from '../../aof-engine.ts';
import type { ArtifactDestination, EngineContext } from '../../engine-context.ts';
import { accountOf, requireEqual, scanned, type CountedServer, type TakenRdb } from '../back-up.ts';
import { fittingImage } from '../helper/fitting-image.ts';
import { helperScripts } from '../helper/helper-scripts.ts';
import { highestDatabaseIn, loadedContent } from '../helper/load-rdb.ts';
import { stagedRdb } from '../helper/rdb-place.ts';
import { replicaConfiguration } from '../helper/redis-config.ts';
import { memoryLimitBytes, memoryToLoadBytes, requireSuccess, resultFile, runRedisHelper } from '../helper/redis-helper.ts';
import { refuseTopology } from '../inspect.ts';
import { notComparedOf } from '../not-compared.ts';
import { infoNumber, readServer } from '../server/server-facts.ts';
import { rdbFileName } from '../transfer/transfer.ts';

const archiveDirectory = '/archive';
const savedPath = '/holdfast/load/dump.rdb';

/** Databases that a server is given of which nobody knows how many it had: more than anybody uses, and few enough to cost nothing. */
const databasesAtLeast = 1_024;

/** A server as far as it takes part, and what the instant says of it. */
interface InstantServer {
  readonly counted: CountedServer;
  readonly facts: RedisBackup['server'];
}

/** @throws ArtifactDamaged, NotEnoughSpace, VersionMismatch, RestoreFailed, RdbTransferFailed, UnsupportedTopology; ImageMissing where a backup stands for the server */
export async function makeRedisInstant(ctx: EngineContext, component: RedisComponent, aof: ArchivedAof, destination: ArtifactDestination, like?: RedisBackup): Promise<RedisBackup> {
  const { counted: server, facts } = like === undefined ? await liveServer(ctx, component) : await likeBackup(ctx, like);
  const { rdb, file, content, notCompared } = await loadedAndSaved(ctx, server, aof, destination);
  const plaintext = { sizeBytes: rdb.sizeBytes, sha256: rdb.sha256 };
  const artifact: Artifact = { kind: 'rdb', path: destination.pathOf(rdbFileName), plaintext, stored: plaintext, encodings: [] };
  return {
    engine: 'redis', component: component.name, attempt: ctx.attempt, server: facts,
    snapshot: { at: endOf(aof.second), rdbVersion: file.version },
    artifacts: [artifact], content, usedMemoryBytes: file.usedMemoryBytes ?? infoNumber(server.info, 'used_memory'),
    notCompared: [...notCompared, ...notComparedOf(file), ...expiring(content)],
  };
}

async function liveServer(ctx: EngineContext, component: RedisComponent): Promise<InstantServer> {
  const counted = await readServer(ctx, component);
  refuseTopology(counted);
  const { container, version, flavour, info, modules } = counted;
  return { counted, facts: { ...await serverFacts(ctx.runtime, container, version), flavour, replicationId: info.get('master_replid') ?? '', modules } };
}

/** Nothing live is asked. @throws ImageMissing */
async function likeBackup(ctx: EngineContext, backup: RedisBackup): Promise<InstantServer> {
  const { server, component, content, usedMemoryBytes } = backup;
  const imageId = await fittingImage(ctx, backup);
  if (imageId === null) throw new HoldfastFailure('ImageMissing', { operation: 'bring the AOF to its second', object: server.image, cause: 'it is not on this Docker engine', hint: 'Pull it, then start again.' });
  return {
    counted: {
      container: { name: server.container, imageId }, connection: { component: { name: component } }, modules: server.modules, keyspace: content.databases,
      info: new Map([['used_memory', String(usedMemoryBytes)]]), settings: new Map([['databases', String(Math.max(databasesAtLeast, highestDatabaseIn(content) + 1))]]),
    },
    facts: { ...server, imageId },
  };
}

/** The end of a second, as an instant. */
const endOf = (second: number): string => new Date((second + 1) * 1000).toISOString();

/** Redis writes a key's end into its AOF when it notices it, which may be a while after. */
function expiring({ databases }: TakenRdb['content']): readonly NotCompared[] {
  const expires = databases.reduce((sum, each) => sum + Number(each.expires), 0);
  return expires === 0 ? [] : [{ object: 'keys whose time to live ended near that second', reason: 'the AOF says when Redis removed them, which may be later than their end' }];
}

async function loadedAndSaved(ctx: EngineContext, server: CountedServer, aof: ArchivedAof, destination: ArtifactDestination): Promise<TakenRdb> {
  const usedMemoryBytes = Math.max(infoNumber(server.info, 'used_memory'), aof.base.sizeBytes + aof.increments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  let taken: TakenRdb | null = null;
  const result = await runRedisHelper(ctx, {
    component: server.connection.component.name, step: 'aof-instant', phase: 'bringing the AOF to its second beside', imageId: server.container.imageId, network: 'none',
    script: helperScripts.aofInstant, args: [archiveDirectory, String(aof.second), String(memoryToLoadBytes(usedMemoryBytes))],
    stdin: `${configurationOf(server)}---\n${planOf(aof)}`,
    mounts: [{ type: 'bind', source: aof.directory, target: archiveDirectory, readOnly: true }],
    memoryBytes: memoryLimitBytes(usedMemoryBytes),
    afterEnd: async (containerId, ended) => {
      taken = await stored(ctx, server, containerId, ended, destination);
    },
  });
  requireSuccess(result, 'bring the AOF to its second', server.container.name);
  if (taken !== null) return taken;
  throw new HoldfastFailure('HelperFailed', { operation: 'bring the AOF to its second', object: server.container.name, cause: 'the helper ended without a file', hint: 'This is a defect of Holdfast; please report it.' });
}

async function stored(ctx: EngineContext, server: CountedServer, containerId: string, ended: HelperResult, destination: ArtifactDestination): Promise<TakenRdb> {
  const [size = '', sha256 = ''] = resultFile(ended, 'file').trim().split(' ');
  const rdb = { sizeBytes: Number(size), sha256, askedAtMs: 0, mayBeOlder: false };
  const open = (): ReturnType<typeof readFileFromContainer> => readFileFromContainer(ctx.runtime, containerId, savedPath);
  const taken = await accountOf(ctx, server, rdb, stagedRdb(ctx, open, rdb), async () => {
    requireEqual(server, rdb, await destination.put(rdbFileName, await open()));
    return scanned(server, await open());
  }, { contentHashes: true, jobs: 1 });
  // What was loaded from the AOF, and what was loaded from the RDB that was saved of it.
  const [difference] = compareContent({ ...loadedContent(ended, 'loaded', taken.content.details), details: taken.content.details }, taken.content);
  if (difference === undefined) return taken;
  throw new HoldfastFailure('RdbTransferFailed', { operation: 'bring the AOF to its second', object: server.container.name, cause: `the AOF and what was saved of it disagree: ${describeDifference(difference)}`, hint: 'The step is tried again; restore from a backup if it happens each time.' });
}

/** An AOF that does not end where it should is refused: Redis would cut it by itself and go on. */
function configurationOf(server: CountedServer): string {
  const highestDatabase = Number(server.settings.get('databases') ?? 16) - 1;
  const configuration = replicaConfiguration({ directory: '/holdfast/load', dbFilename: 'dump.rdb', highestDatabase, appendOnly: true, appendDirname: 'appendonlydir', appendFilename: 'a.aof', modules: server.modules });
  return `${configuration}aof-load-truncated no\n`;
}

function planOf({ base, increments }: ArchivedAof): string {
  const file = (kind: string, { sizeBytes, sha256, path }: ArchivedAof['base']): string => `${kind} ${sizeBytes} ${sha256} ${path}\n`;
  return [file('base', base), ...increments.flatMap(({ sizeBytes, isCut, blocks }) => [`increment ${sizeBytes} ${isCut ? 'cut' : 'whole'}\n`, ...blocks.map((block) => file('block', block))])].join('');
}
