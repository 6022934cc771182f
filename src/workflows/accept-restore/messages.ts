/** Contract of `acceptRestore`: a rollback copy is let go. After it there is no undo of that run. */
import type { RestorePlan } from '../../domain/restore-plan.ts';
import type { CommonInput } from '../shared/run.ts';

export interface AcceptRestoreInput extends CommonInput {
  /** The run whose rollback copy may go: short id, workflow id or run id; "latest" is the newest that still has one. */
  readonly run: string;
  readonly dryRun?: boolean;
}

export interface AcceptRestoreResult {
  readonly outcome: 'accepted' | 'planned';
  readonly acceptedRun: string;
  readonly plan: RestorePlan;
}
