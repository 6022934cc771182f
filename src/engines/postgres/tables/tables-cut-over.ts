/**
 * Putting rows back into live tables. Clients are not kept out. The schema of kept rows is the gate: it is made once an approval was given, only the transaction
 * that finds it empty may write, and the same transaction says in its comment that it was carried out. Whoever asks later, after an answer that was lost or a
 * worker that died, reads that; and a late attempt finds no gate where everything was taken back.
 */
import type { Difference } from '../../../domain/content.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { FailureType } from '../../../domain/failures.ts';
import type { PostgresTablesCutOver } from '../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { TableOutcome } from '../../../domain/tables/difference.ts';
import type { EngineContext } from '../../engine-context.ts';
import { placeOf as placeOfDatabase } from '../cut-over.ts';
import { resultOf } from '../server/postgres-helper.ts';
import { queryJson, runPsql } from '../server/psql.ts';
import { tableSql } from '../server/script-text.ts';
import type { ServerPlace } from '../side/side-database.ts';
import { changeTables } from './change-helper.ts';
import { findTables } from './read-definitions.ts';

/** Written before the gate is made: without it, a repair has nothing to look for. */
export const gateKey = (component: string): string => `postgres-tables-gate-${component}`;

interface Gate {
  readonly systemIdentifier: string;
  readonly databaseOid: number;
  readonly state: 'none' | 'begun' | 'done' | 'foreign';
  readonly outcome: readonly TableOutcome[];
}

const gateSql = `SET search_path = '';
${tableSql['functions.sql']}
SELECT json_build_object('systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()), 'databaseOid', (SELECT oid::int8 FROM pg_database WHERE datname = current_database()),
  'state', pg_temp.state(:'kept'),
  'outcome', CASE pg_temp.state(:'kept') WHEN 'done' THEN (SELECT obj_description(oid, 'pg_namespace')::json -> 'tables' FROM pg_namespace WHERE nspname = :'kept') ELSE '[]' END);`;

/** Made in one transaction, or found. Its owner is a superuser and nobody else is granted anything: the rows in it are as well guarded as a backup. */
const beginSql = `SET search_path = '';
SET session_replication_role = replica;
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('holdfast tables ' || :'kept', 0)) \\g /dev/null
SELECT format('CREATE SCHEMA %I', :'kept'), format('COMMENT ON SCHEMA %I IS %L', :'kept', '{"holdfast": "begun"}') WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = :'kept') \\gexec
COMMIT;`;

/** Nothing that is not ours goes with it: not by CASCADE, and no table of another name. */
const dropSql = `SET search_path = '';
${tableSql['functions.sql']}
BEGIN;
SELECT pg_temp.state(:'kept') = :'state' AS is_ours \\gset
\\if :is_ours
SELECT format('DROP TABLE %s', string_agg(c.oid::regclass::text, ', ')) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :'kept' AND c.relkind = 'r' AND c.relname ~ '^rows_[0-9]+$' HAVING count(*) > 0 \\gexec
DROP SCHEMA :"kept";
\\endif
COMMIT;
SELECT pg_temp.state(:'kept');`;

const endSql = 'SELECT count(pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE application_name = :\'name\' AND pid <> pg_backend_pid();';

