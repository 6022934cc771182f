/** The row that a backup writes before its snapshot, for drills to find. */
import type { Canary } from '../../domain/canary.ts';
import { isFailure } from '../../domain/failures.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import { runningContainer } from './inspect.ts';
import { queryJson } from './server/psql.ts';
import { statements } from './server/script-text.ts';

/** Null where it is there, durable on this server; else why not. @throws what may be tried again */
export async function plantCanary(ctx: EngineContext, component: PostgresComponent, { nonce, writtenAt }: Canary): Promise<string | null> {
  try {
    const { id } = await runningContainer(ctx, component);
    const { why } = await queryJson<{ readonly why: string | null }>(ctx, {
      containerId: id, component, database: component.database, operation: 'write the canary', sql: statements['canary.sql'], otherwise: 'HelperFailed', mindsReadOnly: true,
      variables: { nonce, written_at: writtenAt, lock_timeout_ms: ctx.timing.tableLockMs },
    });
    return why;
  } catch (error) {
    if (!isFailure(error) || error.retryable) throw error;
    return error.fields.cause;
  }
}
