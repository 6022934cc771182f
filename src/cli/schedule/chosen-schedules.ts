/** Which schedules a command is about: those of the chosen service, or of all; and what stands between them and how they should be. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readSchedules, type ScheduleState } from '../../client/schedules/read-schedules.ts';
import { isTemporalConfigured } from '../../client/temporal-connection.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { scheduleDifferences, type FoundSchedule, type ScheduleDifference } from '../../domain/schedules/difference.ts';
import { wishedSchedules } from '../../domain/schedules/schedule-terms.ts';
import { isScheduledVerb, scheduledVerbs } from '../../domain/schedules/scheduled-runbooks.ts';
import { firstTimeLeftOut } from '../../domain/schedules/time-zone.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { scheduleId } from '../../domain/workflow-ids.ts';
import { isServedInForeground } from '../../worker/local/local-supervisor.ts';
import { localPaths } from '../../worker/local/state-directory.ts';
import { chosenService, theService, type CommandContext } from '../command-context.ts';
import type { TemporalSession } from '../temporal-session.ts';

export async function chosenServices(context: CommandContext): Promise<readonly ServiceDefinition[]> {
  const config = await context.config();
  return context.options.service === undefined ? config.services : [chosenService(config, context.options.service)];
}

/** Every one that there is of the chosen services, and every foreign one that says no other service. @throws TemporalUnreachable */
export async function schedulesOf(context: CommandContext, session: TemporalSession): Promise<readonly ScheduleState[]> {
  const services = await chosenServices(context);
  const found = await readSchedules(session.client, services.flatMap(({ name }) => scheduledVerbs.map((verb) => scheduleId(verb, name))));
  return context.options.service === undefined ? found : found.filter((schedule) => (serviceOf(schedule) ?? context.options.service) === context.options.service);
}

function serviceOf({ own, terms }: FoundSchedule): string | null {
  if (own !== null) return own.service;
  const input: unknown = JSON.parse(terms.input);
  const service = typeof input === 'object' && input !== null && 'service' in input ? input.service : null;
  return typeof service === 'string' ? service : null;
}

export async function differencesOf(context: CommandContext, session: TemporalSession): Promise<readonly ScheduleDifference[]> {
  const services = await chosenServices(context);
  const wished = services.flatMap((service) => wishedSchedules(service, session.taskQueue));
  return scheduleDifferences(wished, await schedulesOf(context, session), services.map(({ name }) => name));
}

/** Of all that would be done, and of what it would be done to: the same digits mean the same. */
export function digestOf(differences: readonly ScheduleDifference[]): string {
  const facts = differences.map(({ kind, id, wished, found }) => ({ kind, id, wished: wished?.terms ?? null, found: found?.terms ?? null }));
  return createHash('sha256').update(canonicalJson(facts)).digest('hex');
}

/** Starts that a clock put forward leaves out, a sentence each. */
export function timesLeftOut(differences: readonly ScheduleDifference[], nowMs: number): readonly string[] {
  return differences.flatMap(({ wished, id }) => {
    const left = wished === null || wished.times.hour.length > 12 ? null : firstTimeLeftOut(wished.times, wished.terms.timeZone, nowMs);
    return left === null ? [] : [`${id}: there is no ${left} in ${wished?.terms.timeZone ?? ''}, the clock is put forward over it: nothing starts then. Choose another hour, or UTC.`];
  });
}

/** The schedule that a word names: a runbook of the chosen service, or the whole id. @throws InvalidInput, UnknownService */
export async function idNamed(context: CommandContext, word: string): Promise<string> {
  if (isScheduledVerb(word)) return scheduleId(word, (await theService(context)).name);
  if (/^holdfast\/[a-z]+\/[^/\s'"\\]+$/.test(word)) return word;
  throw new HoldfastFailure('InvalidInput', { operation: 'find the schedule', object: JSON.stringify(word.slice(0, 80)), cause: `it is none of ${scheduledVerbs.join(', ')}, and no id of a schedule of Holdfast`, hint: 'holdfast schedule list shows the ids.' });
}

const isEmbedded = ({ options }: CommandContext): boolean => options.local === true || !isTemporalConfigured();

/** Would anybody be there when a run is due? With the embedded Temporal only where `holdfast up` runs. */
export async function isAlwaysUp(context: CommandContext): Promise<boolean> {
  return !isEmbedded(context) || await isServedInForeground(context.environment, await context.config());
}

/** An embedded Temporal that has never run has no schedules: it need not be started to say so. */
export async function isUnborn(context: CommandContext): Promise<boolean> {
  return isEmbedded(context) && await stat(localPaths(context.environment).database).then(() => false, () => true);
}

/** @throws HostUnavailable, before anything is started or made */
export async function requireAlwaysUp(context: CommandContext): Promise<void> {
  if (await isAlwaysUp(context)) return;
  throw new HoldfastFailure('HostUnavailable', {
    operation: 'apply the schedules', object: 'this machine', cause: 'its Temporal runs only while a command needs it: when a run is due, nobody would be there to start it',
    hint: 'Keep it running with holdfast up (as a unit: docs/schedules.md), and apply again. Or let this machine\'s cron do it: 0 2 * * * cd DIRECTORY && holdfast backup --quiet',
  });
}

export const dormant = 'holdfast up does not run: nothing starts by itself here. Keep it running (docs/schedules.md), or use this machine\'s cron.';
