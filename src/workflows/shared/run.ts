/** The frame every runbook runs in: validates, resolves the service, keeps the status, and turns any end into a stable one. */
import { isCancellation, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { ResolvedService } from '../../activities/service-activities.ts';
import { checkName } from '../../domain/identifiers.ts';
import { isRestoring, restoreIsOpen, waitingRunbooks } from '../../domain/retention/restoring.ts';
import { componentsInto, type Component } from '../../domain/service.ts';
import { isFailure } from '../../domain/failures.ts';
import { longQueue, workflowQueue } from '../../domain/task-queues.ts';
import { activitiesOn, type ActivityProxies } from './activity-options.ts';
import { createCompensations, type Compensations } from './compensations.ts';
import { statusQuery } from './messages.ts';
import type { RunEvent, RunPhase, RunStatus } from './run-status.ts';
import { failureTypeOf, finalFailure, workflowFailure } from './workflow-failure.ts';

const keptEvents = 200;
export const attributes = {
  service: defineSearchAttributeKey('HoldfastService', 'KEYWORD'),
  runbook: defineSearchAttributeKey('HoldfastRunbook', 'KEYWORD'),
  phase: defineSearchAttributeKey('HoldfastPhase', 'KEYWORD'),
  outcome: defineSearchAttributeKey('HoldfastOutcome', 'KEYWORD'),
};

/** What every runbook's input has in common. */
export interface CommonInput {
  readonly service: string;
  /** Why: an incident number, "nightly". Shown and kept. */
  readonly reason?: string;
  /** Who asks: `mia@laptop`. Only as good as access to Temporal. */
  readonly requestedBy?: string;
  /** restore only: containers to restore into instead of the service's own, by component name. */
  readonly into?: Readonly<Record<string, string>>;
  /** restore only: these components and no others, by name; all of them unless given. */
  readonly only?: readonly string[];
}

export interface Run<I extends CommonInput> {
  readonly input: I;
  readonly service: ResolvedService;
  /** {@link RunPlace.repository} */
  readonly repository?: string;
  /** The components this run works on: the service's own, or other containers that stand in for them. */
  readonly components: readonly Component[];
  /** Activities on the queue of the service's own Docker host. */
  readonly host: ActivityProxies;
  /** Activities that any worker can do (the lease, other runs). */
  readonly control: ActivityProxies;
  readonly compensations: Compensations;
  readonly status: MutableStatus;
  phase(phase: RunPhase): void;
  /** `[1/3] Backing up PostgreSQL database...` */
  step(text: string): void;
  done(text: string): void;
  note(text: string): void;
  warn(text: string): void;
}

export type MutableStatus = { -readonly [K in keyof RunStatus]: RunStatus[K] };

/** Where a run works; each as with every other unless the runbook says otherwise. */
export interface RunPlace<I extends CommonInput> {
  /** On which host its steps are taken: the service's own, unless it is about another. @throws InvalidInput where that is not named */
  readonly hostQueue?: (input: I, service: ResolvedService) => string;
  /** In which repository it notes what it is: the service's first, unless it works with another one alone. Undefined for the first. */
  readonly repository?: (run: Pick<Run<I>, 'input' | 'service'>) => string | undefined;
}

/**
 * Runs one runbook. `allowed` names the members its input may have; anything else is refused, so that a misspelt
 * `"dryrun"` never becomes a real restore.
 */
export async function inFrame<I extends CommonInput, R>(
  runbook: string,
  input: unknown,
  validate: (input: Record<string, unknown>) => I,
  body: (run: Run<I>) => Promise<R>,
  place: RunPlace<I> = {},
): Promise<R> {
  const status: MutableStatus = { runbook, service: '', phase: 'starting', events: [], eventsDropped: 0, plan: null, decision: null, refusals: [], waitingFor: null };
  setHandler(statusQuery, () => status, { description: 'Phase, progress, plan and decision of this run' });
  const compensations = createCompensations();
  let run: Run<I> | undefined;
  try {
    const valid = validated(runbook, input, validate);
    status.service = valid.service;
    run = await resolve(valid, status, compensations, place);
    requireNoRestore(run, runbook);
    await enter(run, runbook);
    if (isRestoring({ runbook, input: input as Record<string, unknown> })) run.note(`Retention and schedules of ${valid.service} wait until this has ended.`);
    const result = await body(run);
    await runCompensations(run);
    finish(run, 'done', 'done');
    return result;
  } catch (error) {
    if (run !== undefined) await cleanUpAfter(run, error);
    throw finalFailure(error, status.service);
  }
}

export function validated<I extends CommonInput>(runbook: string, input: unknown, validate: (input: Record<string, unknown>) => I): I {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw workflowFailure('InvalidInput', { operation: 'read the input', object: runbook, cause: 'it is not a JSON object', hint: 'Start it with one JSON object, for example {"service":"story-portal"}.' });
  }
  const record = input as Record<string, unknown>;
  checkName('service', record['service']);
  try {
    return validate(record);
  } catch (error) {
    if (isFailure(error)) throw workflowFailure(error.type, error.fields);
    throw error;
  }
}

