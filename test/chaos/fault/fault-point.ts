/** Where a fault strikes: an activity of a runbook, and a moment of it. Written as text, so that a case can be run again alone. */

/** One call of an activity within a run, told apart from others of its name by component and number. */
export interface ActivityCall {
  /** Workflow type. */
  readonly runbook: string;
  readonly activity: string;
  /** Null where the activity is about no single component. */
  readonly component: string | null;
  /** 1, 2 …: how many of this name and component the run has begun, this one included. */
  readonly number: number;
}

/** `during` and `done` name one of the calls within the activity that change something or wait for a helper: `runtime.wait#1` is the first of that name. */
export type Moment =
  | { readonly at: 'before' | 'after' }
  | { readonly at: 'during' | 'done'; readonly call: string };

export interface FaultPoint extends ActivityCall {
  /** The runbook, or a way of running it: `restoreBackup+swapFails` (scenarios.ts). */
  readonly scenario: string;
  readonly moment: Moment;
}

export const callText = (call: ActivityCall): string => `${call.runbook}/${call.activity}${call.component === null ? '' : `:${call.component}`}#${call.number}`;

export const momentText = (moment: Moment): string => ('call' in moment ? `${moment.at}:${moment.call}` : moment.at);

export const pointText = (point: FaultPoint): string => `${point.scenario}${callText(point).slice(point.runbook.length)}/${momentText(point.moment)}`;

const pattern = /^(?<scenario>(?<runbook>\w+)(?:\+\w+)?)\/(?<activity>\w+)(?::(?<component>[\w-]+))?#(?<number>\d+)\/(?<at>before|after|during|done)(?::(?<call>\w+\.\w+#\d+))?$/;

/** The point that {@link pointText} wrote. @throws for anything else */
export function parsePoint(text: string): FaultPoint {
  const { scenario, runbook, activity, component, number, at, call } = pattern.exec(text)?.groups ?? {};
  if (scenario === undefined || runbook === undefined || activity === undefined || (call === undefined) !== (at === 'before' || at === 'after')) throw new Error(`${text} is no fault point: runbook[+twist]/activity[:component]#number/before|after|during:call#n|done:call#n`);
  const moment: Moment = at === 'during' || at === 'done' ? { at, call: call ?? '' } : { at: at === 'after' ? 'after' : 'before' };
  return { scenario, runbook, activity, component: component ?? null, number: Number(number), moment };
}
