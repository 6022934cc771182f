/** `schedule list`, `pause`, `resume`, `run` and `remove`. */
import { removeSchedule } from '../../client/schedules/apply-schedule.ts';
import { pauseSchedule, resumeSchedule, triggerSchedule, type Triggered } from '../../client/schedules/direct-schedule.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { restoreBesideRetention, restoringRunbooks } from '../../domain/retention/restoring.ts';
import { createRunDirectory } from '../../worker/run-directory.ts';
import { theService, type CommandContext } from '../command-context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { scheduleTable, triggeredText, waitsText } from '../rendering/schedule-text.ts';
import { openSession, type TemporalSession } from '../temporal-session.ts';
import { chosenServices, dormant, idNamed, isAlwaysUp, isUnborn, schedulesOf } from './chosen-schedules.ts';

export async function scheduleList(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const services = await chosenServices(context);
  const { schedules, restores } = await isUnborn(context) ? { schedules: [], restores: [] } : await inSession(context, 'looks', async (session) => ({
    schedules: await schedulesOf(context, session), restores: await (await createRunDirectory(session.client)).openRuns(restoringRunbooks),
  }));
  const waiting = services.flatMap(({ name }) => {
    const restore = restoreBesideRetention(name, restores);
    return restore === null ? [] : [{ service: name, restore }];
  });
  if (schedules.length === 0) output.result('There is no schedule. What would be made: holdfast schedule plan');
  else for (const line of scheduleTable(schedules, context.clock())) output.result(line);
  for (const { service, restore } of waiting) output.result(`${service}: ${waitsText(restore)}.`);
  if (schedules.length > 0 && !(await isAlwaysUp(context))) output.notice(dormant);
  output.object({ schedules: schedules.map(({ own, ...rest }) => ({ ...rest, foreign: own === null, service: own?.service ?? null })), waiting, exitCode: exitCodes.done });
  return exitCodes.done;
}

export async function schedulePause(context: CommandContext, word: string | undefined, reason: string): Promise<ExitCode> {
  return each(context, word, 'paused', async (session, id) => pauseSchedule(session.client, id, reason, context.me));
}

export async function scheduleResume(context: CommandContext, word: string | undefined): Promise<ExitCode> {
  const exitCode = await each(context, word, 'resumed', async (session, id) => resumeSchedule(session.client, id, context.me));
  if (!(await isAlwaysUp(context))) context.output.notice(dormant);
  return exitCode;
}

export const scheduleRemove = (context: CommandContext, word: string | undefined): Promise<ExitCode> =>
  each(context, word, 'removed', async (session, id) => removeSchedule(session.client, id));

/** One that is named, or every one of ours of the chosen service. */
async function each(context: CommandContext, word: string | undefined, done: string, act: (session: TemporalSession, id: string) => Promise<void>): Promise<ExitCode> {
  const { output } = context;
  // Where there are several services, one is to be named: nobody removes all of them by leaving out a word.
  const named = word === undefined ? null : await idNamed(context, word);
  const service = named === null ? (await theService(context)).name : '';
  const ids = named === null && await isUnborn(context) ? [] : await inSession(context, 'looks', async (session) => {
    const chosen = named === null ? (await schedulesOf(context, session)).filter(({ own }) => own?.service === service).map(({ id }) => id) : [named];
    for (const id of chosen) {
      await act(session, id);
      output.result(`${id} is ${done}.`);
    }
    return chosen;
  });
  if (ids.length === 0) output.result('There is no schedule.');
  output.object({ [done]: ids, exitCode: exitCodes.done });
  return exitCodes.done;
}

/** That it is not known whether a run begins is no pass, and no refusal either. */
const triggeredExits = { started: exitCodes.done, leftOut: exitCodes.busy, notSeen: exitCodes.couldNotVerify } as const satisfies Record<Triggered['outcome'], ExitCode>;

/** As if it were due: what is still open is not started again, and that is said. */
export async function scheduleRun(context: CommandContext, word: string | undefined): Promise<ExitCode> {
  const { output } = context;
  if (word === undefined) throw new HoldfastFailure('InvalidInput', { operation: 'start a run of the schedule', object: 'schedule', cause: 'none is named', hint: 'holdfast schedule run backup' });
  const id = await idNamed(context, word);
  const triggered = await inSession(context, 'starts', (session) => triggerSchedule(session.client, id));
  const exitCode = triggeredExits[triggered.outcome];
  output.result(triggeredText(triggered));
  output.object({ schedule: id, ...triggered, exitCode });
  return exitCode;
}

async function inSession<T>(context: CommandContext, purpose: 'looks' | 'starts', work: (session: TemporalSession) => Promise<T>): Promise<T> {
  const session = await openSession(context, purpose);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
