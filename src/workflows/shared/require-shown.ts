/** What is carried out is what was shown: its digest is named, whole or by the digits that people read. */
import { shortDigest } from '../../domain/restore-plan.ts';
import { workflowFailure } from './workflow-failure.ts';

/** @param command shows the plan again @throws PlanChanged */
export function requireShown(service: string, operation: string, digest: string, named: string, command: string): void {
  if (named === digest || named === shortDigest(digest)) return;
  throw workflowFailure('PlanChanged', { operation, object: service, cause: `the plan is ${shortDigest(digest)} now, and ${named.slice(0, 64)} was approved`, hint: `Nothing was changed. Look at the plan again: ${command}.` });
}
