/** Roles that a run made so that its dump could be restored become what they were, once what they own is live. */
import type { PostgresDump } from '../../domain/backup-manifest.ts';
import type { PostgresDatabaseCutOver } from '../../domain/rollback.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { ArtifactSource, EngineContext } from '../engine-context.ts';
import { placeOf } from './cut-over.ts';
import { artifactOf } from './server/dump-input.ts';
import { roleStatements } from './server/globals.ts';
import { runPsql } from './server/psql.ts';
import { readText } from './server/read-through.ts';
import { readRoles } from './side/restored-roles.ts';
import type { ServerPlace } from './side/side-database.ts';

/**
 * The statements hold passwords (as hashes): the server's log is not to have them, whatever it logs otherwise, nor pg_stat_statements, which shows them to whoever
 * watches the server; where that is not loaded its setting is nobody's.
 */
const unlogged = 'SET log_statement = \'none\'; SET log_min_duration_statement = -1; SET log_min_duration_sample = -1; SET log_min_error_statement = \'panic\'; SET pg_stat_statements.track = \'none\';\n';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Gives the roles that this run created their login, password, settings and memberships, from the backup's globals. A role that was there before is
 * never altered: only those are that still bear this run's mark, and they lose it in the same transaction, so that a second call finds none.
 * Answers a sentence per membership that the server has no role for. @throws ArtifactDamaged, CutOverFailed and what psql may
 */
export async function completeRestore(
  ctx: EngineContext, component: PostgresComponent, cutOver: PostgresDatabaseCutOver, backup: PostgresDump, source: ArtifactSource, createdRoles: readonly string[],
): Promise<readonly string[]> {
  if (createdRoles.length === 0) return [];
  const place = await placeOf(ctx, component, cutOver);
  const { existing, ours } = await readRoles(ctx, place);
  const roles = createdRoles.filter((name) => ours.includes(name));
  if (roles.length === 0) return [];
  return giveRolesBack(ctx, place, await readText(ctx, source, artifactOf(backup, 'globals')), roles, existing);
}

/** These roles as the globals have them, in one transaction in which they lose a run's mark; what nobody else's statement logging is to see. Answers as {@link completeRestore}. */
export async function giveRolesBack(ctx: EngineContext, place: ServerPlace, globals: string, roles: readonly string[], existing: readonly string[]): Promise<readonly string[]> {
  const { statements, impossible } = roleStatements(globals, roles, existing);
  const unmark = roles.map((name) => `COMMENT ON ROLE ${quoted(name)} IS NULL;`);
  await runPsql(ctx, { ...place, database: null, operation: 'give roles their login back', sql: `${unlogged}SET search_path = '';\nBEGIN;\n${[...unmark, ...statements].join('\n')}\nCOMMIT;\n` });
  return impossible.map((membership) => `The membership of ${membership} was not given back: there is no such role.`);
}
