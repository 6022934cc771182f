/** The schedules there are: ours by their ids, and others for our runbooks, which somebody made by hand. */
import { ScheduleNotFoundError, WorkflowFailedError, WorkflowNotFoundError, type Client, type ScheduleDescription, type ScheduleExecutionResult } from '@temporalio/client';
import { isFailure } from '../../domain/failures.ts';
import type { FoundSchedule } from '../../domain/schedules/difference.ts';
import { scheduleId } from '../../domain/workflow-ids.ts';
import { askTemporal } from '../ask-temporal.ts';
import { runFailure } from '../run-failure.ts';
import { verbs, workflowTypes } from '../runbooks.ts';
import { foundTerms } from './found-terms.ts';

/**
 * Under this key two memos say that a schedule is ours. The schedule's own says whose it is: no update from anywhere changes it. The one of the runs it starts says
 * which terms it was given last: it can be changed, and goes when somebody replaces the action by hand (ADR 20).
 */
export const memoKey = 'holdfastSchedule';

export interface ScheduleState extends FoundSchedule {
  readonly madeAt: string;
  /** When it was made as it is now: what was due before was due by other terms, or by none. */
  readonly since: string;
  /** Null while it is paused, and where nothing is due any more. */
  readonly nextAt: string | null;
  readonly last: LastRun | null;
  /** Runs started, by time or by hand. */
  readonly taken: number;
  /** Not started because the run before was still open. */
  readonly skipped: number;
  /** Not started because the server was down for longer than what is caught up with. */
  readonly missed: number;
  /** Workflow ids. */
  readonly running: readonly string[];
}

export interface LastRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: string;
  /** Temporal's own word; null where it has forgotten the run. */
  readonly state: string | null;
  /** Why it did nothing, without a full stop: another run held the service. Null where it did something, whatever came of it. */
  readonly skipped: string | null;
}

/** Of one namespace; a fleet's are some hundreds. */
const mostSchedules = 5_000;
const atOnce = 8;
const ourTypes: readonly string[] = verbs.map((verb) => workflowTypes[verb]);

/**
 * Every schedule of the namespace that Holdfast made or that starts one of its runbooks, by id. `ids` are asked for by name: what was just made is in no list yet.
 * @throws TemporalUnreachable
 */
export async function readSchedules(client: Client, ids: readonly string[]): Promise<readonly ScheduleState[]> {
  const listed = await askTemporal(client, 'list the schedules', client.options.namespace, () => listedIds(client), 30_000);
  const wanted = [...new Set([...ids, ...listed])].sort();
  const found: ScheduleState[] = [];
  for (let begin = 0; begin < wanted.length; begin += atOnce) {
    const states = await Promise.all(wanted.slice(begin, begin + atOnce).map((id) => readSchedule(client, id)));
    found.push(...states.filter((state) => state !== null));
  }
  return found;
}

/** Asked for as they come, not decoded: the namespace holds other people's too, and their memos may be encrypted. */
async function listedIds(client: Client): Promise<readonly string[]> {
  const found: string[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.listSchedules({ namespace: client.options.namespace, maximumPageSize: 200, ...(nextPageToken === undefined ? {} : { nextPageToken }) });
    for (const { scheduleId: id, info } of page.schedules ?? []) if (id != null && (id.startsWith('holdfast/') || ourTypes.includes(info?.workflowType?.name ?? ''))) found.push(id);
    nextPageToken = page.nextPageToken != null && page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
  } while (nextPageToken !== undefined && found.length < mostSchedules);
  return found;
}

/** Null where there is none. @throws TemporalUnreachable */
export async function readSchedule(client: Client, id: string): Promise<ScheduleState | null> {
  return askTemporal(client, 'read the schedule', id, async () => {
    const description = await client.schedule.getHandle(id).describe().catch((error: unknown) => {
      if (error instanceof ScheduleNotFoundError) return null;
      throw error;
    });
    return description === null ? null : stateOf(client, description);
  });
}

/** What {@link FoundSchedule} needs of a description; also before an update, where the last run is nobody's business. */
export function foundSchedule(description: ScheduleDescription): FoundSchedule {
  const { scheduleId: id, memo, action, state } = description;
  return { id, own: ownerIn(memo, id), terms: foundTerms(description), applied: appliedIn(action.memo), paused: state.paused, note: state.note ?? '' };
}

async function stateOf(client: Client, description: ScheduleDescription): Promise<ScheduleState> {
  const { info, state } = description;
  const last = info.recentActions.at(-1);
  return {
    ...foundSchedule(description),
    madeAt: info.createdAt.toISOString(), since: (info.lastUpdatedAt ?? info.createdAt).toISOString(),
    nextAt: state.paused ? null : info.nextActionTimes[0]?.toISOString() ?? null,
    last: last === undefined ? null : await lastRun(client, last),
    taken: info.numActionsTaken, skipped: info.numActionsSkippedOverlap, missed: info.numActionsMissedCatchupWindow,
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
  };
}

async function lastRun(client: Client, { action: { workflow }, takenAt }: ScheduleExecutionResult): Promise<LastRun> {
  const { workflowId, firstExecutionRunId: runId } = workflow;
  const state = await client.workflow.getHandle(workflowId, runId).describe().then(({ status }) => status.name, (error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  });
  return { workflowId, runId, startedAt: takenAt.toISOString(), state, skipped: state === 'FAILED' ? await skippedFor(client, workflowId, runId) : null };
}

/** `ServiceBusy` is what a run ends with that found no turn, and began nothing. */
async function skippedFor(client: Client, workflowId: string, runId: string): Promise<string | null> {
  const failure = await client.workflow.getHandle(workflowId, runId, { firstExecutionRunId: runId }).result().then(() => null, (error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return null;
    if (error instanceof WorkflowFailedError) return runFailure(error, workflowId);
    throw error;
  });
  return isFailure(failure, 'ServiceBusy') ? failure.fields.cause : null;
}

/** A memo is data from outside: only what fits the schedule's own id counts. */
function ownerIn(memo: Readonly<Record<string, unknown>> | undefined, id: string): FoundSchedule['own'] {
  const { service, verb } = objectIn(memo?.[memoKey]);
  return typeof service === 'string' && typeof verb === 'string' && scheduleId(verb, service) === id ? { service, verb } : null;
}

function appliedIn(memo: Readonly<Record<string, unknown>> | undefined): FoundSchedule['applied'] {
  const { applied } = objectIn(memo?.[memoKey]);
  return applied === undefined ? null : objectIn(applied);
}

const objectIn = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? value as Record<string, unknown> : {});
