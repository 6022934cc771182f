/** How people name a run: `r-7f3a`, its stamp, its workflow id or its run id. Pure. */
import { HoldfastFailure } from '../domain/failures.ts';
import { backupIdAt } from '../domain/identifiers.ts';
import { shortRunId } from '../domain/workflow-ids.ts';

const stampPattern = /^\d{8}-\d{6}-([0-9a-f]{4})$/;

/** `20261123-010000-7f3a`: when it was started (UTC), and four digits that keep runs of one second apart. */
export const newStamp = (nowMs: number, digits: string): string => `${backupIdAt(nowMs)}-${digits}`;

/** The four digits of a workflow id that ends in a stamp of ours, or null for one that somebody else chose. */
export const digitsOf = (workflowId: string): string | null => stampPattern.exec(shortRunId(workflowId))?.[1] ?? null;

/** What people read and type: `r-7f3a`, or the whole workflow id where it carries no stamp of ours. */
export function shownRunId(workflowId: string): string {
  const digits = digitsOf(workflowId);
  return digits === null ? workflowId : `r-${digits}`;
}

export type RunReference =
  | { readonly kind: 'digits'; readonly digits: string }
  | { readonly kind: 'stamp'; readonly stamp: string }
  | { readonly kind: 'runId'; readonly runId: string }
  | { readonly kind: 'workflowId'; readonly workflowId: string };

/** @throws HoldfastFailure InvalidInput for what can be no name of a run */
export function parseRunReference(text: string): RunReference {
  const digits = /^r-([0-9a-f]{4})$/i.exec(text)?.[1];
  if (digits !== undefined) return { kind: 'digits', digits: digits.toLowerCase() };
  if (stampPattern.test(text)) return { kind: 'stamp', stamp: text };
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return { kind: 'runId', runId: text.toLowerCase() };
  // A quote would end the text in a visibility query; no id of ours has one.
  if (text.length > 0 && text.length <= 1000 && !/[\s'"\\]/.test(text)) return { kind: 'workflowId', workflowId: text };
  throw new HoldfastFailure('InvalidInput', { operation: 'find the run', object: JSON.stringify(text.slice(0, 80)), cause: 'a run is named like r-7f3a, or by its workflow id or run id', hint: 'See `holdfast status` for the runs there are.' });
}

/** Does a run answer to this name? Workflow ids and run ids only; a digits match is not yet the only one. */
export function isNamed(reference: RunReference, run: { readonly workflowId: string; readonly runId: string }): boolean {
  if (reference.kind === 'digits') return digitsOf(run.workflowId) === reference.digits;
  if (reference.kind === 'stamp') return shortRunId(run.workflowId) === reference.stamp;
  if (reference.kind === 'runId') return run.runId === reference.runId;
  return run.workflowId === reference.workflowId;
}

/**
 * The one run that a name means. Among several, the only open one; four digits come up again after some hundred runs.
 * @throws HoldfastFailure UnknownRun, InvalidInput
 */
export function theRun<T extends { readonly workflowId: string; readonly runId: string; readonly open: boolean }>(text: string, candidates: readonly T[]): T {
  const open = candidates.filter((candidate) => candidate.open);
  const [only, ...others] = open.length === 1 ? open : candidates;
  if (only === undefined) throw new HoldfastFailure('UnknownRun', { operation: 'find the run', object: text, cause: 'Temporal knows no run of that name', hint: 'See `holdfast status`; ended runs are forgotten after the namespace\'s retention, rollback copies are not.' });
  if (others.length === 0) return only;
  throw new HoldfastFailure('InvalidInput', { operation: 'find the run', object: text, cause: `${candidates.length} runs answer to it: ${candidates.slice(0, 5).map(({ workflowId }) => shortRunId(workflowId)).join(', ')}`, hint: 'Give the longer form.' });
}
