/** Contract of `runDrill`: the whole service brought back from a backup, in an environment of its own that nothing leads out of, checked, measured, and taken away again. */
import type { DrillCheck } from '../../domain/drill/check.ts';
import type { JudgedObjective } from '../../domain/drill/objectives.ts';
import type { RecoveryTimes } from '../../domain/drill/recovery-times.ts';
import type { CommonInput } from '../shared/run.ts';

/** `restore`: a stored backup in throwaway servers of the same images. `rebuild`: from nothing but a repository, to the newest point that it leads to. `failover`: the same on another host, from the one that is off site. */
export const drillDepths = ['restore', 'rebuild', 'failover'] as const;
export type DrillDepth = (typeof drillDepths)[number];

export interface RunDrillInput extends CommonInput {
  readonly depth: DrillDepth;
  /** Of a restore: backup id, unique prefix, "latest" or "random-within 30d"; by the service's own rule (`drill.choose`) unless given. */
  readonly backup?: string;
  /** The repository that all of it comes from; the service's first unless given. Of a failover the configuration says it. */
  readonly repository?: string;
}

export interface RunDrillResult {
  /** A run whose verdict is anything else fails with `ProofFailed` or `CouldNotVerify`. */
  readonly verdict: 'proven';
  readonly drillId: string;
  readonly depth: DrillDepth;
  readonly backupId: string;
  readonly repository: string;
  readonly checks: readonly DrillCheck[];
  readonly times: RecoveryTimes;
  readonly objectives: readonly JudgedObjective[];
  /** Where its report lies in the repository. */
  readonly report: string;
}
