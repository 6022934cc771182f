/** What of a drill is work on the data, and what is the drill's own: the environment, the start of its servers, their end, the report, and all that lies between. Pure. */
import type { TimedCall } from '../dumps/parts.ts';

/** They read, restore, compare and ask: the data is as large as it is, whoever does it. */
const dataWork: readonly string[] = ['verifyDrill', 'fillDrill', 'checkDrill', 'askDrill', 'startDrillServices', 'checkDrillHealth', 'runDrillTests'];

export interface DrillTime {
  readonly wholeSeconds: number;
  /** From beginnings to ends; what runs side by side counts once. */
  readonly dataSeconds: number;
  readonly ownSeconds: number;
}

export function ownTime(calls: readonly TimedCall[], wholeSeconds: number): DrillTime {
  const spans = calls.filter(({ activity, name }) => name === '' && dataWork.includes(activity)).sort((a, b) => a.beganMs - b.beganMs);
  let [dataMs, until] = [0, -Infinity];
  for (const { beganMs, endedMs } of spans) {
    dataMs += Math.max(0, endedMs - Math.max(beganMs, until));
    until = Math.max(until, endedMs);
  }
  const dataSeconds = dataMs / 1000;
  return { wholeSeconds, dataSeconds, ownSeconds: spans.length === 0 ? Number.NaN : wholeSeconds - dataSeconds };
}

/** Every activity of a drill, in the order in which it began. */
export function stepsText(calls: readonly TimedCall[]): string {
  const activities = calls.filter(({ name }) => name === '').sort((a, b) => a.beganMs - b.beganMs);
  const [first] = activities;
  return activities.map(({ activity, component, beganMs, endedMs }) =>
    `  ${((beganMs - (first?.beganMs ?? 0)) / 1000).toFixed(2).padStart(6)} s  ${`${activity}${component === null ? '' : `:${component}`}`.padEnd(28)} ${((endedMs - beganMs) / 1000).toFixed(2).padStart(6)} s${dataWork.includes(activity) ? '' : '  (own)'}`).join('\n');
}
