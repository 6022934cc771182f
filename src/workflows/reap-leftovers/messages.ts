/** Contract of `reapLeftovers`: repairs what ended runs left half-way, then removes their labelled scratch. Never touches a rollback copy. */
import type { CommonInput } from '../shared/run.ts';

export type ReapLeftoversInput = CommonInput;

export interface ReapLeftoversResult {
  readonly runs: readonly { readonly workflowId: string; readonly runId: string; readonly done: readonly string[] }[];
}
