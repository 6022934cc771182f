/**
 * A runbook played without containers: the workflow is the product's, on a real Temporal server and with a real lease; its activities answer what
 * real ones answered when the histories in test/replay were recorded, except that one of them fails, or the run is cancelled while it works.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { WorkflowFailedError, WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createHeartbeatInterceptor } from '../../src/activities/heartbeating.ts';
import { createActivities } from '../../src/activities/index.ts';
import type { ResolvedService } from '../../src/activities/service-activities.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { longQueue } from '../../src/domain/task-queues.ts';
import type { PlanBody, RestorePlan } from '../../src/domain/restore-plan.ts';
import { leaseWorkflowId } from '../../src/domain/workflow-ids.ts';
import { approveUpdate, releaseLeaseSignal, statusQuery } from '../../src/workflows/shared/messages.ts';
import { temporalAddress } from '../support/test-environment.ts';
import { testWorkflows } from '../support/workflow-bundle.ts';

/** `prepareComponent:postgres`, `beginCutOver`. */
export type CallName = string;

/** The call's name without its number and without the mark of a failure. */
export const plainName = (call: CallName): CallName => call.replace(/[#!].*$/, '');

interface Recorded {
  readonly name: CallName;
  readonly result: unknown;
}

export interface Script {
  readonly runbook: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** In the order in which the recorded run scheduled them. */
  readonly calls: readonly Recorded[];
}

/** `stays away`: what another attempt might do, and none does. */
export type Trouble = 'fails' | 'cancelled' | 'stays away';

export interface Played {
  /** Calls in the order in which they began; `!` behind those that failed. */
  readonly calls: readonly CallName[];
  readonly status: string;
  /** Of the failure it ended with. */
  readonly failure: string | null;
  /** Does anyone hold the service after its end? */
  readonly leaseHeld: boolean;
}

export interface Stage {
  play(script: Script, trouble: Trouble | null, at: CallName | null): Promise<Played>;
  close(): Promise<void>;
}

const histories = join(import.meta.dirname, '../replay/histories');

/** Of the newest version of a recorded history. @param shape its name: `restoreBackup.done` */
export async function scriptOf(shape: string): Promise<Script> {
  const versions = (await readdir(histories)).filter((name) => name.startsWith(`${shape}.v`)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const { events } = JSON.parse(await readFile(join(histories, versions.at(-1) ?? ''), 'utf8')) as { events: readonly HistoryEvent[] };
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const results = new Map(events.flatMap(({ activityTaskCompletedEventAttributes: completed }) => (completed === undefined ? [] : [[completed.scheduledEventId, valueIn(completed.result)] as const])));
  const calls = events.flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) => (scheduled === undefined || !results.has(eventId) ? []
    : [{ name: callName(scheduled.activityType.name, valueIn(scheduled.input)), result: results.get(eventId) }]));
  return { runbook: started?.workflowType.name ?? '', input: valueIn(started?.input) as Script['input'], calls };
}

interface Payloads { readonly payloads?: readonly { readonly data?: string }[] }
interface HistoryEvent {
  readonly eventId: string;
  readonly workflowExecutionStartedEventAttributes?: { readonly workflowType: { readonly name: string }; readonly input?: Payloads };
  readonly activityTaskScheduledEventAttributes?: { readonly activityType: { readonly name: string }; readonly input?: Payloads };
  readonly activityTaskCompletedEventAttributes?: { readonly scheduledEventId: string; readonly result?: Payloads };
}

function valueIn(payloads: Payloads | undefined): unknown {
  const data = payloads?.payloads?.[0]?.data;
  return data === undefined || data === '' ? undefined : JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as unknown;
}

function callName(activity: string, input: unknown): CallName {
  const component = (input as { component?: string | { name?: string } } | undefined)?.component;
  const name = typeof component === 'string' ? component : component?.name;
  return name === undefined ? activity : `${activity}:${name}`;
}

/** How long a cancellation may take to reach an activity; one that is shielded never gets it. */
const cancellationMs = 1_500;
const heartbeatMs = 50;
const approvalPollMs = 50;

interface Playing {
  readonly script: Script;
  readonly service: string;
  readonly trouble: Trouble | null;
  readonly at: CallName | null;
  readonly calls: CallName[];
}

export async function openStage(): Promise<Stage> {
  // Failing is what these activities do: it is not worth a line each.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const client = await connectClient({ address: temporalAddress() });
  const connection = await NativeConnection.connect({ address: temporalAddress() });
  const taskQueue = `workflows-${randomBytes(4).toString('hex')}`;
  const playing = new Map<string, Playing>();
  const run = (activity: string) => (input: unknown): Promise<unknown> => answer(client, playing, activity, input);
  const common = {
    connection, activities: Object.fromEntries(Object.keys(createActivities({} as ActivityDependencies)).map((name) => [name, run(name)])),
    interceptors: { activity: [() => ({ inbound: createHeartbeatInterceptor(heartbeatMs) })] }, maxHeartbeatThrottleInterval: heartbeatMs, defaultHeartbeatThrottleInterval: heartbeatMs,
  };
  const workers = await Promise.all([
    Worker.create({ ...common, ...await testWorkflows(), taskQueue } as WorkerOptions),
    Worker.create({ ...common, taskQueue: longQueue(taskQueue) } as WorkerOptions),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  return {
    play: (script, trouble, at) => play(client, taskQueue, playing, script, trouble, at),
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      await connection.close();
      await client.connection.close();
    },
  };
}

async function play(client: Client, taskQueue: string, playing: Map<string, Playing>, script: Script, trouble: Trouble | null, at: CallName | null): Promise<Played> {
  const service = `played-${randomBytes(6).toString('hex')}`;
  const workflowId = `${taskQueue}/${service}`;
  const calls: CallName[] = [];
  playing.set(workflowId, { script, service, trouble, at, calls });
  const handle = await client.workflow.start(script.runbook, { taskQueue, workflowId, args: [{ ...script.input, service }] });
  const ended = handle.result().then(() => null, (error: unknown) => failureTypeOf(error));
  await approveUntil(handle, calls, ended);
  const failure = await ended;
  const { status } = await handle.describe();
  const lease = client.workflow.getHandle(leaseWorkflowId(service));
  const leaseHeld = await lease.describe().then((description) => description.status.name === 'RUNNING', () => false);
  if (leaseHeld) await lease.terminate('the play is over');
  return { calls, status: status.name, failure, leaseHeld };
}

/** Says yes to each plan that is shown, until the run has ended. It is asked only once a plan was made: a question each time took as much as all the rest of the play. */
async function approveUntil(handle: WorkflowHandle, calls: readonly CallName[], ended: Promise<unknown>): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  for (let approved = 0; !over;) {
    const made = calls.filter((call) => plainName(call) === 'planRestore').length;
    if (made > approved && await approveShown(handle)) approved = made;
    await Promise.race([ended, pause(approvalPollMs)]);
  }
}

/** False where no plan is shown, or it is shown no more: a run may end between the two. */
async function approveShown(handle: WorkflowHandle): Promise<boolean> {
  const status = await handle.query(statusQuery).catch(() => null);
  const envelope = status?.phase === 'awaitingApproval' ? status.plan?.envelope : undefined;
  return envelope !== undefined && handle.executeUpdate(approveUpdate, { args: [{ digest: envelope.digest, runId: envelope.runId, by: 'stage' }] }).then(() => true, () => false);
}

async function answer(client: Client, playing: ReadonlyMap<string, Playing>, activity: string, input: unknown): Promise<unknown> {
  const { workflowId, runId } = Context.current().info.workflowExecution as { workflowId: string; runId: string };
  const { script, service, trouble, at, calls } = playing.get(workflowId) as Playing;
  const plain = callName(activity, input);
  const before = calls.filter((call) => plainName(call) === plain).length;
  const name = before === 0 ? plain : `${plain}#${before + 1}`;
  const index = calls.push(name) - 1;
  try {
    if (name === at && trouble === 'fails') throw endedIn('HelperFailed', name);
    // The last of its attempts.
    if (name === at && trouble === 'stays away') throw endedIn('DatabaseUnreachable', name);
    if (name === at) await cancelOwnRun(client.workflow.getHandle(workflowId, runId));
  } catch (error) {
    calls[index] = `${name}!`;
    throw error;
  }
  if (activity === 'releaseLease') return releaseLease(client, service, runId);
  if (activity === 'planRestore') return planOf(input as { body: PlanBody }, workflowId, runId);
  const recorded = script.calls.filter((each) => each.name === plain);
  const { result } = recorded[Math.min(before, recorded.length - 1)] ?? { result: undefined };
  return activity === 'resolveService' ? resolvedAs(result, Context.current().info.taskQueue) : result;
}

const endedIn = (type: string, name: CallName): ApplicationFailure =>
  ApplicationFailure.create({ message: `${name} (a test): fails`, type, nonRetryable: true, details: [{ operation: name, object: 'a test', cause: 'it fails', hint: 'none' }] });

/** Returns where the cancellation does not come: the workflow shields this activity from it. */
async function cancelOwnRun(handle: WorkflowHandle): Promise<void> {
  await handle.cancel();
  await Promise.race([Context.current().cancelled, pause(cancellationMs)]);
}

async function releaseLease(client: Client, service: string, runId: string): Promise<void> {
  const lease = client.workflow.getHandle(leaseWorkflowId(service));
  try {
    await lease.signal(releaseLeaseSignal, { runId });
    await lease.result();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** As the activity does it: bound to the run that asks. The digest is of nothing, for nobody here checks it. */
const planOf = ({ body }: { body: PlanBody }, workflowId: string, runId: string): RestorePlan => ({
  body, envelope: { workflowId, runId, nonce: randomBytes(16).toString('hex'), issuedAt: new Date().toISOString(), expiresAt: new Date(Date.now() + 3_600_000).toISOString(), digest: randomBytes(32).toString('hex') },
});

/** The recorded service, on this stage's queue. */
const resolvedAs = (result: unknown, hostQueue: string): unknown => ({ ...result as ResolvedService, hostQueue, searchAttributes: false });

function failureTypeOf(error: unknown): string {
  const cause = error instanceof WorkflowFailedError ? error.cause : error;
  if (cause instanceof CancelledFailure) return 'cancelled';
  return cause instanceof ApplicationFailure ? cause.type ?? 'unknown' : String(cause);
}
