/** What holdfast.yaml says about when a service's runbooks start, and what it means where it says nothing. Pure. */
import { parseCron, type ParsedCron } from './cron.ts';
import { frequencies, scheduledRunbook, type Frequency, type ScheduledVerb } from './scheduled-runbooks.ts';

export interface ScheduleSettings {
  /** A cron string of five fields or a {@link Frequency}; a runbook that is not named has its default. */
  readonly times: { readonly [V in ScheduledVerb]?: string };
  /** IANA name. */
  readonly timeZone: string;
  /** Runs begin up to this much later, each time by another part of it, so that many services do not begin at once. */
  readonly jitterMs: number;
  /** What was due while the server was down is started (once) where it comes back within this; else it is counted as missed. */
  readonly catchupMs: number;
}

export const defaultSettings: ScheduleSettings = { times: {}, timeZone: 'UTC', jitterMs: 60_000, catchupMs: 21_600_000 };

/** The server takes nothing shorter than ten seconds; less than a minute would be missed by a restart. */
export const leastCatchupMs = 60_000;
export const mostJitterMs = 12 * 3_600_000;

/** When a runbook starts that is set so; null for `off`. */
export function timesOf(verb: ScheduledVerb, setting: string): ParsedCron | null {
  if (!isFrequency(setting)) return parseCron(setting);
  const { at: { hour, minute } } = scheduledRunbook(verb);
  const day = { daily: '* * *', weekly: '* * 0', monthly: '1 * *', quarterly: '1 1,4,7,10 *', yearly: '1 1 *', off: null }[setting];
  return day === null ? null : parseCron(`${minute} ${hour} ${day}`);
}

const isFrequency = (text: string): text is Frequency => (frequencies as readonly string[]).includes(text);
