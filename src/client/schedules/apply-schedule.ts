/** Making one schedule what it should be: created, changed, or removed. Every step can be done twice. */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type Client, type ScheduleOptions, type ScheduleUpdateOptions } from '@temporalio/client';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ScheduleDifference } from '../../domain/schedules/difference.ts';
import type { ScheduleTerms, WishedSchedule } from '../../domain/schedules/schedule-terms.ts';
import { askTemporal, grpcCause } from '../ask-temporal.ts';
import { foundSchedule, memoKey } from './read-schedules.ts';

/** Those that there is something to do about. */
export type ScheduleStep = Extract<ScheduleDifference, { readonly kind: 'create' | 'change' | 'drifted' | 'remove' }>;

type Action = ScheduleOptions['action'];

/**
 * Does what a difference says, and nothing else: what is not as it was shown any more is left. `by`: who asks, for the note.
 * @throws PlanChanged, InvalidConfiguration (the server refuses it), TemporalUnreachable
 */
export async function applySchedule(client: Client, step: ScheduleStep, by: string): Promise<void> {
  if (step.kind === 'create') return create(client, step.wished, by);
  if (step.kind === 'remove') return removeSchedule(client, step.id);
  await updateAsShown(client, step, by);
}

async function create(client: Client, wished: WishedSchedule, by: string): Promise<void> {
  const { id, service, verb, terms } = wished;
  await asking(client, 'create the schedule', id, async () => {
    try {
      await client.schedule.create({ scheduleId: id, spec: specOf(terms), action: actionOf(wished), policies: policiesOf(terms), memo: { [memoKey]: { service, verb } }, state: { note: noteOf(verb, service, by) } });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      // Somebody was faster. Where it is what was wished, nothing is left to do; whatever else it is was not shown.
      const is = foundSchedule(await client.schedule.getHandle(id).describe());
      if (is.own === null || isOther(is.terms, terms)) throw changed(id, 'it is there by now');
    }
  });
}

async function updateAsShown(client: Client, { id, wished, found }: Extract<ScheduleStep, { readonly kind: 'change' | 'drifted' }>, by: string): Promise<void> {
  await asking(client, 'change the schedule', id, () => client.schedule.getHandle(id).update((is): ScheduleUpdateOptions<Action> => {
    const now = foundSchedule(is);
    if (now.own === null || isOther(now.terms, found.terms)) throw changed(id, 'somebody has changed it since');
    // Paused is somebody's decision, and the note is where they said why.
    const { paused } = is.state;
    return { spec: specOf(wished.terms), action: actionOf(wished), policies: policiesOf(wished.terms), state: { paused, note: paused ? now.note : noteOf(wished.verb, wished.service, by) } };
  }));
}

const isOther = (one: ScheduleTerms, other: ScheduleTerms): boolean => canonicalJson(one) !== canonicalJson(other);

const changed = (id: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('PlanChanged', { operation: 'change the schedule', object: id, cause, hint: 'It was left as it is. Look at the difference again: holdfast schedule plan.' });

/** Of ours only; its runs go on. One that is gone already is as it should be. @throws InvalidInput, TemporalUnreachable */
export async function removeSchedule(client: Client, id: string): Promise<void> {
  await asking(client, 'remove the schedule', id, async () => {
    const handle = client.schedule.getHandle(id);
    try {
      if (foundSchedule(await handle.describe()).own === null) throw notOurs('remove the schedule', id);
      await handle.delete();
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    }
  });
}

export const notOurs = (operation: string, id: string): HoldfastFailure =>
  new HoldfastFailure('InvalidInput', { operation, object: id, cause: 'somebody made it by hand: Holdfast does not touch it', hint: `By hand: temporal schedule describe --schedule-id '${id}'.` });

const specOf = (terms: ScheduleTerms): ScheduleOptions['spec'] => ({ cronExpressions: [terms.when], timezone: terms.timeZone, jitter: terms.jitterMs });

const policiesOf = (terms: ScheduleTerms): NonNullable<ScheduleOptions['policies']> => ({ overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: terms.catchupMs, pauseOnFailure: terms.pauseOnFailure });

const actionOf = ({ terms }: WishedSchedule): Action => ({
  type: 'startWorkflow', workflowType: terms.starts, taskQueue: terms.taskQueue, workflowId: terms.workflowId, args: [JSON.parse(terms.input)],
  staticSummary: terms.summary, workflowExecutionTimeout: terms.runTimeoutMs, memo: { [memoKey]: { applied: terms } },
});

export const noteOf = (verb: string, service: string, by: string): string => `${verb} of ${service}, from holdfast.yaml, by ${by} (holdfast schedule apply)`;

/** What the server has against a schedule (a zone that it does not know) is said as what it is: wrong settings. */
export async function asking<T>(client: Client, operation: string, id: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await askTemporal(client, operation, id, ask);
  } catch (error) {
    const refused = error instanceof TypeError || grpcCause(error)?.code === 3;
    if (!refused) throw error;
    throw new HoldfastFailure('InvalidConfiguration', { operation, object: id, cause: grpcCause(error)?.details ?? (error as Error).message, hint: 'Correct services.*.schedules in holdfast.yaml; holdfast schedule plan shows what it amounts to.' }, { cause: error });
  }
}
