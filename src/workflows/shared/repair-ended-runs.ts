/** Whoever finds what a dead run left half-way repairs it first: before the next backup, restore, undo or accept, and by reapLeftovers. */
import { isCancellation } from '@temporalio/workflow';
import { acquireLease, type Lease } from './lease.ts';
import type { CommonInput, Run } from './run.ts';

export interface RepairedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly done: readonly string[];
}

/** Repairs, under the service's lease, every ended run that left something; with `onlyHalfWay`, only those whose cut-over is unfinished or whose fence stands. */
export async function repairEndedRuns<I extends CommonInput>(run: Run<I>, onlyHalfWay: boolean): Promise<readonly RepairedRun[]> {
  const { service } = run.input;
  if ((await run.host.quick.findEndedRuns({ service, onlyHalfWay })).length === 0) return [];
  const lease = await acquireLease(run, 'repairing what ended runs left');
  const repaired = await repairUnderLease(run, onlyHalfWay);
  await lease.release();
  run.phase('working');
  return repaired;
}

/** The service's lease; where its owner had ended without releasing it, with whatever that owner left half-way repaired. */
export async function acquireRepaired<I extends CommonInput>(run: Run<I>, purpose: string, until?: string): Promise<Lease> {
  const lease = await acquireLease(run, purpose, until);
  if (lease.tookOver) await repairUnderLease(run, true);
  return lease;
}

/**
 * One that cannot be repaired keeps no other from it, and is the failure in the end. Those whose data is half-way come last: where that cannot be moved its fences stay up, and no other repair is there to lower them.
 */
async function repairUnderLease<I extends CommonInput>(run: Run<I>, onlyHalfWay: boolean): Promise<readonly RepairedRun[]> {
  const { service } = run.input;
  const repaired: RepairedRun[] = [];
  const failures: unknown[] = [];
  const ended = await run.host.quick.findEndedRuns({ service, onlyHalfWay });
  for (const { owner, direction } of [...ended.filter((each) => each.direction === null), ...ended.filter((each) => each.direction !== null)]) {
    run.step(`Repairing what ${owner.workflowId} left${direction === null ? '' : `: its cut-over goes ${direction}`}`);
    try {
      const { done } = await run.host.cutOver.repairRun({ service, owner });
      for (const line of done) run.done(line);
      repaired.push({ workflowId: owner.workflowId, runId: owner.runId, done });
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (direction !== null) throw failures[0] ?? error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return repaired;
}
