/** PostgreSQL behind the engines' contract: one file a step, put together here. */
import { waitUntil, pauseFor } from '../../containers/wait-until.ts';
import type { ComponentBackup, PostgresBackup } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ComponentCutOver, PostgresCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { DatabaseEngine, EngineContext } from '../engine.ts';
import { backUp } from './back-up.ts';
import { close, compareClosed, discardRollback, open, rollBack, swap } from './cut-over.ts';
import { inspect, postmasterStart } from './inspect.ts';
import { prepare } from './prepare.ts';
import { prove } from './prove.ts';
import { readContent } from './read-content.ts';
import { discardPrepared, repairLeftovers } from './repair.ts';
import { prepareUndo } from './undo.ts';
import { verify } from './verify.ts';

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
    close: (ctx, component, cutOver) => close(ctx, component, cutOverOf(cutOver)),
    swap: (ctx, component, cutOver) => swap(ctx, component, cutOverOf(cutOver)),
    compareClosed: (ctx, component, cutOver, backup) => compareClosed(ctx, component, cutOverOf(cutOver), backup),
    open: (ctx, component, cutOver) => open(ctx, component, cutOverOf(cutOver)),
    rollBack: (ctx, component, cutOver) => rollBack(ctx, component, cutOverOf(cutOver)),
    discardRollback: (ctx, component, cutOver) => discardRollback(ctx, component, cutOverOf(cutOver)),
    repairLeftovers,
    readContent,
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

/** Answers twice, with the same postmaster: during a first start the image runs another server before the real one (databases.md D18). */
async function waitUntilReady(ctx: EngineContext, component: PostgresComponent): Promise<void> {
  const steady = async (): Promise<true | null> => {
    const container = await ctx.runtime.inspect(component.container);
    if (container.state !== 'running') throw notReady(component, `the container is ${container.state} (exit code ${container.exitCode ?? 'none'})`);
    const first = await postmasterStart(ctx, component, container.id);
    if (first === null) return null;
    await pauseFor(ctx.timing.readinessGapMs, ctx.signal);
    return (await postmasterStart(ctx, component, container.id)) === first ? true : null;
  };
  await waitUntil(steady, { withinMs: ctx.timing.startUpMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => notReady(component, `the database did not answer within ${ctx.timing.startUpMs / 1000} s`));
}

const notReady = (component: PostgresComponent, cause: string): HoldfastFailure =>
  new HoldfastFailure('ContainerNotRunning', { operation: 'wait for the database', object: component.container, cause, hint: `See \`docker logs ${component.container}\` for what keeps it from starting.` });
