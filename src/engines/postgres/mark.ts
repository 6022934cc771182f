/** A place in the log that a restore can go back to. */
import { HoldfastFailure } from '../../domain/failures.ts';
import type { MarkedPosition } from '../../domain/point.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import { runningContainer } from './inspect.ts';
import { queryJson } from './server/psql.ts';
import { statements } from './server/script-text.ts';

/** What mark.sql prints. */
interface Reading extends Omit<MarkedPosition, 'timeline' | 'lsn'> {
  readonly inRecovery: boolean;
  readonly walLevel: string;
  /** Eight hexadecimal digits. */
  readonly timeline: string | null;
  readonly lsn: string | null;
}

/**
 * A transaction that writes one message and nothing else. The position is the end of the message: whatever was answered as committed before had its record
 * reserved before, and lies in front of it, committed asynchronously or not. The transaction's own commit is the record behind it: a recovery that excludes the
 * position stops at the first record that begins there or later, and finds one though nobody ever writes again (databases.md T10).
 * @throws ContainerNotFound, ContainerNotRunning, DatabaseUnreachable, AuthenticationFailed, UnsupportedTopology (in recovery, wal_level minimal)
 */
export async function mark(ctx: EngineContext, component: PostgresComponent, name: string): Promise<MarkedPosition> {
  const container = await runningContainer(ctx, component);
  const { inRecovery, walLevel, timeline, lsn, systemIdentifier, at } = await queryJson<Reading>(ctx, {
    containerId: container.id, component, database: null, operation: 'mark the moment', sql: statements['mark.sql'], variables: { mark: name }, otherwise: 'HelperFailed',
  });
  if (lsn !== null && timeline !== null) return { systemIdentifier, timeline: Number.parseInt(timeline, 16), lsn, at };
  throw new HoldfastFailure('UnsupportedTopology', {
    operation: 'mark the moment', object: component.container,
    cause: inRecovery ? 'the server is in recovery: a standby, or a copy that was not opened' : `wal_level is ${walLevel}: the log does not hold what recovery needs`,
    hint: inRecovery ? 'Mark the moment on its primary.' : 'Set wal_level = replica and restart the server.',
  });
}
