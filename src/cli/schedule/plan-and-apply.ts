/** `schedule plan` and `apply`: the difference first, then, once somebody has said yes to it, that and nothing else. */
import { applySchedule, type ScheduleStep } from '../../client/schedules/apply-schedule.ts';
import { pollersOf } from '../../client/task-queue-pollers.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { shortDigest } from '../../domain/restore-plan.ts';
import type { ScheduleDifference } from '../../domain/schedules/difference.ts';
import { counted } from '../../domain/wording.ts';
import { askToApply } from '../approval-prompt.ts';
import type { CommandContext } from '../command-context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { differenceLines } from '../rendering/schedule-text.ts';
import { openSession, type TemporalSession } from '../temporal-session.ts';
import { chosenServices, differencesOf, digestOf, dormant, isAlwaysUp, requireAlwaysUp, timesLeftOut } from './chosen-schedules.ts';

export interface ApplyOptions { readonly yes?: boolean; readonly plan?: string; readonly correct?: boolean }

interface Planned {
  readonly differences: readonly ScheduleDifference[];
  readonly steps: readonly ScheduleStep[];
  /** Edited by hand, and left so. */
  readonly left: readonly ScheduleDifference[];
  readonly digest: string;
}

export async function schedulePlan(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  await chosenServices(context);
  const session = await openSession(context);
  try {
    const planned = await plan(context, session, false);
    if (!(await isAlwaysUp(context))) output.notice(dormant);
    if (planned.steps.length > 0) output.result(`To have it done: holdfast schedule apply, or without asking: holdfast schedule apply --plan ${shortDigest(planned.digest)}`);
    output.object({ ...objectOf(planned), exitCode: exitCodes.done });
    return exitCodes.done;
  } finally {
    await session.close();
  }
}

export async function scheduleApply(context: CommandContext, options: ApplyOptions): Promise<ExitCode> {
  const { output } = context;
  await chosenServices(context);
  await requireAlwaysUp(context);
  const session = await openSession(context);
  try {
    const planned = await plan(context, session, options.correct === true);
    const done = planned.steps.length === 0 || await isApproved(context, planned, options);
    if (!done) {
      output.result(`Nothing was changed. To have it done: holdfast schedule apply --plan ${shortDigest(planned.digest)}${options.correct === true ? ' --correct' : ''}`);
      output.object({ ...objectOf(planned), done: [], exitCode: exitCodes.waiting });
      return exitCodes.waiting;
    }
    for (const step of planned.steps) {
      await applySchedule(session.client, step, context.me);
      output.progress(`${{ create: 'Created', change: 'Changed', drifted: 'Corrected', remove: 'Removed' }[step.kind]} ${step.id}`);
    }
    const exitCode = planned.left.length > 0 ? exitCodes.refused : exitCodes.done;
    output.result(planned.steps.length === 0 ? `Nothing had to be changed${exitCode === exitCodes.done ? '' : ' that was not edited by hand'}.` : `${counted(planned.steps.length, 'schedule')} applied. When they start next: holdfast schedule list`);
    await sayWhoIsMissing(context, session);
    output.object({ ...objectOf(planned), done: planned.steps.map(({ kind, id }) => ({ kind, id })), exitCode });
    return exitCode;
  } finally {
    await session.close();
  }
}

async function plan(context: CommandContext, session: TemporalSession, correct: boolean): Promise<Planned> {
  const { output } = context;
  const differences = await differencesOf(context, session);
  for (const difference of differences) for (const line of differenceLines(difference)) output.result(line);
  for (const sentence of timesLeftOut(differences, Date.now())) output.notice(sentence);
  const steps = differences.filter((each): each is ScheduleStep => ['create', 'change', 'remove'].includes(each.kind) || (correct && each.kind === 'drifted'));
  const left = correct ? [] : differences.filter(({ kind }) => kind === 'drifted');
  if (left.length > 0) output.notice(`${counted(left.length, 'schedule')} edited by hand, left so. To have it as holdfast.yaml says: holdfast schedule apply --correct`);
  for (const { id } of differences.filter(({ kind }) => kind === 'taken')) output.notice(`${id} was not made by Holdfast. Remove or rename it, and apply again: temporal schedule delete --schedule-id '${id}'`);
  return { differences, steps, left, digest: digestOf(steps) };
}

/** By the digits of what was shown, by --yes, or by a person who is there. @throws PlanChanged */
async function isApproved({ output }: CommandContext, { digest, steps }: Planned, options: ApplyOptions): Promise<boolean> {
  if (options.plan !== undefined) {
    if (options.plan === digest || options.plan === shortDigest(digest)) return true;
    throw new HoldfastFailure('PlanChanged', { operation: 'apply the schedules', object: counted(steps.length, 'schedule'), cause: `the plan is ${shortDigest(digest)} now, and ${options.plan.slice(0, 64)} was named`, hint: 'Nothing was changed. Look at it again: holdfast schedule plan.' });
  }
  if (options.yes === true) return true;
  return output.interactive && (await askToApply(output.result, new AbortController().signal)) === 'approve';
}

/** The schedules stand whoever works; a run that nobody takes waits. */
async function sayWhoIsMissing({ output }: CommandContext, { client, taskQueue }: TemporalSession): Promise<void> {
  if ((await pollersOf(client, taskQueue, 'workflow')).length === 0) output.notice(`No worker listens on ${taskQueue} at the moment: what is started waits for one (holdfast worker).`);
}

function objectOf({ differences, digest, left }: Planned): object {
  const schedules = differences.map(({ found, wished, ...rest }) => ({
    ...rest, terms: wished?.terms ?? null, found: found === null ? null : found.terms, paused: found?.paused ?? false,
  }));
  return { plan: shortDigest(digest), digest, schedules, leftAsEdited: left.map(({ id }) => id) };
}
