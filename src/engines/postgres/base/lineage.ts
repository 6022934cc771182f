/** Whether a server can be backed up incrementally, and what tells which base backup that may go on from. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import type { LineageServer } from '../../../domain/wal/base-chain.ts';
import { parseLsn } from '../../../domain/wal/lsn.ts';
import type { EngineContext } from '../../engine-context.ts';
import { runningContainer } from '../inspect.ts';
import { queryJson } from '../server/psql.ts';
import { statements } from '../server/script-text.ts';

/** What lineage.sql prints. */
interface LineageReading {
  readonly systemIdentifier: string;
  readonly majorVersion: number;
  readonly inRecovery: boolean;
  readonly summarizes: boolean;
  readonly timeline: number;
  readonly end: string;
  readonly nextXid: string;
}

const firstMajor = 17;
const operation = 'take an incremental backup';

/** @throws UnsupportedTopology where the server cannot say what changed (before 17, or without summarize_wal), or is a standby; ContainerNotRunning, DatabaseUnreachable, AuthenticationFailed */
export async function lineageOf(ctx: EngineContext, component: PostgresComponent): Promise<LineageServer> {
  const { id } = await runningContainer(ctx, component);
  const { systemIdentifier, majorVersion, inRecovery, summarizes, timeline, end, nextXid } = await queryJson<LineageReading>(ctx, { containerId: id, component, database: component.database, operation, sql: statements['lineage.sql'] });
  const refusal = (cause: string, hint: string): HoldfastFailure => new HoldfastFailure('UnsupportedTopology', { operation, object: component.container, cause, hint });
  if (majorVersion < firstMajor) throw refusal(`the server is PostgreSQL ${majorVersion}, which does not note what changes; ${firstMajor} and later do`, 'Take a base backup: holdfast backup --kind base.');
  if (inRecovery) throw refusal('the server is a standby', 'Back up its primary.');
  if (!summarizes) throw refusal('summarize_wal is off: the server does not note what changes', 'Switch it on, which needs no restart: ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); or holdfast wal enable --incremental; then take a base backup, from which the next can go on.');
  return { systemIdentifier, timeline, end: parseLsn(end) ?? 0n, nextXid: BigInt(nextXid) };
}
