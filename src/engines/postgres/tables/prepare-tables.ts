/** Rows as they were, taken aside and compared with the live tables. Nothing live changes: what the comparison writes are temporary tables of its own session. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresTablesCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { fitOf, refusalOf, tableNotes } from '../../../domain/tables/definition.ts';
import type { TableDefinition, Then } from '../../../domain/tables/definition.ts';
import { keysMayShow } from '../../../domain/tables/difference.ts';
import type { TableDifference } from '../../../domain/tables/difference.ts';
import { tableText } from '../../../domain/tables/table-name.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import type { TablesRequest } from '../../engine.ts';
import { lookWithRoom } from '../inspect.ts';
import type { Inspection } from '../inspect.ts';
import { resultOf } from '../server/postgres-helper.ts';
import { asideNameOf } from '../side/side-database.ts';
import type { ServerPlace } from '../side/side-database.ts';
import { exportTables } from './as-they-were.ts';
import type { StagedFiles, TableOrigin, TablesAsTheyWere } from './as-they-were.ts';
import { changeTables } from './change-helper.ts';
import type { TableChange } from './change-helper.ts';
import { findTables } from './read-definitions.ts';
import type { FoundTable } from './read-definitions.ts';

export const preparedTablesKey = (component: string): string => `postgres-tables-prepared-${component}`;

/** @throws what `inspect` throws; UnknownTable, TableUnfit, ForeignKeysBroken and what the origin throws */
export async function prepareTables(ctx: EngineContext, component: PostgresComponent, origin: TableOrigin, request: TablesRequest): Promise<PreparedComponent> {
  const inspection = await lookWithRoom(ctx, component, 'restore');
  const finished = await finishedBefore(ctx, component);
  if (finished !== null) return finished;
  const place: ServerPlace = { containerId: inspection.container.id, component };
  refuseWithoutDatabase(inspection, component);
  // What can be refused is refused before a whole copy is made for it.
  const live = await findTables(ctx, place, request.tables, 'live');
  refuseUnfit(live.map(({ table }) => refusalOf(table)));
  const taken = await origin.within(place, inspection, (from) => takeAside(ctx, from, live, origin.then));
  const prepared = await preparedFrom(ctx, place, inspection, live, taken, request.exact, origin.then);
  return record(ctx, component, { ...prepared, notCompared: origin.notCompared, compared: { component: component.name, objects: origin.comparedObjects, differences: [] } });
}

/** An earlier attempt's; its files are looked for again before anything is done with them. */
export const finishedBefore = async (ctx: EngineContext, component: PostgresComponent): Promise<PreparedComponent | null> =>
  (await ctx.readNote(preparedTablesKey(component.name)) as PreparedComponent | undefined) ?? null;

export async function record(ctx: EngineContext, component: PostgresComponent, prepared: PreparedComponent): Promise<PreparedComponent> {
  await ctx.recordOnce(preparedTablesKey(component.name), prepared);
  return prepared;
}

export function refuseWithoutDatabase({ server }: Inspection, component: PostgresComponent): void {
  if (server.databaseOid !== 0) return;
  throw new HoldfastFailure('DatabaseNotFound', { operation: 'look at the tables', object: `${component.container}/${component.database}`, cause: 'the server has no database of that name', hint: 'Restore the whole of it: without --table.' });
}

const hintInto = 'Bring the table back beside the live one instead: --into-schema NAME; from there rows can be copied by hand.';

export function refuseUnfit(reasons: readonly (string | null)[], hint: string = hintInto): void {
  const [first, ...others] = reasons.filter((reason) => reason !== null);
  if (first === undefined) return;
  throw new HoldfastFailure('TableUnfit', {
    operation: 'fit the rows into the live tables', object: 'the tables named', cause: [first, ...others].slice(0, 5).join('; '), hint,
  });
}

