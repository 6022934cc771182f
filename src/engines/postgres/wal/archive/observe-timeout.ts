/** A server that was just started, and its archive_timeout. */
import { isFailure } from '../../../../domain/failures.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import type { WalContext } from '../../../wal-source.ts';
import { runPsql } from '../../server/psql.ts';
import { sessionContext, type Named } from '../receiver.ts';

/**
 * Wakes the checkpointer of a server that was started a while ago. It begins while the server still recovers, finds nothing to time by then, and sleeps for a whole
 * checkpoint_timeout: until it is over no segment ends by its archive_timeout, and what is committed meanwhile is archived nowhere (found on 17, by measuring; PostgreSQL
 * starts it that early since 15). A reload is what wakes it and does nothing else to a server that has read its files a moment ago.
 * A user who may not ask for one is passed over: the exposure that is shown says how it stands. @throws DatabaseUnreachable
 */
export async function observeArchiveTimeout(ctx: WalContext, component: PostgresComponent, containerId: string, watcher: Named): Promise<void> {
  try {
    await runPsql(sessionContext(ctx, watcher), {
      containerId, component, database: null, operation: 'have archive_timeout observed', otherwise: 'HelperFailed',
      sql: 'SELECT pg_reload_conf() WHERE now() - pg_postmaster_start_time() < current_setting(\'checkpoint_timeout\')::interval;',
    });
  } catch (error) {
    if (isFailure(error, 'PermissionDenied')) return;
    throw error;
  }
}
