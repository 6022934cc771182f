/** The row that a backup wrote before its snapshot, in a server that came back. */
import type { PostgresBackup } from '../../../domain/backup-manifest.ts';
import { canaryFrom, type Canary } from '../../../domain/canary.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { DrillServer } from '../../drill-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { queryJson } from '../server/psql.ts';
import { asRoot } from './drill-connection.ts';

/** Whatever else has that name makes a row of another shape, or several. */
const sql = `SELECT to_regclass('holdfast.canary') IS NOT NULL AS is_there \\gset
\\if :is_there
SELECT coalesce(json_agg(json_build_object('nonce', found ->> 'nonce', 'writtenAt', found ->> 'written_at')), '[]') FROM (SELECT to_jsonb(canary) AS found FROM holdfast.canary LIMIT 2) rows;
\\else
SELECT '[]';
\\endif
`;

export async function readCanary(ctx: EngineContext, component: PostgresComponent, { containerId }: DrillServer, backup: PostgresBackup): Promise<Canary | null> {
  const rows = await queryJson<readonly unknown[]>(ctx, { containerId, component: asRoot(component, backup), database: component.database, operation: 'look for the canary', sql, otherwise: 'RestoreFailed' });
  return rows.length === 1 ? canaryFrom(rows[0]) : null;
}
