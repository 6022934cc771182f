/** The keys of a service that is to be rebuilt: looked for, asked for, reminded of. Whoever has them brings them to where they are kept; none is handed to the drill. */
import type { RebuildInput } from '../../activities/drill/rebuild-activities.ts';
import { askText, keysCheck, missingKeys, type FoundKey } from '../../domain/drill/drill-keys.ts';
import { checkName } from '../../domain/drill/check.ts';
import { durationText } from '../../domain/wording.ts';
import { timingOf } from '../shared/activity-options.ts';
import type { Run } from '../shared/run.ts';
import type { DrillLog } from './drill-log.ts';
import type { RunDrillInput } from './messages.ts';

/** What is known of them so far. */
export interface AskedKeys {
  keys: readonly FoundKey[];
}

/** Can the drill go on? Without one of them, or where nobody could look, it cannot. @throws InvalidInput for a repository that is none of the service's */
export async function askForKeys(run: Run<RunDrillInput>, log: DrillLog, asked: AskedKeys): Promise<boolean> {
  const { input: { service, depth: kind }, repository } = run;
  const input = { service, kind, ...(repository === undefined ? {} : { repository }) };
  asked.keys = await run.host.quick.findDrillKeys(input);
  if (asked.keys.length === 0) return true;
  if (missingKeys(asked.keys).length > 0 && await log.stage({ phase: 'keys', component: null, check: checkName('keys') }, () => wait(run, input, asked)) === null) return false;
  log.add([keysCheck(asked.keys)]);
  return missingKeys(asked.keys).length === 0;
}

/** Until all are there, or for as long as a drill waits; each time that it reminds of them is one activity, so that a long wait is a few events of history. */
async function wait(run: Run<RunDrillInput>, input: RebuildInput, asked: AskedKeys): Promise<true> {
  const { keyWaitMs, keyRemindMs } = timingOf(run.service.timing);
  const untilMs = Date.now() + keyWaitMs;
  run.phase('awaitingKeys');
  while (missingKeys(asked.keys).length > 0 && Date.now() < untilMs) {
    for (const key of missingKeys(asked.keys)) run.warn(`${askText(key)}. The drill waits for ${durationText(untilMs - Date.now())}`);
    asked.keys = await run.host.long.findDrillKeys({ ...input, until: new Date(Math.min(untilMs, Date.now() + keyRemindMs)).toISOString() });
  }
  run.phase('working');
  return true;
}
