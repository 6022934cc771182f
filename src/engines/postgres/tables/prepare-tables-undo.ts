/** The rows that a restore of tables replaced, as something to put back. What they replace in turn is kept by this run: an undo can be undone. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresTablesCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { fitOf, refusalOf, tableNotes } from '../../../domain/tables/definition.ts';
import { differenceLines } from '../../../domain/tables/difference.ts';
import { quotedName } from '../../../domain/tables/table-name.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import { look } from '../inspect.ts';
import { asideNameOf } from '../side/side-database.ts';
import { compareTables, figuresNote, mergeSteps, noLoss, pinsOf, refuseUnfit, restoredOf, wantedOf } from './prepare-tables.ts';
import { findTables } from './read-definitions.ts';
import type { FoundTable } from './read-definitions.ts';
import { placeOf, readGate } from './tables-cut-over.ts';

/** Reads only; idempotent. @throws UnknownRollbackCopy, TableUnfit where a table was altered so that the rows do not fit any more, ForeignKeysBroken */
export async function prepareTablesUndo(ctx: EngineContext, component: PostgresComponent, previous: PostgresTablesCutOver): Promise<PreparedComponent> {
  const place = await placeOf(ctx, component, previous);
  await requireKept(ctx, component, previous);
  const live = await findTables(ctx, place, previous.tables, 'live');
  const kept = await findTables(ctx, place, previous.tables.map((_table, index) => ({ schema: previous.kept, name: `rows_${index + 1}` })), 'live', previous.kept);
  refuseUnfit(live.flatMap(({ table }, index) => [refusalOf(table), ...fitOf(asItWas((kept[index] as FoundTable), table.key), table).refusals]));
  const own = asideNameOf(ctx.owner, component.name);
  const source = { kind: 'kept', schema: previous.kept } as const;
  const tables = await compareTables(ctx, place, { mode: 'compare', source, exact: previous.exact, kept: own, tables: wantedOf(live, null) });
  return {
    component: component.name,
    cutOver: { ...pinsOf(place, await look(ctx, place.component, 'restore')), tables: restoredOf(live, null), source, exact: previous.exact, into: null, kept: own },
    compared: { component: component.name, objects: 0, differences: [] },
    notCompared: [{ object: `${previous.container}/${previous.database}, schema ${previous.kept}`, reason: 'the rollback copy is the rows themselves, kept by the transaction that replaced them' }],
    loss: { ...noLoss(component), notes: tables.flatMap(differenceLines) },
    tables, createdRoles: [], notes: [...live.flatMap(({ table }) => tableNotes(table)), figuresNote], steps: mergeSteps(place.component, own, 'put the rows back that the restore replaced, take those out that it brought'),
  };
}

async function requireKept(ctx: EngineContext, component: PostgresComponent, previous: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, previous);
  const fail = (cause: string, hint: string): never => {
    throw new HoldfastFailure('UnknownRollbackCopy', { operation: 'find the kept rows', object: `${previous.container}/${previous.database}, schema ${previous.kept}`, cause, hint });
  };
  if (previous.into !== null) fail(`nothing was replaced: the run made the schema ${previous.into}`, `Drop it when it is not wanted any more: DROP SCHEMA ${quotedName(previous.into)} CASCADE.`);
  const { state } = await readGate(ctx, place, previous);
  if (state !== 'done') fail('the database has no such rows', 'They were accepted away, put back, or the whole database was exchanged since: undo that first.');
}

/** Kept rows have no key of their own, and any column may be empty. */
function asItWas({ table }: FoundTable, key: readonly string[]): FoundTable['table'] {
  return { ...table, key, columns: table.columns.filter(({ name }) => name !== 'holdfast_present') };
}