export async function resolve<I extends CommonInput>(input: I, status: MutableStatus, compensations: Compensations, { hostQueue, repository }: RunPlace<I> = {}): Promise<Run<I>> {
  const queue = workflowInfo().taskQueue || workflowQueue();
  const service = await activitiesOn(queue, 'production').quick.resolveService({ service: input.service, ...(isScheduled() && waitingRunbooks.includes(workflowInfo().workflowType) ? { scheduled: true } : {}) });
  requireKnownComponents(input, service);
  const notedIn = repository?.({ input, service });
  return { ...frameOf(input, { ...service, hostQueue: hostQueue?.(input, service) ?? service.hostQueue }, queue, status, compensations), ...(notedIn === undefined ? {} : { repository: notedIn }) };
}

/** By a schedule of Temporal's, whoever made it, or by its older `--cron`. */
export function isScheduled(): boolean {
  const { searchAttributes, cronSchedule } = workflowInfo();
  return 'TemporalScheduledById' in searchAttributes || cronSchedule !== undefined;
}

/** @throws ServiceBusy */
function requireNoRestore<I extends CommonInput>({ input, service }: Run<I>, runbook: string): void {
  if (service.restore === undefined) return;
  const { type, fields } = restoreIsOpen(input.service, `start ${runbook} by its schedule`, service.restore);
  throw workflowFailure(type, fields);
}

/** A component that the service does not have would be left out in silence, and the run would succeed without it. @throws InvalidInput */
function requireKnownComponents(input: CommonInput, { definition }: ResolvedService): void {
  const known = definition.components.map((component) => component.name);
  const unknown = [...Object.keys(input.into ?? {}), ...input.only ?? []].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw workflowFailure('InvalidInput', { operation: 'read the input', object: `${input.only?.includes(unknown) === true ? 'only' : 'into'}.${unknown}`, cause: `${input.service} has no such component`, hint: `Its components are ${known.join(', ')}.` });
}

async function enter<I extends CommonInput>(run: Run<I>, runbook: string): Promise<void> {
  const noted = { service: run.input.service, ...(run.repository === undefined ? {} : { repository: run.repository }) };
  if (run.service.searchAttributes) upsertSearchAttributes([{ key: attributes.service, value: noted.service }, { key: attributes.runbook, value: runbook }]);
  run.phase('working');
  await run.host.first.enterHost({ ...noted, components: run.components });
  run.compensations.add('remove what this run left', () => run.host.quick.removeRunScratch(noted));
}

function frameOf<I extends CommonInput>(input: I, service: ResolvedService, queue: string, status: MutableStatus, compensations: Compensations): Run<I> {
  const tell = (kind: RunEvent['kind'], text: string): void => {
    const events = [...status.events, { at: new Date(Date.now()).toISOString(), kind, text }];
    status.eventsDropped += Math.max(0, events.length - keptEvents);
    status.events = events.slice(-keptEvents);
    setCurrentDetails(detailsOf(status));
  };
  return {
    input,
    service,
    components: componentsInto(service.definition.components, input.into).filter(({ name }) => input.only?.includes(name) ?? true),
    host: activitiesOn(service.hostQueue, service.timing, longQueue(service.hostQueue)),
    control: activitiesOn(queue, service.timing),
    compensations,
    status,
    phase: (phase) => {
      status.phase = phase;
      setCurrentDetails(detailsOf(status));
      if (service.searchAttributes) upsertSearchAttributes([{ key: attributes.phase, value: phase }]);
    },
    step: (text) => tell('step', text),
    done: (text) => tell('done', text),
    note: (text) => tell('note', text),
    warn: (text) => tell('warning', text),
  };
}

/** The live page of the run in the Temporal UI (markdown, kept far below the server's 20,000 bytes). */
function detailsOf(status: MutableStatus): string {
  const lines = status.events.slice(-40).map((event) => `- ${event.text.slice(0, 300)}`);
  return `**${status.runbook}** of **${status.service}**: ${status.phase}\n\n${lines.join('\n')}`;
}

async function cleanUpAfter<I extends CommonInput>(run: Run<I>, error: unknown): Promise<void> {
  const type = failureTypeOf(error);
  run.phase('cleaningUp');
  await runCompensations(run);
  finish(run, 'failed', isCancellation(error) ? 'cancelled' : type);
}

/** Whatever is still registered when the body ends, well or not: leases, scratch, set-aside settings. Steps that became final were dropped. */
async function runCompensations<I extends CommonInput>(run: Run<I>): Promise<void> {
  const unfinished = await run.compensations.run();
  for (const failure of unfinished) run.warn(`Clean-up did not finish: ${failure}. reapLeftovers repairs it.`);
}

export function finish<I extends CommonInput>(run: Run<I>, phase: RunPhase, outcome: string): void {
  run.phase(phase);
  if (run.service.searchAttributes) upsertSearchAttributes([{ key: attributes.outcome, value: outcome }]);
}
