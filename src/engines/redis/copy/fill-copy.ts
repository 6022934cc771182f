/** A stored RDB, loaded and compared as in a proof, and then laid into the volume of a copy, with the configuration of a server that follows nobody. */
import { createHash } from 'node:crypto';
import { endedByOthers, lostServer, toldToEnd, type EndedFrom } from '../../../containers/ended-by-others.ts';
import type { ComponentBackup, RedisBackup } from '../../../domain/backup-manifest.ts';
import { compareContent, describeDifference } from '../../../domain/content.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import { slowestDiskMs } from '../../../domain/slowest-disk-ms.ts';
import { counted } from '../../../domain/wording.ts';
import type { CopyEngine, CopyServer, CopySource, FilledCopy } from '../../copy-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { fittingImage } from '../helper/fitting-image.ts';
import { copyServerScript, helperScripts } from '../helper/helper-scripts.ts';
import { highestDatabaseIn, loadedContent, parseCheck } from '../helper/load-rdb.ts';
import { onStoredRdb, type RdbPlace } from '../helper/rdb-place.ts';
import { copyConfiguration, replicaConfiguration, type CopySettings } from '../helper/redis-config.ts';
import { memoryLimitBytes, memoryToLoadBytes, requireSuccess, resultFile, runRedisHelper } from '../helper/redis-helper.ts';
import { passwordOf } from '../server/redis-cli.ts';
import { waitUntilLoaded } from '../server/wait-until-ready.ts';

const directory = '/var/lib/holdfast-copy';
const port = 6379;

/** A server of ours, which leaves by itself only for its data: an engine that is restarted tells it to end, and it does so with 0. */
const endOfCopy: EndedFrom = (operation, facts) => (endedByOthers(facts) || toldToEnd(facts) ? lostServer(operation, facts) : null);

export const redisCopies: CopyEngine<RedisComponent> = {
  server: copyServer, fill: fillCopy,
  waitUntilReady: async (ctx, component, containerId, sizeBytes) => void await waitUntilLoaded(ctx, { component: { ...component, container: (await ctx.runtime.inspect(containerId)).name }, containerId }, slowestDiskMs(sizeBytes), endOfCopy),
};

async function copyServer(ctx: EngineContext, _component: RedisComponent, backup: ComponentBackup): Promise<CopyServer> {
  const own = ofRedis(backup);
  const memoryBytes = (own.server.setUp ?? await ctx.runtime.find(own.server.container))?.memoryBytes ?? 0;
  return { imageId: await imageOf(ctx, own), directory, port, entrypoint: ['/bin/sh'], command: [`${directory}/copy-server.sh`, directory], environment: {}, neededBytes: memoryLimitBytes(own.usedMemoryBytes), ...(memoryBytes > 0 ? { memoryBytes } : {}) };
}

async function fillCopy(ctx: EngineContext, component: RedisComponent, { backup, source, tellsDifferences }: CopySource, volume: string): Promise<FilledCopy> {
  const own = ofRedis(backup);
  const user = await userOf(ctx, component, own);
  const imageId = await imageOf(ctx, own);
  const result = requireSuccess(await onStoredRdb(ctx, own, source, (place) => layDown(ctx, own, place, { imageId, volume, user })), 'make the copy', own.component);
  const differences = compareContent(own.content, loadedContent(result, 'loaded', own.content.details));
  const [first] = differences;
  // The image that bears the name now may be of another version, whose digest is made otherwise.
  if (tellsDifferences !== true && first !== undefined && (imageId === own.server.imageId || first.property !== 'digest')) {
    throw new HoldfastFailure('ProofFailed', { operation: 'compare the copy with the manifest', object: own.component, cause: describeDifference(first), hint: 'Prove the backup (holdfast prove) and use another one.' });
  }
  const { alreadyExpired } = parseCheck(resultFile(result, 'check'));
  return { at: own.snapshot.at, reached: null, ...(tellsDifferences === true ? { differences } : {}), notes: alreadyExpired === 0 ? [] : [`${counted(alreadyExpired, 'key')} of ${own.component} had a time to live that is over by now: the copy drops them when it starts`] };
}

interface Laying {
  readonly imageId: string;
  readonly volume: string;
  readonly user: CopySettings['user'];
}

function layDown(ctx: EngineContext, backup: RedisBackup, place: RdbPlace, { imageId, volume, user }: Laying): ReturnType<typeof runRedisHelper> {
  const common = { dbFilename: 'dump.rdb', highestDatabase: highestDatabaseIn(backup.content), modules: backup.server.modules };
  return runRedisHelper(ctx, {
    component: backup.component, step: 'copy', phase: 'make the copy', imageId, network: 'none', script: helperScripts.makeCopy,
    args: [place.path, String(place.sizeBytes), place.sha256, String(memoryToLoadBytes(backup.usedMemoryBytes)), backup.content.digest === null ? 'no' : 'yes', directory, copyServerScript],
    stdin: `${replicaConfiguration({ ...common, directory: '/holdfast/load', appendOnly: false })}---\n${copyConfiguration({ ...common, directory, port, user })}`,
    mounts: [...place.mounts, { type: 'volume', source: volume, target: directory }], memoryBytes: memoryLimitBytes(backup.usedMemoryBytes),
    ...(place.beforeStart === undefined ? {} : { beforeStart: place.beforeStart }),
  });
}

/** Who comes to the copy needs what he needs to come to the original: of a password the hash goes along, as Redis itself keeps it. @throws SecretNotFound, UnsupportedTopology */
async function userOf(ctx: EngineContext, component: RedisComponent, { server: { flavour, version } }: RedisBackup): Promise<CopySettings['user']> {
  const password = await passwordOf(ctx, component);
  if (password === '') return null;
  if (flavour === 'redis' && Number.parseInt(version, 10) < 7) {
    throw new HoldfastFailure('UnsupportedTopology', { operation: 'make the copy', object: component.name, cause: `Redis ${version} has a password, and a copy of that version could only keep it in the clear`, hint: 'Copy the other stores: --only postgres.' });
  }
  return { name: component.user ?? 'default', passwordSha256: createHash('sha256').update(password).digest('hex') };
}

async function imageOf(ctx: EngineContext, backup: RedisBackup): Promise<string> {
  const imageId = await fittingImage(ctx, backup);
  if (imageId !== null) return imageId;
  throw new HoldfastFailure('ImageMissing', { operation: 'make the copy', object: backup.server.image, cause: 'it is not on this Docker engine', hint: 'Pull it, then start again; or copy the other stores: --only postgres.' });
}

function ofRedis(backup: ComponentBackup): RedisBackup {
  if (backup.engine === 'redis') return backup;
  throw new HoldfastFailure('Internal', { operation: 'make the copy', object: backup.component, cause: `something of ${backup.engine} was given to the Redis engine`, hint: 'This is a defect of Holdfast; please report it.' });
}
