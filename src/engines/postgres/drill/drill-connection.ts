/** As whom the server of a drill is spoken to: over its own socket, where nobody is asked for a password (scripts/copy/finish.sh). */
import type { ExecResult } from '../../../containers/container-runtime.ts';
import type { PostgresBackup } from '../../../domain/backup-manifest.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { DrillServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { superuserFor } from '../directory/fresh-cluster.ts';
import { noEventTriggers, type Addressed } from '../server/connection.ts';
import { psqlArgv } from '../server/real-program.ts';

/** The component as the drill's server knows it, as the one who may do everything there. What a trigger on login (17) would write at each of our sessions, the backup does not hold: none fires. */
export function asRoot(component: PostgresComponent, backup: PostgresBackup): PostgresComponent & Addressed {
  const user = backup.method === 'base' ? backup.cluster.superuser : superuserFor(component, backup.roles);
  return { engine: 'postgres', name: component.name, container: component.container, database: component.database, user, sessionSettings: noEventTriggers(backup.server.majorVersion) };
}

interface Session {
  readonly user: string;
  readonly database: string;
  /** Session settings, `name=value` without spaces. */
  readonly settings: readonly string[];
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

/** One psql in the drill's server, without what our own sessions set; what it answers is for the caller to judge. */
export const psqlAs = (ctx: EngineContext, { containerId }: DrillServer, sql: string, { user, database, settings, timeoutMs, maxOutputBytes }: Session): Promise<ExecResult> =>
  ctx.runtime.exec(containerId, {
    argv: psqlArgv(), stdin: sql, timeoutMs, maxOutputBytes, signal: ctx.signal,
    environment: { PGHOST: '/var/run/postgresql', PGPORT: '5432', PGUSER: user, PGDATABASE: database, PGAPPNAME: 'holdfast-drill', PGCLIENTENCODING: 'UTF8', LC_ALL: 'C', PGOPTIONS: settings.map((setting) => `-c ${setting}`).join(' ') },
  });
