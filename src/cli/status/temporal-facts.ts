/** What Temporal knows of how things stand: open runs, schedules, and which runs have ended. Asked once for all services. */
import { listRuns, type RunSummary } from '../../client/list-runs.ts';
import { readStatus } from '../../client/read-run.ts';
import type { ScheduleState } from '../../client/schedules/read-schedules.ts';
import { isTemporalConfigured } from '../../client/temporal-connection.ts';
import { isFailure } from '../../domain/failures.ts';
import { restoreBesideRetention, restoringRunbooks } from '../../domain/retention/restoring.ts';
import { scheduleDifferences, type ScheduleDifference } from '../../domain/schedules/difference.ts';
import { wishedSchedules } from '../../domain/schedules/schedule-terms.ts';
import { findLocalTemporal } from '../../worker/local/local-supervisor.ts';
import { createRunDirectory } from '../../worker/run-directory.ts';
import type { CommandContext } from '../command-context.ts';
import { chosenServices, isAlwaysUp, schedulesOf } from '../schedule/chosen-schedules.ts';
import { attachToLocal, openSession, type TemporalSession } from '../temporal-session.ts';

export interface OpenRun extends RunSummary { readonly phaseNow: string | null }

/** When a run ended: milliseconds, 0 where nobody knows of it any more, null while it is open. */
export type EndOf = (workflowId: string, runId: string) => Promise<number | null>;

export type TemporalFacts =
  | { readonly kind: 'answers'; readonly runs: readonly OpenRun[]; readonly schedules: readonly ScheduleState[]; readonly differences: readonly ScheduleDifference[]; readonly namespaceId: string; restoreOf(service: string): string | null; readonly endOf: EndOf; readonly isAlwaysUp: boolean; close(): Promise<void> }
  /** The embedded one, stopped because no run was open: every run has ended. */
  | { readonly kind: 'idle' }
  /** The embedded one, which did not stop by itself: what its file holds nobody has looked at. */
  | { readonly kind: 'down' }
  | { readonly kind: 'silent'; readonly error: unknown };

/** @param starts may the embedded server be started to look into its file? Never by whoever only checks, every few minutes; nor is a worker then */
export async function readTemporal(context: CommandContext, starts: boolean): Promise<TemporalFacts> {
  const isEmbedded = context.options.local === true || !isTemporalConfigured();
  const { server, mayHoldRuns } = isEmbedded ? await findLocalTemporal(context.environment) : { server: null, mayHoldRuns: false };
  if (isEmbedded && server === null && !mayHoldRuns) return { kind: 'idle' };
  if (isEmbedded && server === null && !starts) return { kind: 'down' };
  let session: TemporalSession | null = null;
  try {
    session = server !== null && !starts ? await attachToLocal(context, server) : await openSession(context);
    return await ask(context, session);
  } catch (error) {
    await session?.close();
    if (isFailure(error)) return { kind: 'silent', error };
    throw error;
  }
}

async function ask(context: CommandContext, session: TemporalSession): Promise<TemporalFacts> {
  const { client, taskQueue } = session;
  const { service } = context.options;
  const open = await listRuns(client, { taskQueue, open: true, ...(service === undefined ? {} : { service }) });
  const runs = await Promise.all(open.map(async (run) => ({ ...run, phaseNow: await readStatus(client, run.workflowId, context.timing.followCallMs).then(({ phase }) => phase, () => run.phase) })));
  const schedules = await schedulesOf(context, session);
  const services = await chosenServices(context);
  const differences = scheduleDifferences(services.flatMap((each) => wishedSchedules(each, taskQueue)), schedules, services.map(({ name }) => name));
  const { namespaceId, closedAtMs, openRuns } = await createRunDirectory(client);
  const restores = await openRuns(restoringRunbooks);
  return { kind: 'answers', runs, schedules, differences, namespaceId, restoreOf: (name) => restoreBesideRetention(name, restores), endOf: closedAtMs, isAlwaysUp: await isAlwaysUp(context), close: () => session.close() };
}
