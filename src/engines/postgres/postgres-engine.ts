/** PostgreSQL behind the engines' contract: one file a step, put together here. */
import type { ComponentBackup, PostgresBackup, PostgresBase, PostgresDump } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ComponentCutOver, PostgresCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { DatabaseEngine } from '../engine.ts';
import { backUp } from './back-up.ts';
import { backUpBase } from './base/back-up-base.ts';
import { proveBase, verifyBase } from './base/check-base.ts';
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
    backUp: (ctx, component, destination, options) => (options.method === 'base' ? backUpBase : backUp)(ctx, component, destination, options),
    verify: (ctx, backup, source) => byMethod(backup, (dump) => verify(ctx, dump, source), (base) => verifyBase(ctx, base, source)),
    prove: (ctx, backup, source) => byMethod(backup, (dump) => prove(ctx, dump, source), (base) => proveBase(ctx, base, source)),
    prepare: (ctx, component, backup, source) => prepare(ctx, component, dumpOf(backup), source),
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
    completeRestore: (ctx, component, cutOver, backup, source, createdRoles) => completeRestore(ctx, component, cutOverOf(cutOver), dumpOf(backup), source, createdRoles),
  };
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

/** What is restored beside a running server is one database; a copy of the whole server is not. */
const dumpOf = (backup: ComponentBackup): PostgresDump => byMethod(backup, (dump) => dump, (base) => {
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'restore beside the live database', object: base.component, cause: 'the backup is a copy of the whole server, not of one database', hint: 'Restore a dump (holdfast list).' });
});

function cutOverOf(cutOver: ComponentCutOver): PostgresCutOver {
  if (cutOver.engine === 'postgres') return cutOver;
  throw mismatch(cutOver.component);
}
