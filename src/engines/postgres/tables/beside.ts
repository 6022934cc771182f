/** `--into-schema`: tables as they were, in a new schema of the live database, with their columns, keys, indexes, checks and sequences. No live table is touched. */
import type { Difference } from '../../../domain/content.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresTablesCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { quotedName, tableText } from '../../../domain/tables/table-name.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import { run16 } from '../../../containers/labels.ts';
import type { EngineContext, PreparedComponent } from '../../engine-context.ts';
import type { TablesRequest } from '../../engine.ts';
import { restoreFailure } from '../content/restore-failure.ts';
import { look, lookWithRoom } from '../inspect.ts';
import { noEventTriggers, passwordOf } from '../server/connection.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { psqlVariables } from '../server/psql-variables.ts';
import { queryJson, runPsql } from '../server/psql.ts';
import { scripts, tableSql } from '../server/script-text.ts';
import { asideNameOf } from '../side/side-database.ts';
import type { ServerPlace } from '../side/side-database.ts';
import { filesTarget, membersText, sizeOf, spaceFactor, stagedFiles, stagingVolume } from './as-they-were.ts';
import type { StagedFiles, TableOrigin, TablesAsTheyWere } from './as-they-were.ts';
import { changeFailure } from './change-helper.ts';
import { finishedBefore, noLoss, pinsOf, record, refuseUnfit, refuseWithoutDatabase } from './prepare-tables.ts';
import { findTables } from './read-definitions.ts';
import type { FoundTable } from './read-definitions.ts';
import { failure, placeOf } from './tables-cut-over.ts';

/** The schema's comment, which comes with it in the one transaction: how a later attempt knows its own. */
const commentOf = (run: string): string => `Tables as they were, made by Holdfast (run ${run})`;
const ownComment = ({ kept }: PostgresTablesCutOver): string => commentOf(kept.replace(/^holdfast_old_/, ''));

/** @throws what the origin throws; UnknownTable, TableUnfit where it does not go into one schema of the live database, PlanChanged where the schema is there */
export async function prepareBeside(ctx: EngineContext, component: PostgresComponent, origin: TableOrigin, request: TablesRequest, into: string): Promise<PreparedComponent> {
  const inspection = await lookWithRoom(ctx, component, 'restore');
  const finished = await finishedBefore(ctx, component);
  if (finished !== null) return finished;
  const place: ServerPlace = { containerId: inspection.container.id, component };
  refuseWithoutDatabase(inspection, component);
  if (await schemaState(ctx, place, into, '') !== 'none') throw failure('PlanChanged', 'make the new schema', component, `there is a schema ${into}`, 'Choose another name.');
  const { found, files, rows } = await origin.within(place, inspection, async (from) => {
    const tables = await findTables(ctx, from.place, request.tables, origin.then.kind);
    refuseUnfit([...tables.map(refusalBeside(tables)), ...await unknownTypes(ctx, place, tables)], hintBeside);
    await from.requireWhole?.(tables.map(({ table: { schema, name } }) => ({ schema, name })));
    return { found: tables, ...await dumpTables(ctx, from, tables, into) };
  });
  return record(ctx, component, {
    component: component.name,
    cutOver: { ...pinsOf(place, inspection), tables: found.map(({ table: { schema, name } }) => ({ schema, name, definition: '', columns: [] })), source: files, exact: false, into, kept: asideNameOf(ctx.owner, component.name) },
    compared: { component: component.name, objects: origin.comparedObjects, differences: [] }, notCompared: origin.notCompared, loss: noLoss(component), createdRoles: [], tables: [],
    notes: [
      ...found.map(({ table }, index) => `${tableText(table)}: ${rows[index] ?? '0'} rows as they were come into ${tableText({ schema: into, name: table.name })}.`),
      `The tables in ${into} have their columns, defaults, keys, indexes and checks; no foreign keys, triggers, rules, policies or permissions. The live tables are not touched. A table that is gone comes back with ALTER TABLE ${quotedName(into)}.… SET SCHEMA.`,
    ],
    steps: { close: '', swap: `${component.container}: make the schema ${into} in ${component.database} with these tables as they were, in one transaction`, open: '' },
  });
}

