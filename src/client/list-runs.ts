/** Runs as Temporal's visibility knows them: by workflow type and task queue, so that those started from the UI are there too. */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { HoldfastFailure } from '../domain/failures.ts';
import { askTemporal } from './ask-temporal.ts';
import { isNamed, parseRunReference, theRun } from './run-ids.ts';
import { logWatchType, verbs, workflowTypes } from './runbooks.ts';

export interface RunSummary {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  /** Null where neither the id nor a search attribute says it. */
  readonly service: string | null;
  readonly open: boolean;
  /** Temporal's own word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT, CONTINUED_AS_NEW. */
  readonly state: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  /** From the search attribute; null where they are not registered. */
  readonly phase: string | null;
  readonly outcome: string | null;
}

export interface RunFilter {
  readonly taskQueue: string;
  readonly open?: boolean;
  readonly service?: string;
  /** At most this many, newest first. */
  readonly limit?: number;
}

const defaultLimit = 1_000;
const runbookTypes: readonly string[] = [...verbs.map((verb) => workflowTypes[verb]), logWatchType];

/** Newest first. @throws TemporalUnreachable */
export async function listRuns(client: Client, filter: RunFilter): Promise<readonly RunSummary[]> {
  const query = `WorkflowType IN (${runbookTypes.map((type) => `'${type}'`).join(', ')}) AND TaskQueue = '${filter.taskQueue}'${filter.open === undefined ? '' : ` AND ExecutionStatus ${filter.open ? '=' : '!='} 'Running'`}`;
  return askTemporal(client, 'list the runs', filter.taskQueue, async () => {
    const runs: RunSummary[] = [];
    for await (const info of client.workflow.list({ query, pageSize: 100 })) {
      const run = summaryOf(info);
      if (filter.service === undefined || run.service === null || run.service === filter.service) runs.push(run);
      if (runs.length >= (filter.limit ?? defaultLimit)) break;
    }
    return runs.sort((a, b) => (a.startedAt > b.startedAt ? -1 : 1));
  }, 30_000);
}

/** The run that people mean by `r-7f3a`, a stamp, a workflow id or a run id. @throws InvalidInput, UnknownRun, TemporalUnreachable */
export async function findRun(client: Client, taskQueue: string, text: string): Promise<RunSummary> {
  const reference = parseRunReference(text);
  if (reference.kind === 'workflowId') {
    return ourRun(summaryOf(await askTemporal(client, 'find the run', text, () => client.workflow.getHandle(reference.workflowId).describe())));
  }
  // A reset leaves several executions of one workflow id: the newest is the run.
  const newest = new Map<string, RunSummary>();
  for (const run of await listRuns(client, { taskQueue })) {
    if (isNamed(reference, run) && !newest.has(run.workflowId)) newest.set(run.workflowId, run);
  }
  return theRun(text, [...newest.values()]);
}

/** A namespace holds other people's workflows too, and our leases: neither is watched, cancelled or decided about as if it were a run. */
function ourRun(run: RunSummary): RunSummary {
  if (runbookTypes.includes(run.runbook)) return run;
  throw new HoldfastFailure('UnknownRun', { operation: 'find the run', object: run.workflowId, cause: `it is a workflow of type ${run.runbook}, no runbook of Holdfast`, hint: 'See `holdfast status` for the runs there are.' });
}

function summaryOf(info: Omit<WorkflowExecutionInfo, 'raw'>): RunSummary {
  const attribute = (name: string): string | null => {
    const [value] = info.searchAttributes?.[name] ?? [];
    return typeof value === 'string' ? value : null;
  };
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    runbook: info.type,
    service: attribute('HoldfastService') ?? /^holdfast\/[a-z]+\/([^/]+)(?:\/|$)/.exec(info.workflowId)?.[1] ?? null,
    open: info.status.name === 'RUNNING',
    state: info.status.name,
    startedAt: info.startTime.toISOString(),
    closedAt: info.closeTime?.toISOString() ?? null,
    phase: attribute('HoldfastPhase'),
    outcome: attribute('HoldfastOutcome'),
  };
}
