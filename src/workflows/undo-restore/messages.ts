/** Contract of `undoRestore`: the rollback copy of an earlier run brought back; what was live since is set aside in its turn. */
import type { RestorePlan } from '../../domain/restore-plan.ts';
import type { CommonInput } from '../shared/run.ts';

export interface UndoRestoreInput extends CommonInput {
  /** The run to undo: its short id, workflow id or run id; "latest" is the newest that still has a rollback copy. */
  readonly run: string;
  readonly dryRun?: boolean;
}

export interface UndoRestoreResult {
  readonly outcome: 'undone' | 'planned';
  readonly undoneRun: string;
  readonly plan: RestorePlan;
  readonly backAt: string | null;
  /** The data that was live before the undo stays as this run's own rollback copy. */
  readonly rollbackRun: string | null;
}