/** Whatever is refused here, a copy of the whole has it. */
const hintBeside = 'Bring back the others without it. A copy of the whole service has it too: holdfast restore --to POINT --into NAME.';

const refusalBeside = (tables: readonly FoundTable[]) => ({ table }: FoundTable): string | null => {
  const text = tableText(table);
  if (table.kind !== 'r' && table.kind !== 'p') return `${text} is no table`;
  if (table.isPartition) return `${text} is a partition: name the partitioned table that it belongs to`;
  if (table.inherits) return `${text} inherits from another table, or another from it`;
  return tables.some((other) => other.table.name === table.name && other.table.schema !== table.schema) ? `two tables are called ${table.name}: bring them back one by one` : null;
};

async function dumpTables(ctx: EngineContext, from: TablesAsTheyWere, tables: readonly FoundTable[], into: string): Promise<{ readonly files: StagedFiles; readonly rows: readonly string[] }> {
  const { place } = from;
  const volume = await stagingVolume(ctx, place.component.name);
  const names = tables.map(({ table: { schema, name } }) => ({ schema, name }));
  const result = await runPostgresHelper(ctx, {
    ...from.helper, component: place.component, step: 'table-dump', database: place.component.database,
    script: scripts.dumpBeside, args: [into, String(Math.ceil(await sizeOf(ctx, place, names) * spaceFactor))], password: await passwordOf(ctx, place.component), phase: 'take the tables aside', mounts: [...from.helper.mounts, { type: 'volume', source: volume, target: filesTarget }],
    files: { ...tableSql, 'request.sql': psqlVariables({ request: JSON.stringify(names), into, comment: commentOf(run16(ctx.owner, place.component.name)) }) },
  });
  if (result.exitCode !== 0) throw dumpFailure(result, place.component.database);
  return { files: { kind: 'files', volume, files: stagedFiles(resultOf(result, 'members')) }, rows: resultOf(result, 'rows').trim().split('\n').map((line) => line.split('|')[1] ?? '') };
}

/** Types of columns that the live database has not: made in a schema, or by an extension, that went with the table. */
async function unknownTypes(ctx: EngineContext, live: ServerPlace, tables: readonly FoundTable[]): Promise<readonly string[]> {
  const types = [...new Set(tables.flatMap(({ table }) => table.columns.map(({ type }) => type)))];
  const unknown = await queryJson<readonly string[]>(ctx, {
    ...live, database: live.component.database, operation: 'look for the types of the columns', variables: { types: JSON.stringify(types) },
    sql: 'SELECT coalesce(json_agg(type), \'[]\') FROM json_array_elements_text(:\'types\'::json) AS type WHERE to_regtype(type) IS NULL;',
  });
  return tables.flatMap(({ table }) => table.columns.filter(({ type }) => unknown.includes(type)).map(({ name, type }) => `column ${name} of ${tableText(table)} is of the type ${type}, which the live database does not have`));
}

/** In one schema a name is that of one table, index or sequence; partitions and indexes of several tables, or of several schemas, come together there. */
function dumpFailure(result: HelperResult, database: string): HoldfastFailure {
  const { step, messages } = failedStep(result);
  if (step !== 'move' || !/already exists in schema/.test(messages)) return restoreFailure(result, database, 'take the tables aside');
  return new HoldfastFailure('TableUnfit', { operation: 'bring the tables into one schema', object: 'the tables named', cause: `two things of them have one name: ${firstError(messages)}`, hint: `Tables of several schemas go one by one. ${hintBeside}` });
}

type SchemaState = 'none' | 'ours' | 'foreign';

async function schemaState(ctx: EngineContext, place: ServerPlace, schema: string, comment: string): Promise<SchemaState> {
  return (await runPsql(ctx, {
    ...place, database: place.component.database, operation: 'look for the new schema', variables: { schema, comment },
    sql: 'SELECT coalesce((SELECT CASE WHEN obj_description(oid, \'pg_namespace\') = :\'comment\' THEN \'ours\' ELSE \'foreign\' END FROM pg_catalog.pg_namespace WHERE nspname = :\'schema\'), \'none\');',
  })).trim() as SchemaState;
}

