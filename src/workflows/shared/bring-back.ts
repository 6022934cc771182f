/** From an approved plan to a healthy service: lease, cut-over, application, health. The same for restore and undo. */
import { workflowInfo } from '@temporalio/workflow';
import { cutOver, type CutOverRequest } from './cut-over.ts';
import { acquireLease } from './lease.ts';
import type { CommonInput, Run } from './run.ts';
import type { Stopwatch } from './stopwatch.ts';
import { workflowFailure } from './workflow-failure.ts';

export interface BroughtBack {
  readonly approvedAt: string;
  readonly backAt: string;
  readonly phases: readonly { readonly phase: string; readonly durationMs: number }[];
}

/** @throws ServiceBusy, HealthCheckFailed (the rollback copy is kept), and whatever made the cut-over roll back */
export async function bringBack<I extends CommonInput>(run: Run<I>, watch: Stopwatch, request: CutOverRequest): Promise<BroughtBack> {
  const { workflowId, runId } = workflowInfo();
  watch.lap('cut over');
  const lease = await acquireLease(run, `the cut-over of a ${request.operation}`, { namespaceId: run.service.namespaceId, workflowId, runId });
  await cutOver(run, request);
  for (const prepared of request.prepared) run.compensations.drop(`discard what was prepared for ${prepared.component}`);
  await lease.release();
  watch.lap('check');
  run.phase('checking');
  run.step('[5/5] Check     application and health');
  if (run.input.into === undefined) await checkApplication(run);
  return { approvedAt: request.decision.at, backAt: new Date(Date.now()).toISOString(), phases: watch.end() };
}

async function checkApplication<I extends CommonInput>(run: Run<I>): Promise<void> {
  const { service } = run.input;
  const { restarted } = await run.host.long.restartApplication({ service });
  if (restarted.length > 0) run.done(`Restarted ${restarted.join(', ')}`);
  const health = await run.host.long.waitForHealth({ service });
  if (health === null) {
    run.note('No health URL is configured: whether the application works was not checked.');
    return;
  }
  if (!health.healthy) {
    throw workflowFailure('HealthCheckFailed', { operation: 'check the application', object: service, cause: `its health check answers ${health.answer}`, hint: `The data is in place and equal. Look at the application; if the data is to blame: holdfast undo ${workflowInfo().workflowId.split('/').at(-1)}.` });
  }
  run.done(`Health ${health.answer}`);
}
