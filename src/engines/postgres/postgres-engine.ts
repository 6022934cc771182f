/** PostgreSQL behind the engines' contract: one file a step, put together here. */
import type { ComponentBackup, PostgresBackup } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ComponentCutOver, PostgresCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { DatabaseEngine } from '../engine.ts';
import { backUp } from './back-up.ts';
import { completeRestore } from './complete-restore.ts';
import { close, compareClosed, discardRollback, open, requireReady, rollBack, swap, writeMark } from './cut-over.ts';
import { inspect } from './inspect.ts';
import { prepare } from './prepare.ts';
import { prove } from './prove.ts';
import { readContent } from './read-content.ts';
import { discardPrepared, repairLeftovers } from './repair.ts';
import { prepareUndo } from './undo.ts';
import { verify } from './verify.ts';
import { waitUntilReady } from './wait-until-ready.ts';

export function createPostgresEngine(): DatabaseEngine<PostgresComponent> {
  return {
    name: 'postgres',
    inspect,
    waitUntilReady,
    backUp,
    verify: (ctx, backup, source) => verify(ctx, ofPostgres(backup), source),
    prove: (ctx, backup, source) => prove(ctx, ofPostgres(backup), source),
    prepare: (ctx, component, backup, source) => prepare(ctx, component, ofPostgres(backup), source),
    prepareUndo: (ctx, component, previous) => prepareUndo(ctx, component, cutOverOf(previous)),
    discardPrepared: (ctx, component, cutOver) => discardPrepared(ctx, component, cutOverOf(cutOver)),
    requireReady: (ctx, component, cutOver) => requireReady(ctx, component, cutOverOf(cutOver)),
    close: (ctx, component, cutOver) => close(ctx, component, cutOverOf(cutOver)),
    swap: (ctx, component, cutOver) => swap(ctx, component, cutOverOf(cutOver)),
    compareClosed: (ctx, component, cutOver, backup) => compareClosed(ctx, component, cutOverOf(cutOver), backup),
    open: (ctx, component, cutOver) => open(ctx, component, cutOverOf(cutOver)),
    rollBack: (ctx, component, cutOver) => rollBack(ctx, component, cutOverOf(cutOver)),
    discardRollback: (ctx, component, cutOver) => discardRollback(ctx, component, cutOverOf(cutOver)),
    writeMark,
    repairLeftovers,
    readContent,
    completeRestore: (ctx, component, cutOver, backup, source, createdRoles) => completeRestore(ctx, component, cutOverOf(cutOver), ofPostgres(backup), source, createdRoles),
  };
}

const mismatch = (what: string): HoldfastFailure =>
  new HoldfastFailure('InvalidInput', { operation: 'use the PostgreSQL engine', object: what, cause: 'it belongs to another engine', hint: 'A component keeps its engine and its name over its backups.' });

function ofPostgres(backup: ComponentBackup): PostgresBackup {
  if (backup.engine === 'postgres') return backup;
  throw mismatch(backup.component);
}

function cutOverOf(cutOver: ComponentCutOver): PostgresCutOver {
  if (cutOver.engine === 'postgres') return cutOver;
  throw mismatch(cutOver.component);
}
