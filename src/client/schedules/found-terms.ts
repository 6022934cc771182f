/** A schedule as Temporal describes it, in our terms: whoever made it, and whatever they made it of. */
import type { ScheduleDescription } from '@temporalio/client';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { cronText, type CronTimes } from '../../domain/schedules/cron.ts';
import type { ScheduleTerms } from '../../domain/schedules/schedule-terms.ts';

type Calendar = NonNullable<ScheduleDescription['spec']['calendars']>[number];
type Range = { readonly start: unknown; readonly end: unknown; readonly step: number };

const months = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'];
const days = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];
/** What the server takes where nothing is said; the Temporal CLI says it. */
const defaultTaskTimeoutMs = 10_000;

export function foundTerms({ spec, action, policies, state }: Pick<ScheduleDescription, 'spec' | 'action' | 'policies' | 'state'>): ScheduleTerms {
  return {
    when: [...(spec.calendars ?? []).map(calendarText), ...(spec.intervals ?? []).map(({ every, offset }) => `every ${every} ms${offset ? ` from ${offset} ms on` : ''}`)].sort().join(' or ') || 'never',
    timeZone: spec.timezone || 'UTC',
    jitterMs: Number(spec.jitter ?? 0),
    catchupMs: policies.catchupWindow,
    overlap: String(policies.overlap),
    pauseOnFailure: policies.pauseOnFailure,
    starts: action.workflowType,
    input: inputText(action.args),
    taskQueue: action.taskQueue ?? '',
    workflowId: action.workflowId ?? '',
    summary: action.staticSummary ?? '',
    runTimeoutMs: Number(action.workflowExecutionTimeout ?? 0),
    others: others({ spec, action, state }).join(', '),
  };
}

function others({ spec, action, state }: Pick<ScheduleDescription, 'spec' | 'action' | 'state'>): readonly string[] {
  const runMs = Number(action.workflowRunTimeout ?? 0);
  const taskMs = Number(action.workflowTaskTimeout ?? 0);
  return [
    ...(spec.skip ?? []).map((calendar) => `not at ${calendarText(calendar)}`),
    ...(spec.startAt === undefined ? [] : [`not before ${spec.startAt.toISOString()}`]),
    ...(spec.endAt === undefined ? [] : [`not after ${spec.endAt.toISOString()}`]),
    ...(state.remainingActions === undefined ? [] : [`only ${state.remainingActions} more runs`]),
    ...(action.retry === undefined || action.retry === null ? [] : ['a retry policy']),
    ...(runMs === 0 ? [] : [`a run timeout of ${runMs} ms`]),
    ...(taskMs === 0 || taskMs === defaultTaskTimeoutMs ? [] : [`a workflow task timeout of ${taskMs} ms`]),
  ];
}

/** As cron would say it, and more only where cron cannot. */
function calendarText(calendar: Calendar): string {
  const times: CronTimes = {
    minute: valuesOf(calendar.minute, Number), hour: valuesOf(calendar.hour, Number), dayOfMonth: valuesOf(calendar.dayOfMonth, Number),
    month: valuesOf(calendar.month, (month) => months.indexOf(String(month)) + 1), dayOfWeek: valuesOf(calendar.dayOfWeek, (day) => days.indexOf(String(day))),
  };
  const second = valuesOf(calendar.second, Number).join(',');
  const year = valuesOf(calendar.year, Number).join(',');
  return `${cronText(times)}${second === '0' ? '' : ` at second ${second}`}${year === '' ? '' : ` in ${year}`}`;
}

function valuesOf(ranges: unknown, numberOf: (value: unknown) => number): readonly number[] {
  const values = new Set<number>();
  for (const { start, end, step } of ranges as readonly Range[]) {
    for (let value = numberOf(start); value <= numberOf(end); value += Math.max(1, step)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** The one object that our runbooks take; of anything else all that there is. */
function inputText(args: readonly unknown[] | undefined): string {
  const input = args?.length === 1 ? args[0] : args ?? [];
  try {
    return canonicalJson(input);
  } catch {
    // A fraction, for one: none of ours, and shown as it is.
    return JSON.stringify(input);
  }
}