const stateOf = (ctx: EngineContext, place: ServerPlace, cutOver: PostgresTablesCutOver): Promise<SchemaState> => schemaState(ctx, place, cutOver.into ?? '', ownComment(cutOver));

/** @throws PlanChanged */
export async function requireReady(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const operation = 'check what was made ready';
  if (await stateOf(ctx, await placeOf(ctx, component, cutOver), cutOver) !== 'none') throw failure('PlanChanged', operation, cutOver, `there is a schema ${cutOver.into ?? ''} now`, 'Nothing was changed. Start again with another name.');
  if (cutOver.source.kind !== 'files' || await ctx.runtime.findVolume(cutOver.source.volume) === null) throw failure('PlanChanged', operation, cutOver, 'the tables that were made ready are gone', 'Start again; nothing was changed.');
}

/** One transaction; nothing to do where it was carried out. @throws PlanChanged, CutOverFailed */
export async function swap(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  const state = await stateOf(ctx, place, cutOver);
  if (state === 'ours') return;
  if (state === 'foreign' || cutOver.source.kind !== 'files') throw failure('PlanChanged', 'make the new schema', cutOver, `there is a schema ${cutOver.into ?? ''}`, 'Nothing was changed. Start again with another name.');
  try {
    await restoreBeside(ctx, place, cutOver, cutOver.source);
  } catch (error) {
    // Two attempts at once: the other one was quicker, and what it made is what this one would have made.
    if (!isFailure(error, 'CutOverFailed') || await stateOf(ctx, place, cutOver) !== 'ours') throw error;
  }
}

/** pg_restore takes a name with "=" in it for connection parameters. */
const connectionText = (database: string): string => `dbname='${database.replace(/[\\']/g, '\\$&')}'`;

async function restoreBeside(ctx: EngineContext, place: ServerPlace, cutOver: PostgresTablesCutOver, source: StagedFiles): Promise<void> {
  const { container, server } = await look(ctx, place.component, 'backup');
  const result = await runPostgresHelper(ctx, {
    component: place.component, step: 'table-beside', imageId: container.imageId, network: `container:${container.id}`, port: server.port, majorVersion: server.majorVersion, database: cutOver.database,
    script: scripts.restoreBeside, args: [connectionText(cutOver.database)], password: await passwordOf(ctx, place.component), phase: 'make the new schema',
    settings: noEventTriggers(server.majorVersion), mounts: [{ type: 'volume', source: source.volume, target: '/source', readOnly: true }], files: { 'expected.members': membersText(source.files) },
  });
  if (result.exitCode !== 0) throw changeFailure(result, `${cutOver.container}/${cutOver.database}`, 'make the new schema');
}

/** @throws CouldNotVerify */
export async function compareClosed(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<readonly Difference[]> {
  if (await stateOf(ctx, await placeOf(ctx, component, cutOver), cutOver) === 'ours') return [];
  throw failure('CouldNotVerify', 'look for the new schema', cutOver, `${cutOver.into ?? ''} is not there, or not of this run`, 'Start again.');
}

/** Before the run's end: what it made goes, and nothing else does. */
export async function rollBack(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  if (await stateOf(ctx, place, cutOver) !== 'ours') return;
  await runPsql(ctx, { ...place, database: cutOver.database, operation: 'take the new schema away', sql: 'SET session_replication_role = replica;\nDROP SCHEMA :"schema" CASCADE;', variables: { schema: cutOver.into ?? '' }, timeoutMs: ctx.timing.quickActivityMs });
  if (await stateOf(ctx, place, cutOver) === 'ours') throw new HoldfastFailure('LeftoversRemain', { operation: 'take the new schema away', object: cutOver.into ?? '', cause: 'it is still there', hint: 'Drop it by hand.' });
}
