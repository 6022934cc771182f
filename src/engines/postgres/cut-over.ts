/**
 * Exchanging the live database for the prepared one by their names. Every step reads the state by OID first, so that it can be run twice, and
 * killed anywhere: between the steps the live name always resolves, to the old data or, after the exchange, to the new.
 *
 * Equality is established closed: `prepare` shuts the side database while its own reading sessions are inside, and compares then. A closed
 * database cannot be entered even by us, so nothing is read again here; instead the exchange demands, in its own transaction, that the side
 * database's row has the xmin it got when it was closed. Opening it in between would have changed that.
 */
import { toldToEndAtStart } from '../../containers/ended-by-others.ts';
import { waitUntil } from '../../containers/wait-until.ts';
import type { ComponentBackup } from '../../domain/backup-manifest.ts';
import type { Difference } from '../../domain/content.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import type { FailureType } from '../../domain/failures.ts';
import type { PostgresDatabaseCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import { runningContainer } from './inspect.ts';
import { runPsql } from './server/psql.ts';
import { statements } from './server/script-text.ts';
import { readCutOver } from './side/database-state.ts';
import type { CutOverReading } from './side/database-state.ts';
import { dropDatabase } from './side/side-database.ts';
import type { ServerPlace } from './side/side-database.ts';
import { waitUntilReady } from './wait-until-ready.ts';

/**
 * The server that a cut-over is about; its identity is compared with each reading. One that has crashed is started again: in a cut-over its
 * restart policy is set aside, so that nobody else does. @throws ContainerNotFound, ContainerNotRunning, DatabaseUnreachable
 */
export async function placeOf(ctx: EngineContext, component: PostgresComponent, cutOver: Pick<PostgresDatabaseCutOver, 'container' | 'database'>): Promise<ServerPlace> {
  const found = await ctx.runtime.inspect(cutOver.container);
  if (found.state === 'exited') {
    await ctx.runtime.start(found.id);
    await waitUntilReady(ctx, { ...component, container: cutOver.container }, toldToEndAtStart);
  }
  const container = await runningContainer(ctx, { container: cutOver.container });
  return { containerId: container.id, component: { ...component, database: cutOver.database, container: cutOver.container } };
}

const variablesOf = (cutOver: PostgresDatabaseCutOver): Record<string, string | number> =>
  ({ live_oid: cutOver.liveOid, side_oid: cutOver.sideOid, database: cutOver.database, aside: cutOver.asideName, side: cutOver.sideName, xmin: cutOver.sideXmin ?? '' });

const failure = (type: FailureType, operation: string, cutOver: PostgresDatabaseCutOver, cause: string, hint: string): HoldfastFailure =>
  new HoldfastFailure(type, { operation, object: `${cutOver.container}/${cutOver.database}`, cause, hint });

const described = (reading: CutOverReading): string =>
  reading.all.length === 0 ? 'none of the databases exists' : `found ${reading.all.map((each) => `${each.name} (OID ${each.oid}, ${each.open ? 'open' : 'closed'})`).join(', ')}`;

const ambiguous = (operation: string, cutOver: PostgresDatabaseCutOver, reading: CutOverReading): HoldfastFailure =>
  failure('AmbiguousState', operation, cutOver, described(reading), `Expected ${cutOver.database} to be OID ${cutOver.liveOid} or ${cutOver.sideOid}; look at pg_database before anything else.`);

/** The names and OIDs are those the cut-over starts from, and the prepared database is closed as it was left. Reads only. @throws PlanChanged */
export async function requireReady(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver): Promise<void> {
  const operation = 'check what was made ready';
  const reading = await readCutOver(ctx, await placeOf(ctx, component, cutOver), cutOver);
  if (reading.state !== 'before') throw failure('PlanChanged', operation, cutOver, `${cutOver.database} is not the database that the plan was made for: ${described(reading)}`, 'Nothing was changed. Start again and look at the new plan.');
  requireUntouched(reading, operation, cutOver);
}

/** @throws PlanChanged where the prepared database is gone, open, or was altered since it was closed */
function requireUntouched({ side }: CutOverReading, operation: string, cutOver: PostgresDatabaseCutOver): void {
  if (side !== null && !side.open && (cutOver.sideXmin === null || side.xmin === cutOver.sideXmin)) return;
  throw failure('PlanChanged', operation, cutOver, 'the prepared database is gone or was opened or altered after it was compared', 'Start again; nothing was exchanged.');
}

/** The next transaction id that the server will give out: ids are spent by writing alone. Null of a server that was stopped, by a cut-over above all, or crashes: it gives out none. */
export async function writeMark(ctx: EngineContext, component: PostgresComponent): Promise<string | null> {
  if ((await ctx.runtime.inspect(component.container)).state !== 'running') return null;
  const container = await runningContainer(ctx, component);
  return (await runPsql(ctx, { containerId: container.id, component, database: null, operation: 'read the transaction counter', sql: 'SELECT pg_snapshot_xmax(pg_current_snapshot());' })).trim();
}

/** No new clients, and the old ones ended. Nothing to do once the names are exchanged. @throws CutOverFailed, AmbiguousState, LogicalSlotsInTheWay, PreparedTransactionsInTheWay */
export async function close(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver): Promise<void> {
  const operation = 'keep clients out';
  const place = await placeOf(ctx, component, cutOver);
  const before = await readCutOver(ctx, place, cutOver);
  if (before.state === 'after' || (before.state === 'before' && cutOver.liveOid === 0)) return;
  if (before.state === 'other') throw ambiguous(operation, cutOver, before);
  if ((before.live?.slots.length ?? 0) > 0) throw failure('LogicalSlotsInTheWay', operation, cutOver, `slots ${before.live?.slots.join(', ')} hang on the live database`, 'Drop them, then start again.');
  await waitUntil(async () => {
    await runPsql(ctx, { ...place, database: null, operation, sql: statements['close-live.sql'], variables: variablesOf(cutOver) });
    const now = await readCutOver(ctx, place, cutOver);
    if ((now.live?.prepared ?? 0) > 0) throw failure('PreparedTransactionsInTheWay', operation, cutOver, `${now.live?.prepared} prepared transactions are open`, 'Commit or roll them back, then start again.');
    return now.live?.open === false && now.live.sessions === 0 ? true : null;
  }, { withinMs: ctx.timing.fenceMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => failure('CutOverFailed', operation, cutOver, 'sessions stayed in the database', 'See pg_stat_activity for who does not let go.'));
}

/** Both names in one transaction, still closed. @throws CutOverFailed, AmbiguousState */
export async function swap(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver): Promise<void> {
  const operation = 'exchange the databases';
  const place = await placeOf(ctx, component, cutOver);
  await waitUntil(async () => {
    const before = await readCutOver(ctx, place, cutOver);
    if (before.state === 'after') return true;
    if (before.state === 'other') throw ambiguous(operation, cutOver, before);
    requireUntouched(before, operation, cutOver);
    return (await exchanged(ctx, place, cutOver, operation)) ? true : null;
  }, { withinMs: ctx.timing.fenceMs, everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => failure('CutOverFailed', operation, cutOver, 'the databases stayed in use', 'See pg_stat_activity for who does not let go.'));
}

/** False where a session was still on its way out (SQLSTATE 55006): worth asking again. */
async function exchanged(ctx: EngineContext, place: ServerPlace, cutOver: PostgresDatabaseCutOver, operation: string): Promise<boolean> {
  try {
    const output = await runPsql(ctx, { ...place, database: null, operation, sql: statements['swap.sql'], variables: variablesOf(cutOver) });
    return output.trim().endsWith('done');
  } catch (error) {
    if (isStillInUse(error)) return false;
    throw error;
  }
}

const isStillInUse = (error: unknown): error is HoldfastFailure => isFailure(error, 'CutOverFailed') && error.fields.cause.includes('is being accessed by other users');

/** That what bears the live name is what was compared closed, and closed still. Nothing is to be opened otherwise. @throws CouldNotVerify */
export async function compareClosed(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver, _backup: ComponentBackup | null): Promise<readonly Difference[]> {
  const reading = await readCutOver(ctx, await placeOf(ctx, component, cutOver), cutOver);
  if (reading.state === 'after' && reading.side !== null && !reading.side.open && reading.side.sessions === 0) return [];
  throw failure('CouldNotVerify', 'compare before the opening', cutOver, described(reading), 'The exchange is rolled back; start the restore again.');
}

/** Lets clients in. @throws AmbiguousState */
export async function open(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver): Promise<void> {
  const place = await placeOf(ctx, component, cutOver);
  await runPsql(ctx, { ...place, database: null, operation: 'open the database', sql: statements['open.sql'], variables: variablesOf(cutOver) });
  const reading = await readCutOver(ctx, place, cutOver);
  if (reading.state !== 'after' || reading.side?.open !== true) throw ambiguous('open the database', cutOver, reading);
}

/**
 * Before the opening: the old names and the old data open, from whatever state. Where somebody else has dropped or renamed the live database
 * meanwhile and no exchange of ours took place, there is nothing to take back. @throws AmbiguousState when it was opened already, DatabaseUnreachable while somebody is still on his way out of it
 */
export async function rollBack(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver): Promise<readonly string[]> {
  const operation = 'roll the exchange back';
  const place = await placeOf(ctx, component, cutOver);
  const output = await runPsql(ctx, { ...place, database: null, operation, sql: statements['roll-back.sql'], variables: { ...variablesOf(cutOver), open: cutOver.liveAllowedConnections } }).catch((error: unknown) => {
    // There is no other way than back.
    throw isStillInUse(error) ? new HoldfastFailure('DatabaseUnreachable', { ...error.fields, hint: 'See pg_stat_activity for who does not let go; the step is tried again.' }) : error;
  });
  const reading = await readCutOver(ctx, place, cutOver);
  const liveOpen = reading.live === null || reading.live.open || reading.live.open === cutOver.liveAllowedConnections;
  const ours = reading.side?.name === cutOver.database || (cutOver.liveOid !== 0 && reading.live?.name === cutOver.asideName);
  if (!output.trim().endsWith('done') || ours || !liveOpen) throw ambiguous(operation, cutOver, reading);
  return [];
}

/** Drops the replaced database for good. Refuses where its OID bears any other name than the one it was set aside under. @throws AmbiguousState */
export async function discardRollback(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver): Promise<void> {
  if (cutOver.liveOid === 0) return;
  const place = await placeOf(ctx, component, cutOver);
  const before = await readCutOver(ctx, place, cutOver);
  if (before.live === null) return;
  if (before.live.name !== cutOver.asideName || cutOver.asideName === cutOver.database) throw ambiguous('let the rollback copy go', cutOver, before);
  await dropDatabase(ctx, place, cutOver.asideName, cutOver.liveOid);
  const after = await readCutOver(ctx, place, cutOver);
  if (after.live !== null) throw failure('LeftoversRemain', 'let the rollback copy go', cutOver, `${cutOver.asideName} is still there`, 'Try again; see the server\'s log.');
}
