/**
 * Roles that the dump names and the server lacks. Made so that it can be restored; dropped again where the run ends without a cut-over, and made
 * what they were after one (complete-restore.ts).
 */
import { run16 } from '../../../containers/labels.ts';
import type { RoleFacts } from '../../../domain/backup-manifest.ts';
import type { RunOwner } from '../../../domain/run-owner.ts';
import type { EngineContext } from '../../engine-context.ts';
import { queryJson, runPsql } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';
import type { ServerPlace } from './side-database.ts';

export const rolesNoteKey = (component: string): string => `postgres-roles-${component}`;

/** The comment that tells a role of ours from one that somebody created meanwhile. */
const markOf = (owner: RunOwner, component: string): string => `created by Holdfast for run ${run16(owner, component)}`;

/** All roles of a server, and those that this run created and has not completed. */
export async function readRoles(ctx: EngineContext, place: ServerPlace): Promise<{ readonly existing: readonly string[]; readonly ours: readonly string[] }> {
  return queryJson(ctx, {
    ...place, database: null, operation: 'read the roles', variables: { mark: markOf(ctx.owner, place.component.name) },
    sql: 'SELECT json_build_object(\'existing\', json_agg(rolname), \'ours\', coalesce(json_agg(rolname) FILTER (WHERE shobj_description(oid, \'pg_authid\') = :\'mark\'), \'[]\')) FROM pg_catalog.pg_roles;',
  });
}

/**
 * Creates what is missing, without login, password or membership; answers all that this run created, also in an earlier attempt. That it does
 * so is written down first. A role that exists is never altered.
 */
export async function createMissingRoles(ctx: EngineContext, place: ServerPlace, wanted: readonly RoleFacts[]): Promise<readonly string[]> {
  const roles = await readRoles(ctx, place);
  const missing = wanted.filter((role) => role.referenced && !roles.existing.includes(role.name)).map((role) => role.name);
  if (missing.length === 0) return roles.ours;
  await ctx.recordOnce(rolesNoteKey(place.component.name), missing);
  await createRoles(ctx, place, missing.map((name) => ({ name, superuser: false })), markOf(ctx.owner, place.component.name));
  return [...roles.ours, ...missing].sort();
}

/** Creates the roles that do not exist; one transaction. */
export async function createRoles(ctx: EngineContext, place: ServerPlace, roles: readonly { readonly name: string; readonly superuser: boolean }[], mark: string): Promise<void> {
  if (roles.length === 0) return;
  await runPsql(ctx, { ...place, database: null, operation: 'create missing roles', sql: statements['roles.sql'], variables: { roles: JSON.stringify(roles), mark } });
}

/** Drops a run's roles where nothing needs them; answers those that remain. Idempotent. */
export async function dropCreatedRoles(ctx: EngineContext, place: ServerPlace, owner: RunOwner): Promise<readonly string[]> {
  return queryJson(ctx, { ...place, database: null, operation: 'drop roles of ours', sql: statements['drop-roles.sql'], variables: { mark: markOf(owner, place.component.name) } });
}