/** Rows in files, with the columns of each table in the order of its file. */
export interface TakenAside {
  readonly source: StagedFiles;
  readonly columns: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** From wherever they are as they were: the very same tables, if their shapes fit. @throws UnknownTable, TableUnfit */
export async function takeAside(ctx: EngineContext, from: TablesAsTheyWere, live: readonly FoundTable[], then: Then): Promise<TakenAside> {
  const names = live.map(({ table: { schema, name } }) => ({ schema, name }));
  const before = await findTables(ctx, from.place, names, then.kind);
  const fits = live.map(({ table }, index) => fitOf((before[index] as FoundTable).table, table, then));
  refuseUnfit(fits.flatMap(({ refusals }) => refusals));
  await from.requireWhole?.(names);
  const source = await exportTables(ctx, from, names.map((name, index) => ({ ...name, columns: fits[index]?.columns ?? [] })));
  return { source, columns: fits.map(({ columns }) => columns), notes: fits.flatMap(({ notes }) => notes) };
}

async function preparedFrom(ctx: EngineContext, place: ServerPlace, inspection: Inspection, live: readonly FoundTable[], taken: TakenAside, exact: boolean, then: Then): Promise<Omit<PreparedComponent, 'compared'>> {
  const { component } = place;
  const kept = asideNameOf(ctx.owner, component.name);
  const { source, columns, notes } = taken;
  const tables = await compareTables(ctx, place, { mode: 'compare', source, exact, kept, tables: wantedOf(live, columns) });
  return {
    component: component.name,
    cutOver: { ...pinsOf(place, inspection), tables: restoredOf(live, columns), source, exact, into: null, kept },
    notCompared: [], loss: noLoss(component), tables, createdRoles: [], notes: [...notes, ...live.flatMap(({ table }) => tableNotes(table, then)), figuresNote],
    steps: mergeSteps(component, kept, exact ? `put the rows of ${then.it} in, take those out that it does not have (--exact)` : `put the rows of ${then.it} in, leave those that it does not have`),
  };
}

export const pinsOf = (place: ServerPlace, { container, server, volume }: Pick<Inspection, 'container' | 'server' | 'volume'>) => ({
  engine: 'postgres', method: 'tables', component: place.component.name, container: place.component.container, containerId: container.id, systemIdentifier: server.systemIdentifier, volume,
  database: place.component.database, databaseOid: server.databaseOid,
} as const satisfies Partial<PostgresTablesCutOver>);

export const restoredOf = (live: readonly FoundTable[], columns: readonly (readonly string[])[] | null): PostgresTablesCutOver['tables'] =>
  live.map(({ definition, table: { schema, name } }, index) => ({ schema, name, definition, columns: columns?.[index] ?? [] }));

export const wantedOf = (live: readonly FoundTable[], columns: readonly (readonly string[])[] | null): TableChange['tables'] =>
  restoredOf(live, columns).map((table, index) => ({ ...table, showKeys: keysMayShow(keyTypes(live[index]?.table)) }));

const keyTypes = (table: TableDefinition | undefined): readonly string[] => (table?.key ?? []).map((name) => plainType(table?.columns.find((column) => column.name === name)?.type ?? ''));

/** Without its precision: `timestamp(3) with time zone`. */
const plainType = (type: string): string => type.replace(/\(\d+\)/, '');

interface Comparison {
  readonly tables: readonly Pick<TableDifference, 'missing' | 'changed' | 'extra' | 'keys'>[];
  readonly dangling: readonly string[];
}

/** @throws ForeignKeysBroken where it can be told already that the transaction would be taken back, and what the helper throws */
export async function compareTables(ctx: EngineContext, place: ServerPlace, change: TableChange): Promise<readonly TableDifference[]> {
  const { tables, dangling } = JSON.parse(resultOf(await changeTables(ctx, place, change), 'differences')) as Comparison;
  if (dangling.length > 0) {
    throw new HoldfastFailure('ForeignKeysBroken', {
      operation: 'look at the foreign keys', object: `${place.component.container}/${place.component.database}`, cause: dangling.slice(0, 5).join('; '),
      hint: 'Nothing was changed. Restore the other table with it: --table may be given several times.',
    });
  }
  return change.tables.map((table, index) => ({ table: tableText(table), extraGo: change.exact || change.source.kind === 'kept', ...tables[index] as Comparison['tables'][number] }));
}

/** Clients go on while somebody reads the plan. */
export const figuresNote = 'The figures are of now: rows that are written until the transaction begins are treated alike, and kept like all that is replaced.';

/** Rows that are replaced are counted, and kept: nothing is lost by time. */
export const noLoss = ({ name }: PostgresComponent): PreparedComponent['loss'] => ({ component: name, after: new Date(0).toISOString(), seconds: 0, transactions: null, notes: [] });

export const mergeSteps = ({ container, database }: PostgresComponent, kept: string, what: string): PreparedComponent['steps'] => ({
  close: `${container}: make the schema ${kept} in ${database}, for the rows as they are now`,
  swap: `${container}: in one transaction, while clients read on and writers wait: keep what is replaced in ${kept}, ${what}, check every foreign key from and to these tables`,
  open: '',
});
