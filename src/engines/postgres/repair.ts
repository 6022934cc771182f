/** Taking away what a run made beside the live database and no cut-over uses. */
import { run16 } from '../../containers/labels.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ComponentCutOver, PostgresDatabaseCutOver } from '../../domain/rollback.ts';
import type { RunOwner } from '../../domain/run-owner.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import { placeOf } from './cut-over.ts';
import { runningContainer } from './inspect.ts';
import { madeNoteKey } from './prepare.ts';
import { runPsql } from './server/psql.ts';
import { readDatabases } from './side/database-state.ts';
import { dropCreatedRoles, rolesNoteKey } from './side/restored-roles.ts';
import { asideNameOf, dropDatabase, sideNameOf } from './side/side-database.ts';
import type { ServerPlace } from './side/side-database.ts';

/** Drops the prepared database under its scratch name, and the roles made for it. One that bears any other name stays: it is live, or a rollback copy. */
export async function discardPrepared(ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver): Promise<void> {
  if (cutOver.sideName !== sideNameOf(ctx.owner, component.name)) return;
  const place = await placeOf(ctx, component, cutOver);
  await dropDatabase(ctx, place, cutOver.sideName, cutOver.sideOid);
  await dropCreatedRoles(ctx, place, ctx.owner);
}

export interface EndedRun {
  readonly owner: RunOwner;
  readonly notes: Readonly<Record<string, unknown>>;
  readonly kept: readonly ComponentCutOver[];
}

/** Idempotent; answers a line per thing that went. @throws LeftoversRemain where the server cannot be asked or something stays */
export async function repairLeftovers(ctx: EngineContext, component: PostgresComponent, run: EndedRun): Promise<readonly string[]> {
  // A run that wrote neither note has made nothing on a server.
  if (run.notes[madeNoteKey(component.name)] === undefined && run.notes[rolesNoteKey(component.name)] === undefined) return [];
  const name = sideNameOf(run.owner, component.name);
  const kept = run.kept.filter((cutOver) => cutOver.engine === 'postgres' && cutOver.method === 'database' && cutOver.sideName === name);
  // What the run's own record names is a matter of its cut-over: in the midst of it, or done.
  if (kept.length > 0) return [];
  const container = await runningContainer(ctx, component);
  const place = { containerId: container.id, component };
  const dropped = await dropSide(ctx, place, run.owner, name);
  const roles = await dropCreatedRoles(ctx, place, run.owner);
  if (roles.length === 0) return dropped;
  throw new HoldfastFailure('LeftoversRemain', { operation: 'drop roles of an ended run', object: component.container, cause: `${roles.join(', ')} are still referred to`, hint: 'See pg_shdepend for what uses them; drop them by hand.' });
}

async function dropSide(ctx: EngineContext, place: ServerPlace, owner: RunOwner, name: string): Promise<readonly string[]> {
  const { component } = place;
  await endSessions(ctx, place, owner);
  const { databases } = await readDatabases(ctx, place, { database: component.database, liveOid: 0, sideOid: 0, sideName: name, asideName: asideNameOf(owner, component.name) });
  const side = databases.find((each) => each.name === name);
  if (side === undefined) return [];
  await dropDatabase(ctx, place, name, side.oid);
  return [`${component.container}: database ${name}`];
}

/** A helper that was killed may leave a backend that has not noticed yet (databases.md D6). */
async function endSessions(ctx: EngineContext, place: ServerPlace, owner: RunOwner): Promise<void> {
  await runPsql(ctx, {
    ...place, database: null, operation: 'end sessions of an ended run',
    sql: 'SELECT count(pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE application_name = :\'name\' AND pid <> pg_backend_pid();',
    variables: { name: `holdfast-${run16(owner, place.component.name)}` },
  });
}
