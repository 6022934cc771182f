/** What stands in the way of a backup or a restore, each refused with its own name; and what is only worth saying. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { FailureType } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { ServerReading } from './server-reading.ts';

/** Oldest minors whose tools have the fixes of August 2026 (databases.md L11): a restore runs what a dump's superusers wrote. */
const fixedMinors: Readonly<Record<number, number>> = { 15: 19, 16: 15, 17: 11, 18: 6 };
const oldestMajor = 15;

const few = (names: readonly string[]): string => `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;

function refusal(component: PostgresComponent, type: FailureType, cause: string, hint: string): HoldfastFailure {
  return new HoldfastFailure(type, { operation: 'inspect the database', object: `${component.container}/${component.database}`, cause, hint });
}

/** @throws RowSecurityFilters, PermissionDenied, VersionMismatch */
export function refuseForBackup(component: PostgresComponent, server: ServerReading): void {
  refuseOldServer(component, server);
  if (server.rowSecurityTables.length > 0) {
    throw refusal(component, 'RowSecurityFilters', `row security filters what ${component.user} sees of ${few(server.rowSecurityTables)}`, 'Use a superuser, or a role with BYPASSRLS.');
  }
  if (server.unreadable.length > 0) {
    throw refusal(component, 'PermissionDenied', `${component.user} may not read ${few(server.unreadable)}`, 'Use a superuser, or grant pg_read_all_data.');
  }
}

/** @throws UnsupportedTopology, PermissionDenied, PreparedTransactionsInTheWay, LogicalSlotsInTheWay, VersionMismatch */
export function refuseForRestore(component: PostgresComponent, server: ServerReading): void {
  refuseOldServer(component, server);
  if (server.inRecovery) throw refusal(component, 'UnsupportedTopology', 'the server is a standby', 'Restore into its primary.');
  if (!server.superuser) throw refusal(component, 'PermissionDenied', `${component.user} is not a superuser`, 'A restore creates and exchanges databases and gives objects to their owners: use a superuser.');
  if (server.customTablespace !== null) {
    throw refusal(component, 'UnsupportedTopology', `the database lies in tablespace ${server.customTablespace}`, 'Databases outside pg_default cannot be exchanged yet.');
  }
  if (server.preparedTransactions.length > 0) {
    throw refusal(component, 'PreparedTransactionsInTheWay', `prepared transactions ${few(server.preparedTransactions)} are open`, 'Commit or roll them back, then try again.');
  }
  const attached = [...server.slots.map((name) => `slot ${name}`), ...server.subscriptions.map((name) => `subscription ${name}`)];
  if (attached.length > 0) {
    throw refusal(component, 'LogicalSlotsInTheWay', `${few(attached)} would stay with the replaced database`, 'Drop them, and create them anew after the restore.');
  }
}

function refuseOldServer(component: PostgresComponent, server: ServerReading): void {
  if (server.majorVersion < oldestMajor) throw refusal(component, 'VersionMismatch', `the server is PostgreSQL ${server.version}`, `Holdfast knows PostgreSQL ${oldestMajor} and newer.`);
}

/** Sentences that are shown and stop nothing. */
export function warningsOf(container: ContainerFacts, server: ServerReading): readonly string[] {
  const minor = Number(server.version.split('.')[1]);
  const fixed = fixedMinors[server.majorVersion];
  return [
    ...(container.init ? [] : [`${container.name} runs without an init process: a stray child of an exec'd program can make PostgreSQL restart (docker run --init, compose "init: true").`]),
    ...(fixed !== undefined && minor < fixed ? [`PostgreSQL ${server.version} lacks the security fixes of ${server.majorVersion}.${fixed} to its dump and restore tools.`] : []),
    ...(server.passwordsReadable ? [] : ['Passwords of roles are not in the backup: the user may not read pg_authid.']),
  ];
}
