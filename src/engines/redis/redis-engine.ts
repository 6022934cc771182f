/** Redis and Valkey behind the engine contract. Each method is one file; this one only checks that it is given what is Redis's own. */
import type { ComponentBackup, RedisBackup } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ComponentCutOver, RedisCutOver } from '../../domain/rollback.ts';
import type { RedisComponent } from '../../domain/service.ts';
import type { DatabaseEngine } from '../engine.ts';
import { makeRedisInstant } from './aof/make-instant.ts';
import { redisCopies } from './copy/fill-copy.ts';
import { redisDrills } from './drill/redis-drills.ts';
import { backUpRedis, readRedisContent } from './back-up.ts';
import { closeRedis } from './cut-over/close.ts';
import { discardPreparedRedis, discardRollbackRedis } from './cut-over/discard.ts';
import { compareClosedRedis, swapRedis } from './cut-over/exchange.ts';
import { requireReadyRedis } from './cut-over/ready.ts';
import { openRedis } from './cut-over/open.ts';
import { rollBackRedis } from './cut-over/roll-back.ts';
import { inspectRedis } from './inspect.ts';
import { plantCanary } from './plant-canary.ts';
import { inspectWholeRedis } from './inspect-whole.ts';
import { prepareRedis } from './prepare.ts';
import { prepareRedisUndo } from './prepare-undo.ts';
import { proveRedis } from './prove.ts';
import { rdbArtifact } from './helper/rdb-place.ts';
import { importRdb } from './import-rdb.ts';
import { rdbFileName } from './transfer/transfer.ts';
import { repairRedis } from './repair.ts';
import { verifyRedis } from './verify.ts';
import { waitUntilLoaded } from './server/wait-until-ready.ts';

export function createRedisEngine(): DatabaseEngine<RedisComponent> {
  return {
    name: 'redis',
    inspect: (ctx, component, purpose) => (purpose === 'replace' || purpose === 'look' ? inspectWholeRedis(ctx, component) : inspectRedis(ctx, component, purpose)),
    waitUntilReady: async (ctx, component) => {
      await waitUntilLoaded(ctx, { component, containerId: (await ctx.runtime.inspect(component.container)).id }, 0);
    },
    backUp: backUpRedis,
    verify: (ctx, backup, source) => verifyRedis(ctx, redisBackup(backup), source),
    prove: (ctx, backup, source) => proveRedis(ctx, redisBackup(backup), source),
    prepare: (ctx, component, backup, source) => prepareRedis(ctx, component, redisBackup(backup), source),
    prepareWhole: (ctx, component, backup, source, unusable) => prepareRedis(ctx, component, redisBackup(backup), source, unusable),
    prepareUndo: (ctx, component, previous, unusable) => prepareRedisUndo(ctx, component, redisCutOver(previous), unusable),
    discardPrepared: (ctx, _component, cutOver) => discardPreparedRedis(ctx, redisCutOver(cutOver)),
    requireReady: (ctx, component, cutOver) => requireReadyRedis(ctx, component, redisCutOver(cutOver)),
    close: (ctx, component, cutOver) => closeRedis(ctx, component, redisCutOver(cutOver)),
    swap: (ctx, _component, cutOver) => swapRedis(ctx, redisCutOver(cutOver)),
    compareClosed: (ctx, _component, cutOver, backup) => compareClosedRedis(ctx, redisCutOver(cutOver), backup === null ? null : redisBackup(backup)),
    open: (ctx, component, cutOver) => openRedis(ctx, component, redisCutOver(cutOver)),
    rollBack: async (ctx, component, cutOver) => {
      await rollBackRedis(ctx, component, redisCutOver(cutOver));
      return [];
    },
    discardRollback: (ctx, _component, cutOver) => discardRollbackRedis(ctx, redisCutOver(cutOver)),
    // Redis counts commands, not transactions.
    writeMark: () => Promise.resolve(null),
    mark: () => Promise.resolve(null),
    plantCanary,
    repairLeftovers: repairRedis,
    moments: null,
    aof: { makeInstant: makeRedisInstant },
    exports: { ending: 'rdb', write: async (_ctx, backup, source, destination, file) => destination.put(file, await source.open(rdbArtifact(redisBackup(backup)))) },
    imports: { storedAs: rdbFileName, take: importRdb },
    copies: redisCopies,
    drills: redisDrills,
    readContent: readRedisContent,
    // Users are kept in the server's own file, which no restore touches.
    completeRestore: async () => [],
  };
}

function redisBackup(backup: ComponentBackup): RedisBackup {
  if (backup.engine === 'redis') return backup;
  throw mixedUp(backup.component, backup.engine);
}

function redisCutOver(cutOver: ComponentCutOver): RedisCutOver {
  if (cutOver.engine === 'redis') return cutOver;
  throw mixedUp(cutOver.component, cutOver.engine);
}

const mixedUp = (object: string, engine: string): HoldfastFailure =>
  new HoldfastFailure('Internal', { operation: 'choose the engine', object, cause: `something of ${engine} was given to the Redis engine`, hint: 'This is a defect of Holdfast; please report it.' });
