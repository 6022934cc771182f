/** The engine with single tables: whatever is about a cut-over of tables is done here, all else by the engine that it is put around. */
import type { ComponentCutOver, PostgresTablesCutOver } from '../../../domain/rollback.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import type { DatabaseEngine, TablesEngine, TablesRequest } from '../../engine.ts';
import { runningContainer } from '../inspect.ts';
import { asideNameOf } from '../side/side-database.ts';
import type { TableOrigin } from './as-they-were.ts';
import * as beside from './beside.ts';
import { prepareFromMoment } from './moment-source.ts';
import { prepareTables } from './prepare-tables.ts';
import { prepareTablesUndo } from './prepare-tables-undo.ts';
import { dumpOrigin } from './side-source.ts';
import * as rows from './tables-cut-over.ts';

type PostgresEngine = DatabaseEngine<PostgresComponent>;
type Step<Rest extends readonly unknown[], T> = (ctx: EngineContext, component: PostgresComponent, cutOver: ComponentCutOver, ...rest: Rest) => Promise<T>;
type OwnStep<T> = (ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver) => Promise<T>;

const ownOf = (cutOver: ComponentCutOver): PostgresTablesCutOver | null => (cutOver.engine === 'postgres' && cutOver.method === 'tables' ? cutOver : null);

/** `own` for a cut-over of tables, the engine's step for any other. */
function either<Rest extends readonly unknown[], T>(step: Step<Rest, T>, own: OwnStep<T>): Step<Rest, T> {
  return (ctx, component, cutOver, ...rest) => {
    const tables = ownOf(cutOver);
    return tables === null ? step(ctx, component, cutOver, ...rest) : own(ctx, component, tables);
  };
}

/** Rows into live tables, or a schema beside them. */
const split = <T>(intoTables: OwnStep<T>, besideThem: OwnStep<T>): OwnStep<T> => (ctx, component, cutOver) => (cutOver.into === null ? intoTables : besideThem)(ctx, component, cutOver);

const nothing = async (): Promise<void> => undefined;
/** What is taken back in a server that answers leaves nothing to tell. */
const wholly = (step: OwnStep<void>): OwnStep<readonly string[]> => async (...given) => {
  await step(...given);
  return [];
};

export function withTables(engine: PostgresEngine): PostgresEngine {
  return {
    ...engine,
    tables,
    prepareUndo: either(engine.prepareUndo, prepareTablesUndo),
    // The files lie in a volume of the run's, which goes with it; the side database went when they were written.
    discardPrepared: either(engine.discardPrepared, nothing),
    requireReady: either(engine.requireReady, split(rows.requireReady, beside.requireReady)),
    close: either(engine.close, split(rows.close, nothing)),
    swap: either(engine.swap, split(rows.swap, beside.swap)),
    compareClosed: either(engine.compareClosed, split(rows.compareClosed, beside.compareClosed)),
    open: either(engine.open, split(rows.open, nothing)),
    rollBack: either(engine.rollBack, wholly(split(rows.rollBack, beside.rollBack))),
    discardRollback: either(engine.discardRollback, split(rows.discardRollback, nothing)),
    completeRestore: async (ctx, component, cutOver, ...rest) => (ownOf(cutOver) === null ? engine.completeRestore(ctx, component, cutOver, ...rest) : []),
    repairLeftovers: async (ctx, component, run) => [...await dropLateGate(ctx, component, run), ...await engine.repairLeftovers(ctx, component, run)],
  };
}

/** A gate that a late attempt made after everything was taken back. One that a record names is kept: a run is half-way through it, or done. */
async function dropLateGate(ctx: EngineContext, component: PostgresComponent, run: Parameters<PostgresEngine['repairLeftovers']>[2]): Promise<readonly string[]> {
  if (run.notes[rows.gateKey(component.name)] === undefined) return [];
  const kept = asideNameOf(run.owner, component.name);
  if (run.kept.some((cutOver) => ownOf(cutOver)?.kept === kept)) return [];
  const { id } = await runningContainer(ctx, component);
  await rows.dropKept(ctx, { containerId: id, component }, component, kept, 'begun');
  return [];
}

const prepareEither = (ctx: EngineContext, component: PostgresComponent, request: TablesRequest) => (origin: TableOrigin): Promise<PreparedComponent> =>
  (request.into === null ? prepareTables(ctx, component, origin, request) : beside.prepareBeside(ctx, component, origin, request, request.into));

const tables: TablesEngine<PostgresComponent> = {
  prepare: async (ctx, component, backup, source, request) => {
    if (backup.engine !== 'postgres' || backup.method !== 'dump') {
      throw new HoldfastFailure('InvalidInput', { operation: 'restore tables', object: backup.component, cause: 'the backup is a copy of the whole server, not a dump', hint: 'Name a dump (holdfast list), or its end as a moment: holdfast restore --to backup:ID --table NAME.' });
    }
    return prepareEither(ctx, component, request)(dumpOrigin(ctx, backup, source));
  },
  prepareFromMoment: (ctx, component, recovery, request) => prepareFromMoment(ctx, component, recovery, prepareEither(ctx, component, request)),
  readOutcome: async (ctx, component, cutOver) => {
    const own = ownOf(cutOver);
    if (own === null || own.into !== null) return [];
    return rows.readOutcome(ctx, component, own);
  },
};
