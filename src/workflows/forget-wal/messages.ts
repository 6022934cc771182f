/** Contract of `forgetWal`: the end of a receiver, its replication slot and its volume; or of a server's own archiving, its script and its spool. */
import type { ForgettableLog } from '../../domain/wal/forgettable-log.ts';
import type { CommonInput } from '../shared/run.ts';

export interface ForgetWalInput extends CommonInput {
  /** The digest of the plan, or its first eight digits as they are shown: those receivers go, and no other. Without it nothing does. */
  readonly apply?: string;
}

export interface ForgetWalResult {
  readonly logs: readonly ForgettableLog[];
  readonly digest: string;
  /** `nothing`: there is no receiver. */
  readonly outcome: 'planned' | 'nothing' | 'forgotten';
}
