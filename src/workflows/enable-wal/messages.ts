/** Contract of `enableWal`: a server's settings made fit for its log to be received, or for archiving it itself, as the configuration says. */
import type { CommonInput } from '../shared/run.ts';
import type { ServerSettingsPlan } from '../../domain/wal/server-settings.ts';

export interface EnableWalInput extends CommonInput {
  /** The digest of the plan, or its first eight digits as they are shown: that is carried out, and nothing else. Without it the plan is made and nothing is changed. */
  readonly apply?: string;
  /** Restart the database's container where a setting waits for that. Only with `apply`. */
  readonly restart?: boolean;
  /** What the replication slot may keep at most, `4096MB` or `4GB`. By default half of what is free, where there is no limit or a dangerous one. */
  readonly slotLimit?: string;
  /** With `wal: archive`: another tool's archive_command may be replaced. Part of the plan that is shown. */
  readonly replace?: boolean;
  /** Incremental backups are to be taken: `summarize_wal` (PostgreSQL 17 and later) becomes part of the plan. */
  readonly incremental?: boolean;
}

export interface EnableWalResult {
  readonly servers: readonly ServerSettingsPlan[];
  readonly digest: string;
  /** `planned`: nothing was changed. `inOrder`: there was nothing to change. */
  readonly outcome: 'planned' | 'inOrder' | 'changed';
  /** Containers that were restarted. */
  readonly restarted: readonly string[];
  /** Settings that are written down, and wait for a restart that was not approved: `<container>: <setting>`. */
  readonly waiting: readonly string[];
}
