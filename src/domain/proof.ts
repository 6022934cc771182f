/** The three answers of verification, and the record a proof leaves in the repository. Pure. */
import type { NotCompared } from './backup-manifest.ts';
import type { Difference } from './content.ts';

/** `couldNotVerify` is never a pass: a helper died, an image is missing, a version cannot be loaded. */
export type Verdict = 'proven' | 'failed' | 'couldNotVerify';

export interface ComponentProof {
  readonly component: string;
  readonly verdict: Verdict;
  /** What was done and found, a sentence. */
  readonly sentence: string;
  readonly differences: readonly Difference[];
  readonly comparedObjects: number;
  readonly notCompared: readonly NotCompared[];
}

export interface ProofRecord {
  readonly format: 1;
  readonly service: string;
  readonly backupId: string;
  readonly manifestSha256: string;
  readonly verdict: Verdict;
  readonly components: readonly ComponentProof[];
  readonly beganAt: string;
  readonly finishedAt: string;
  readonly run: { readonly namespaceId: string; readonly workflowId: string; readonly runId: string };
}

/** The whole is as good as its weakest part: any `failed` fails it; only all `proven` prove it. */
export function overallVerdict(components: readonly ComponentProof[]): Verdict {
  if (components.some((component) => component.verdict === 'failed')) return 'failed';
  return components.length > 0 && components.every((component) => component.verdict === 'proven') ? 'proven' : 'couldNotVerify';
}
