/** Contract of `releaseHold`: what a hold kept may be removed again, as far as nothing else keeps it. */
import type { ChangedHolds } from '../../activities/hold-activities.ts';
import type { CommonInput } from '../shared/run.ts';

export interface ReleaseHoldInput extends CommonInput {
  /** The id that `list` shows the hold under, or its first digits. */
  readonly backup: string;
  /** Required here: a hold that a damaged page made is released by somebody who knows why. */
  readonly reason: string;
}

export type ReleaseHoldResult = ChangedHolds;
