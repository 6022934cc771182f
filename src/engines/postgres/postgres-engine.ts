/** PostgreSQL behind the engines' contract: one file a step, put together here. */
import type { ComponentBackup, PostgresBackup, PostgresBase, PostgresDump } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ComponentCutOver, PostgresDatabaseCutOver, PostgresDirectoryCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { DatabaseEngine } from '../engine.ts';
import { backUp } from './back-up.ts';
import { backUpBase } from './base/back-up-base.ts';
import { proveBase, verifyBase } from './base/check-base.ts';
import { lineageOf } from './base/lineage.ts';
import { completeRestore } from './complete-restore.ts';
import { postgresCopies } from './copy/postgres-copies.ts';
import { postgresDrills } from './drill/postgres-drills.ts';
import { close, compareClosed, discardRollback, open, requireReady, rollBack, swap, writeMark } from './cut-over.ts';
import * as directory from './directory/exchange.ts';
import { inspectWhole } from './directory/inspect-whole.ts';
import { finishMoment, prepareDirectory, recoverToMoment } from './directory/prepare.ts';
import { prepareFromDump } from './directory/prepare-from-dump.ts';
import { postgresReplacements, withReplacement } from './directory/replace/replacements.ts';
import { discardPreparedDirectory, repairDirectory } from './directory/remove.ts';
import { queryMoment } from './directory/query.ts';
import { lookAlong } from './find/look-along.ts';
import { surveyLog } from './find/survey-log.ts';
import { inspect } from './inspect.ts';
import { mark } from './mark.ts';
import { plantCanary } from './plant-canary.ts';
import { prepare } from './prepare.ts';
import { prove } from './prove.ts';
import { readContent } from './read-content.ts';
import { readLogEnd } from './recovery/read-log-end.ts';
import { discardPrepared, repairLeftovers } from './repair.ts';
import { prepareUndo } from './undo.ts';
import { exportSql, refuseBase } from './imports/export-sql.ts';
import { importDump } from './imports/import-dump.ts';
import { withTables } from './tables/tables-engine.ts';
import { verify } from './verify.ts';
import { waitUntilReady } from './wait-until-ready.ts';

export function createPostgresEngine(): DatabaseEngine<PostgresComponent> {
  return withTables({
    name: 'postgres',
    inspect: (ctx, component, purpose) => (purpose === 'replace' || purpose === 'look' ? inspectWhole(ctx, component, purpose) : inspect(ctx, component, purpose)),
    waitUntilReady,
    backUp: (ctx, component, destination, options) => (options.method === 'base' ? backUpBase : backUp)(ctx, component, destination, options),
    lineage: lineageOf,
    verify: (ctx, backup, source) => byMethod(backup, (dump) => verify(ctx, dump, source), (base) => verifyBase(ctx, base, source)),
    prove: (ctx, backup, source) => byMethod(backup, (dump) => prove(ctx, dump, source), (base) => proveBase(ctx, base, source)),
    prepare: (ctx, component, backup, source) => byMethod(backup, (dump) => prepare(ctx, component, dump, source), (base) => prepareDirectory(ctx, component, base, source)),
    prepareWhole: (ctx, component, backup, source, unusable) => byMethod(backup, (dump) => prepareFromDump(ctx, component, dump, source, unusable), (base) => prepareDirectory(ctx, component, base, source)),
    prepareUndo: (ctx, component, previous) => byCutOver(previous, (own) => prepareUndo(ctx, component, own), (own) => withReplacement.prepareUndo(ctx, component, own)),
    discardPrepared: (ctx, component, cutOver) => byCutOver(cutOver, (own) => discardPrepared(ctx, component, own), (own) => discardPreparedDirectory(ctx, component, own)),
    requireReady: (ctx, component, cutOver) => byCutOver(cutOver, (own) => requireReady(ctx, component, own), (own) => withReplacement.requireReady(ctx, component, own)),
    close: (ctx, component, cutOver) => byCutOver(cutOver, (own) => close(ctx, component, own), (own) => directory.close(ctx, own)),
    swap: (ctx, component, cutOver) => byCutOver(cutOver, (own) => swap(ctx, component, own), (own) => directory.exchange(ctx, own, 'in')),
    compareClosed: (ctx, component, cutOver, backup) => byCutOver(cutOver, (own) => compareClosed(ctx, component, own, backup), (own) => directory.compareClosed(ctx, own)),
    open: (ctx, component, cutOver) => byCutOver(cutOver, (own) => open(ctx, component, own), (own) => withReplacement.open(ctx, component, own)),
    rollBack: (ctx, component, cutOver) => byCutOver(cutOver, (own) => rollBack(ctx, component, own), (own) => withReplacement.rollBack(ctx, component, own)),
    discardRollback: (ctx, component, cutOver) => byCutOver(cutOver, (own) => discardRollback(ctx, component, own), (own) => withReplacement.discardRollback(ctx, own)),
    writeMark,
    mark,
    plantCanary,
    repairLeftovers: async (ctx, component, run) => [...await repairDirectory(ctx, component, run), ...await repairLeftovers(ctx, component, run)],
    readContent,
    moments: { readLogEnd, surveyLog, lookAlong, recover: recoverToMoment, query: queryMoment, finish: finishMoment },
    replacements: postgresReplacements,
    exports: { ending: 'sql.gz', write: async (ctx, backup, source, destination, file) => byMethod(backup, (dump) => exportSql(ctx, dump, source, destination, file), refuseBase) },
    imports: { storedAs: 'original.sql.gz', take: importDump },
    copies: postgresCopies,
    drills: postgresDrills,
    completeRestore: async (ctx, component, cutOver, backup, source, createdRoles) =>
      byCutOver(cutOver, (own) => byMethod(backup, (dump) => completeRestore(ctx, component, own, dump, source, createdRoles), async () => []), async () => []),
  });
}

const mismatch = (what: string): HoldfastFailure =>
  new HoldfastFailure('InvalidInput', { operation: 'use the PostgreSQL engine', object: what, cause: 'it belongs to another engine', hint: 'A component keeps its engine and its name over its backups.' });

function ofPostgres(backup: ComponentBackup): PostgresBackup {
  if (backup.engine === 'postgres') return backup;
  throw mismatch(backup.component);
}

function byMethod<T>(backup: ComponentBackup, dump: (backup: PostgresDump) => T, base: (backup: PostgresBase) => T): T {
  const own = ofPostgres(backup);
  return own.method === 'dump' ? dump(own) : base(own);
}

function byCutOver<T>(cutOver: ComponentCutOver, database: (cutOver: PostgresDatabaseCutOver) => T, wholeDirectory: (cutOver: PostgresDirectoryCutOver) => T): T {
  if (cutOver.engine !== 'postgres') throw mismatch(cutOver.component);
  // Those of single tables never come this far: withTables takes them out.
  if (cutOver.method === 'tables') throw mismatch(cutOver.component);
  return cutOver.method === 'database' ? database(cutOver) : wholeDirectory(cutOver);
}
