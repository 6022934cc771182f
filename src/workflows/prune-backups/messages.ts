/** Contract of `pruneBackups`: what the retention of a service does not keep goes into the trash, and what has lain there long enough for good. */
import type { CarriedOut } from '../../activities/retention/carry-out.ts';
import type { PrunePlan } from '../../domain/retention/prune-plan.ts';
import type { CommonInput } from '../shared/run.ts';

export interface PruneBackupsInput extends CommonInput {
  /** One of the service's repositories; all of them unless given. */
  readonly repository?: string;
  /** Only plan: each backup, kept or removed, with its reason. */
  readonly plan?: boolean;
  /** The digest of a plan, or its first eight digits as they are shown: that is carried out, and nothing else; also where it asks. A question that comes up only then ends the run all the same. */
  readonly apply?: string;
}

export interface PruneBackupsResult {
  /** By repository, in the service's order. */
  readonly plans: readonly PrunePlan[];
  /** Of all of them: what `apply` names. */
  readonly digest: string;
  /** `nothing`: there was nothing to do. */
  readonly outcome: 'planned' | 'nothing' | 'pruned';
  /** What was done, by repository; empty where nothing was. */
  readonly done: readonly (CarriedOut & { readonly repository: string })[];
}
