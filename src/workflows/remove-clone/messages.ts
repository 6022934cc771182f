/** Contract of `removeClone`: the end of a copy, its containers, its volumes and its network. */
import type { CopyRemoval } from '../../domain/copies/copy-removal.ts';
import type { CommonInput } from '../shared/run.ts';

export interface RemoveCloneInput extends CommonInput {
  readonly name: string;
  /** The digest of the plan, or its first eight digits as they are shown: that copy goes, and no other. Without it nothing does. */
  readonly apply?: string;
}

export interface RemoveCloneResult {
  readonly outcome: 'planned' | 'removed';
  readonly copy: CopyRemoval;
}