export const failure = (type: FailureType, operation: string, cutOver: Pick<PostgresTablesCutOver, 'container' | 'database'>, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure(type, { operation, object: `${cutOver.container}/${cutOver.database}`, cause, hint });

/** The server of the cut-over; one that has crashed is started again. */
export const placeOf = (ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<ServerPlace> => placeOfDatabase(ctx, component, cutOver);

/** @throws PlanChanged where server or database is another one than the plan was made for */
export async function readGate(ctx: EngineContext, place: ServerPlace, cutOver: PostgresTablesCutOver): Promise<Gate> {
  const gate = await queryJson<Gate>(ctx, { ...place, database: cutOver.database, operation: 'look at the kept rows', sql: gateSql, variables: { kept: cutOver.kept } });
  if (gate.systemIdentifier === cutOver.systemIdentifier && gate.databaseOid === cutOver.databaseOid) return gate;
  throw failure('PlanChanged', 'look at the kept rows', cutOver, 'the database is another one than the plan was made for', 'It was restored or made anew meanwhile; nothing was changed by this step.');
}

/** The tables are as they were when they were compared, the rows that go in are there. Reads only. @throws PlanChanged */
export async function requireReady(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const operation = 'check what was made ready';
  const place = await placeOf(ctx, component, cutOver);
  const { state } = await readGate(ctx, place, cutOver);
  if (state !== 'none') throw failure('PlanChanged', operation, cutOver, `the schema ${cutOver.kept} is there already`, 'This plan was carried out before. Start again and look at the new plan.');
  const { source } = cutOver;
  const isThere = source.kind === 'files' ? await ctx.runtime.findVolume(source.volume) !== null : (await readGate(ctx, place, { ...cutOver, kept: source.schema })).state === 'done';
  if (!isThere) throw failure('PlanChanged', operation, cutOver, 'the rows that were made ready are gone', 'Start again; nothing was changed.');
  const live = await findTables(ctx, place, cutOver.tables, 'live');
  const altered = cutOver.tables.find(({ definition }, index) => live[index]?.definition !== definition);
  if (altered !== undefined) throw failure('PlanChanged', operation, cutOver, `${altered.schema}.${altered.name} was altered after the plan was made`, 'Nothing was changed. Start again and look at the new plan.');
}

/** Makes the gate. @throws CutOverFailed where somebody else has a schema of that name */
export async function close(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  await ctx.recordOnce(gateKey(component.name), { kept: cutOver.kept });
  if ((await readGate(ctx, place, cutOver)).state === 'none') await runPsql(ctx, { ...place, database: cutOver.database, operation: 'make the schema for kept rows', sql: beginSql, variables: { kept: cutOver.kept } });
  const { state } = await readGate(ctx, place, cutOver);
  if (state === 'foreign' || state === 'none') throw failure('CutOverFailed', 'make the schema for kept rows', cutOver, `${cutOver.kept} is ${state === 'none' ? 'not there' : 'somebody else\'s'}`, 'Look at pg_namespace; nothing was changed.');
}

/** The one transaction; nothing to do where it was carried out. @throws PlanChanged, ForeignKeysBroken, TableLocked, CutOverFailed */
export async function swap(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  const { state } = await readGate(ctx, place, cutOver);
  if (state === 'done') return;
  const { source, exact, kept, tables } = cutOver;
  // The transaction asks again.
  const found = state !== 'begun' ? state : resultOf(await changeTables(ctx, place, { mode: 'merge', source, exact, kept, tables }), 'state').trim();
  if (found !== 'begun' && found !== 'done') throw failure('CutOverFailed', 'put the rows back', cutOver, 'the schema for kept rows is not there any more', 'The run was taken back meanwhile. Nothing was changed; start again.');
}

/** That the transaction was carried out, by its own word. @throws CouldNotVerify */
export async function compareClosed(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<readonly Difference[]> {
  const { state } = await readGate(ctx, await placeOf(ctx, component, cutOver), cutOver);
  if (state === 'done') return [];
  throw failure('CouldNotVerify', 'look whether the rows are back', cutOver, `the transaction is ${state}`, 'What was done is taken back; start again.');
}

/** Nobody was kept out. An undo has used the rows that it put back up: they lie in the live tables now, and go from where they were kept. */
export async function open(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  const { state } = await readGate(ctx, place, cutOver);
  if (state !== 'done') throw failure('AmbiguousState', 'finish putting rows back', cutOver, `the transaction is ${state}`, 'Look at the tables before anything else.');
  if (cutOver.source.kind === 'kept') await dropKept(ctx, place, cutOver, cutOver.source.schema, 'done');
}

/** Before the opening: what was written is taken back, but for rows that somebody has written since. @throws CutOverFailed, ForeignKeysBroken */
export async function rollBack(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  // A killed helper's transaction may be on its way still; it is waited for where it does not end, and finds no gate after this.
  await runPsql(ctx, { ...place, database: null, operation: 'end sessions of the run', sql: endSql, variables: { name: `holdfast-${cutOver.kept.replace(/^holdfast_old_/, '')}` } });
  const { state } = await readGate(ctx, place, cutOver);
  if (state === 'none' || state === 'foreign') return;
  await changeTables(ctx, place, { mode: 'back', source: { kind: 'kept', schema: cutOver.kept }, exact: false, kept: cutOver.kept, tables: cutOver.tables.map((table) => ({ ...table, definition: '' })) });
}

/** Lets the kept rows go; they went with their database where that was dropped. @throws LeftoversRemain where something of somebody else's lies in the schema */
export async function discardRollback(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  try {
    await dropKept(ctx, place, cutOver, cutOver.kept, 'done');
  } catch (error) {
    if (!isFailure(error, 'DatabaseNotFound')) throw error;
  }
}

/** @param state the one in which it may go */
export async function dropKept(ctx: EngineContext, place: ServerPlace, cutOver: Pick<PostgresTablesCutOver, 'container' | 'database'>, kept: string, state: 'begun' | 'done'): Promise<void> {
  const output = await runPsql(ctx, {
    ...place, database: cutOver.database, operation: 'let kept rows go', sql: dropSql, variables: { kept, state }, timeoutMs: ctx.timing.quickActivityMs, otherwise: 'LeftoversRemain',
  });
  if (output.trim().split('\n').at(-1) === state) throw failure('LeftoversRemain', 'let kept rows go', cutOver, `the schema ${kept} is still there`, 'Look at what lies in it.');
}

/** @throws AmbiguousState where it was not carried out */
export async function readOutcome(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresTablesCutOver): Promise<readonly TableOutcome[]> {
  const { state, outcome } = await readGate(ctx, await placeOf(ctx, component, cutOver), cutOver);
  if (state === 'done') return outcome;
  throw failure('AmbiguousState', 'read what was done', cutOver, `the transaction is ${state}`, 'Look at the tables before anything else.');
}
