/** What a schedule does, in terms that can be compared one by one; and the schedules that a service should have. Pure. */
import { canonicalJson } from '../canonical-json.ts';
import { HoldfastFailure } from '../failures.ts';
import type { ServiceDefinition } from '../service.ts';
import { runWorkflowId, scheduleId, type RunVerb } from '../workflow-ids.ts';
import { cronText, type CronTimes } from './cron.ts';
import { defaultSettings, timesOf } from './schedule-settings.ts';
import { scheduledRunbook, scheduledVerbs, type ScheduledVerb } from './scheduled-runbooks.ts';

/** Each of them can be set by hand, and is put right by itself. Whether it is paused is no term: that is somebody's decision, and stays. */
export interface ScheduleTerms {
  /** One text for equal times: {@link cronText}, for what cron can say. */
  readonly when: string;
  readonly timeZone: string;
  readonly jitterMs: number;
  readonly catchupMs: number;
  /** Temporal's own word. Ours is always SKIP: what is still running is not started again. */
  readonly overlap: string;
  readonly pauseOnFailure: boolean;
  /** The workflow type. */
  readonly starts: string;
  /** Canonical JSON. */
  readonly input: string;
  readonly taskQueue: string;
  readonly workflowId: string;
  readonly summary: string;
  /** 0: no limit. */
  readonly runTimeoutMs: number;
  /** What ours never have (times left out, an end, a limit of runs, a retry policy), in words; empty where there is nothing. */
  readonly others: string;
}

export interface WishedSchedule {
  readonly id: string;
  readonly service: string;
  readonly verb: ScheduledVerb;
  readonly times: CronTimes;
  readonly terms: ScheduleTerms;
}

/** The schedules of a service: by its configuration, and by the defaults where that says nothing. @throws HoldfastFailure InvalidConfiguration for times that no calendar has */
export function wishedSchedules(service: ServiceDefinition, taskQueue: string): readonly WishedSchedule[] {
  return scheduledVerbs.flatMap((verb) => wished(service, taskQueue, verb));
}

/** When one of them starts; null where it is off. @throws HoldfastFailure InvalidConfiguration for times that no calendar has */
export function startsOf(service: ServiceDefinition, verb: ScheduledVerb): { readonly times: CronTimes; readonly timeZone: string } | null {
  const { timeZone, times: settings } = service.schedules ?? defaultSettings;
  const parsed = timesOf(verb, settings[verb] ?? scheduledRunbook(verb).byDefault(service));
  if (parsed === null) return null;
  if (parsed.times === null) throw new HoldfastFailure('InvalidConfiguration', { operation: 'read the schedule', object: `services.${service.name}.schedules.${verb}`, cause: parsed.problem, hint: 'holdfast config checks the file.' });
  return { times: parsed.times, timeZone };
}

function wished(service: ServiceDefinition, taskQueue: string, verb: ScheduledVerb): readonly WishedSchedule[] {
  const starts = startsOf(service, verb);
  if (starts === null) return [];
  const { jitterMs, catchupMs } = service.schedules ?? defaultSettings;
  const { times, timeZone } = starts;
  const runbook = scheduledRunbook(verb);
  const id = scheduleId(verb, service.name);
  return [{
    id, service: service.name, verb, times,
    terms: {
      when: cronText(times), timeZone, jitterMs, catchupMs: Math.min(catchupMs, runbook.longestCatchupMs ?? catchupMs), overlap: 'SKIP', pauseOnFailure: false,
      starts: runbook.starts, input: canonicalJson({ service: service.name, requestedBy: `schedule ${id}`, ...runbook.input }), taskQueue,
      workflowId: runWorkflowId(runbook.runs.verb as RunVerb, service.name, runbook.runs.name), summary: `${verb} of ${service.name}, by its schedule`, runTimeoutMs: runbook.runTimeoutMs, others: '',
    },
  }];
}
