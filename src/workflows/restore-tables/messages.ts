/** Contract of `restoreTables`: rows of single tables as they were in a backup or at any moment that the log leads to, put back into the live tables, or a new schema beside them. */
import type { RestorePlan } from '../../domain/restore-plan.ts';
import type { TableOutcome } from '../../domain/tables/difference.ts';
import type { CommonInput } from '../shared/run.ts';

export interface RestoreTablesInput extends CommonInput {
  /** Backup id, unique prefix, or "latest": a dump. This, or a moment. */
  readonly backup?: string;
  /** The moment, what happened at it included: a time with offset, "5 minutes ago", "lsn:…", "xid:…", "mark:…", "backup:…", "latest". */
  readonly to?: string;
  /** The same, what happened at it left out. */
  readonly before?: string;
  /** Of a moment: along which timeline; the live server's unless given. */
  readonly timeline?: number;
  /** Of a moment: of which cluster, by its system identifier; the one that is live unless given. */
  readonly cluster?: string;
  /** `orders`, `shop.orders`, `"odd schema"."a.b"`: as written, capital letters too. All of them in one transaction. */
  readonly tables: readonly string[];
  /** Rows that were not there then are removed; left unless given. */
  readonly exact?: boolean;
  /** A schema that is made for the tables; the live ones are not touched. */
  readonly intoSchema?: string;
  readonly dryRun?: boolean;
}

export interface RestoreTablesResult {
  readonly outcome: 'restored' | 'planned';
  /** Of a moment: the base backup that it was reached from. */
  readonly backupId: string;
  readonly plan: RestorePlan;
  /** What was done, as the transaction counted it; empty for a dry run and for a new schema. */
  readonly tables: readonly TableOutcome[];
  readonly intoSchema: string | null;
  /** The run whose kept rows `undo` puts back and `accept` lets go; null where nothing was replaced. */
  readonly rollbackRun: string | null;
}
