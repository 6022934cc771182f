/** A base backup right after a restore: on the new timeline every moment before it would otherwise need the old one. */
import { ParentClosePolicy, startChild, uuid4, workflowInfo } from '@temporalio/workflow';
import { backupIdAt } from '../../domain/identifiers.ts';
import { runWorkflowId, shortRunId } from '../../domain/workflow-ids.ts';
import type { CommonInput, Run } from './run.ts';

/** A run of its own, which outlives this one; its workflow id, or null where it could not be started: that is told, and undoes nothing. */
export async function startBase<I extends CommonInput>(run: Run<I>): Promise<string | null> {
  const { service } = run.input;
  const { taskQueue, workflowId: own } = workflowInfo();
  const workflowId = runWorkflowId('backup', service, `${backupIdAt(Date.now())}-${uuid4().slice(0, 4)}`);
  const reason = `the log goes on on a timeline of its own after ${shortRunId(own)}`;
  try {
    await startChild('takeBackup', { workflowId, taskQueue, args: [{ service, kind: 'base', reason }], parentClosePolicy: ParentClosePolicy.ABANDON, staticSummary: `backup of ${service}: ${reason}` });
    run.note(`A new base backup is being taken: ${workflowId}`);
    return workflowId;
  } catch (error) {
    run.warn(`The new base backup could not be started (${error instanceof Error ? error.message : String(error)}): take one, holdfast backup --kind base`);
    return null;
  }
}
