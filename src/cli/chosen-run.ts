/** The run that `watch` and `cancel` mean: the one that is named, or the newest open one. */
import { findRun, listRuns, type RunSummary } from '../client/list-runs.ts';
import { logWatchType } from '../client/runbooks.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { CommandContext } from './command-context.ts';
import type { TemporalSession } from './temporal-session.ts';

/** @throws UnknownRun, InvalidInput */
export async function chosenRun(context: CommandContext, session: TemporalSession, text: string | undefined): Promise<RunSummary> {
  if (text !== undefined) return findRun(session.client, session.taskQueue, text);
  const { service } = context.options;
  const open = await listRuns(session.client, { taskQueue: session.taskQueue, open: true, ...(service === undefined ? {} : { service }) });
  // What watches a log is always open, and meant only by its name.
  const newest = open.find(({ runbook }) => runbook !== logWatchType);
  if (newest !== undefined) return newest;
  throw new HoldfastFailure('UnknownRun', { operation: 'find an open run', object: service ?? 'any service', cause: 'no run is open', hint: 'See holdfast status, or name the run.' });
}
