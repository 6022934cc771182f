/** A base backup right after a restore: on the new timeline every moment before it would otherwise need the old one. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, WorkflowIdReusePolicy, patched, startChild, uuid4, workflowInfo } from '@temporalio/workflow';
import { backupIdAt } from '../../domain/identifiers.ts';
import type { Component } from '../../domain/service.ts';
import { timelineCause } from '../../domain/wal/needed-base.ts';
import { neededBaseId, runWorkflowId, shortRunId } from '../../domain/workflow-ids.ts';
import type { PreparedComponent } from '../../engines/engine-context.ts';
import type { CommonInput, Run } from './run.ts';

/**
 * A run of its own, which outlives this one; its workflow id, or null where it could not be started: that is told, and undoes nothing.
 * @param prepared what was brought in, of all components
 */
export async function startBase<I extends CommonInput>(run: Run<I>, component: Component, prepared: readonly PreparedComponent[]): Promise<string | null> {
  const { service } = run.input;
  const { taskQueue, workflowId: own } = workflowInfo();
  const workflowId = causedId(service, component, prepared) ?? runWorkflowId('backup', service, `${backupIdAt(Date.now())}-${uuid4().slice(0, 4)}`);
  const reason = `the log goes on on a timeline of its own after ${shortRunId(own)}`;
  try {
    await startChild('takeBackup', {
      workflowId, taskQueue, args: [{ service, kind: 'base', reason }], parentClosePolicy: ParentClosePolicy.ABANDON, workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      staticSummary: `backup of ${service}: ${reason}`,
    });
    run.note(`A new base backup is being taken: ${workflowId}`);
    return workflowId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      run.note(`A new base backup was begun by whoever watches the log: ${workflowId}`);
      return workflowId;
    }
    run.warn(`The new base backup could not be started (${error instanceof Error ? error.message : String(error)}): take one, holdfast backup --kind base`);
    return null;
  }
}

/** Where its log is kept, the watch sees the new timeline too (archiveWal): one base backup is enough for both. Null where nobody else sees to one. */
function causedId(service: string, component: Component, prepared: readonly PreparedComponent[]): string | null {
  if (component.engine !== 'postgres' || component.wal === undefined) return null;
  const cutOver = prepared.find((each) => each.component === component.name)?.cutOver;
  if (cutOver?.engine !== 'postgres' || cutOver.method !== 'directory' || cutOver.control === null) return null;
  // Of runs that began before there was such a name, the base backup has one by chance.
  if (!patched('base-backup-named-by-its-cause')) return null;
  return neededBaseId(service, component.name, timelineCause(cutOver.control.timeline, cutOver.control.systemIdentifier));
}
