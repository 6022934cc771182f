/** Where and as whom a component's server is spoken to. Names travel in libpq's own variables, where no character has a meaning. */
import type { EngineContext } from '../../engine-context.ts';
import { run16 } from '../../../containers/labels.ts';
import type { PostgresComponent } from '../../../domain/service.ts';

const readWrite = 'default_transaction_read_only=off';
/**
 * Session settings that lose against nothing but the session's own SET: timeouts off, read-write whatever the role's default. A
 * backend looks each second whether its client is still there: a killed helper must not leave a query running for an hour (databases.md D6).
 * No search path is each session's first statement: a trigger on login (17) is found, and finds what it writes to, by the user's own.
 */
const sessionOptions = [
  'statement_timeout=0', 'lock_timeout=0', 'idle_in_transaction_session_timeout=0', 'idle_session_timeout=0', readWrite,
  'row_security=off', 'client_min_messages=warning', 'standard_conforming_strings=on', 'client_connection_check_interval=1000',
];

/** So that no event trigger fires: earlier majors do not know the setting, and have none on login. For superusers. */
export const noEventTriggers = (majorVersion: number): readonly string[] => (majorVersion >= 17 ? ['event_triggers=off'] : []);

/** What only this major knows: an unknown setting would end the connection. */
export const optionsOf = (majorVersion: number): readonly string[] => (majorVersion >= 17 ? ['transaction_timeout=0'] : []);

/** The same for a session whose server's major is not known yet, behind what every session begins with. */
export const firstStatements = 'SET search_path = \'\';\nSELECT pg_catalog.set_config(name, \'0\', false) FROM pg_catalog.pg_settings WHERE name = \'transaction_timeout\' \\g /dev/null\n';

const asOptions = (settings: readonly string[]): string => settings.map((setting) => `-c ${setting}`).join(' ');

/** Who opens a session: a run, or what belongs to none and has a name of its own. */
export type SessionOwner = Pick<EngineContext, 'owner'> | { readonly applicationName: string };

/** Of every session that is opened: to find them in pg_stat_activity, and to end exactly them. */
export const applicationName = (ctx: SessionOwner, component: string): string => ('owner' in ctx ? `holdfast-${run16(ctx.owner, component)}` : ctx.applicationName);

/** A component, and what every session with its server begins with beside our own: `name=value` without spaces. */
export type Addressed = Pick<PostgresComponent, 'name' | 'user'> & { readonly sessionSettings?: readonly string[] };

/** libpq's variables; no secret is among them. @param extra further session settings, `name=value` without spaces @param mindsReadOnly read only where the server, the database or the role is so by default */
export function libpqEnvironment(ctx: SessionOwner, component: Addressed, database: string, extra: readonly string[] = [], mindsReadOnly = false): Record<string, string> {
  const settings = [...sessionOptions, ...component.sessionSettings ?? [], ...extra].filter((each) => !(mindsReadOnly && each === readWrite));
  return { PGDATABASE: database, PGUSER: component.user, PGAPPNAME: applicationName(ctx, component.name), PGOPTIONS: asOptions(settings), PGCONNECT_TIMEOUT: '10' };
}

/** The component's password, or null where none is configured. @throws SecretNotFound */
export async function passwordOf(ctx: Pick<EngineContext, 'secret'>, component: Pick<PostgresComponent, 'password'>): Promise<string | null> {
  return component.password === undefined ? null : ctx.secret(component.password);
}

/** A database that is there for administration and is never the one that is exchanged. */
export const maintenanceDatabases = (component: Pick<PostgresComponent, 'database'>): readonly string[] => ['postgres', 'template1'].filter((name) => name !== component.database);
