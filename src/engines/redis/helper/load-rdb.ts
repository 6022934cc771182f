/** An RDB loaded by a server of its own in a helper without a network, and what it then holds. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { RedisContent } from '../../../domain/content.ts';
import type { EngineContext } from '../../engine-context.ts';
import { helperScripts } from './helper-scripts.ts';
import type { RdbPlace } from './rdb-place.ts';
import { replicaConfiguration } from './redis-config.ts';
import { memoryLimitBytes, memoryToLoadBytes, resultFile, runRedisHelper } from './redis-helper.ts';
import { infoNumber, keyspaceOf, parseInfo, type ServerModule } from '../server/server-facts.ts';

export interface LoadRequest {
  readonly component: string;
  readonly step: string;
  readonly imageId: string;
  readonly digest: boolean;
  readonly usedMemoryBytes: number;
  readonly highestDatabase: number;
  readonly modules: readonly ServerModule[];
}

/** Loads it as a replica of nobody. The exit code (helper-scripts.ts) is the caller's to judge: it means something else in a backup than in a proof. */
export function loadRdb(ctx: EngineContext, place: RdbPlace, request: LoadRequest): Promise<HelperResult> {
  return runRedisHelper(ctx, {
    component: request.component,
    step: request.step,
    phase: 'loading the RDB file beside',
    imageId: request.imageId,
    network: 'none',
    script: helperScripts.load,
    args: [place.path, String(place.sizeBytes), place.sha256, String(memoryToLoadBytes(request.usedMemoryBytes)), request.digest ? 'yes' : 'no'],
    stdin: replicaConfiguration({ directory: '/holdfast/load', dbFilename: 'dump.rdb', highestDatabase: request.highestDatabase, appendOnly: false, modules: request.modules }),
    mounts: place.mounts,
    memoryBytes: memoryLimitBytes(request.usedMemoryBytes),
    ...(place.beforeStart === undefined ? {} : { beforeStart: place.beforeStart }),
  });
}

/**
 * What a loading server said it holds (`<prefix>-…` result files), and the details that were read from the file it loaded: the caller says
 * how they are known. @throws HelperFailed when a file is missing
 */
export function loadedContent(result: HelperResult, prefix: 'loaded' | 'final', details: string | null): RedisContent {
  const libraries = JSON.parse(resultFile(result, `${prefix}-functions`)) as readonly unknown[];
  const digest = result.files.get(`${prefix}-digest`)?.trim();
  return {
    engine: 'redis',
    databases: keyspaceOf(parseInfo(resultFile(result, `${prefix}-keyspace`))),
    digest: digest !== undefined && /^[0-9a-f]{40}$/.test(digest) ? digest : null,
    details,
    functions: String(libraries.length),
  };
}

/** Memory that the loaded data takes, bytes. */
export const loadedMemoryBytes = (result: HelperResult): number => infoNumber(parseInfo(resultFile(result, 'loaded-memory')), 'used_memory');

export interface CheckedRdb {
  readonly keys: number;
  readonly expires: number;
  /** Keys whose time had passed when it was checked: they go when a master loads the file, or soon after. */
  readonly alreadyExpired: number;
  /** Seconds since the epoch at which the file was begun. */
  readonly createdAtSeconds: number | null;
}

/** The output of redis-check-rdb. */
export function parseCheck(text: string): CheckedRdb {
  const count = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const created = /AUX FIELD ctime = '(\d+)'/.exec(text)?.[1];
  return {
    keys: count(/^\[info\] (\d+) keys read$/m),
    expires: count(/^\[info\] (\d+) expires$/m),
    alreadyExpired: count(/^\[info\] (\d+) already expired$/m),
    createdAtSeconds: created === undefined ? null : Number(created),
  };
}

export const keysIn = (content: RedisContent): number => content.databases.reduce((sum, database) => sum + Number(database.keys), 0);
export const expiresIn = (content: RedisContent): number => content.databases.reduce((sum, database) => sum + Number(database.expires), 0);
export const highestDatabaseIn = (content: RedisContent): number => content.databases.reduce((highest, { database }) => Math.max(highest, database), 0);

