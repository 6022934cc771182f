/** Following a run in front of a person or in a pipe: its lines, its plan, the question, its end, and the exit code for it. */
import { cancelRun } from '../client/cancel-run.ts';
import { decide } from '../client/decide.ts';
import { followRun } from '../client/follow-run.ts';
import type { RunView } from '../client/read-run.ts';
import { shownRunId } from '../client/run-ids.ts';
import { verbs, workflowTypes, type Runbooks, type Verb } from '../client/runbooks.ts';
import { isFailure } from '../domain/failures.ts';
import type { RestorePlan } from '../domain/restore-plan.ts';
import { askForName, askToCancel, type Answer } from './approval-prompt.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { approvalLines } from './rendering/plan-text.ts';
import { resultText } from './rendering/result-text.ts';
import { createRunPrinter } from './run-printer.ts';
import { reportFailure } from './report-failure.ts';
import { showPlan } from './show-plan.ts';
import type { TemporalSession } from './temporal-session.ts';

export interface Approver {
  readonly by: string;
  readonly reason?: string;
  /** `--confirm NAME`: the yes of a script, given in advance for this one service. */
  readonly confirm?: string;
  /** Nobody there to ask, and no yes given: leave (`restore`), or go on watching until somebody else decides (`watch`). */
  readonly unattended: 'leave' | 'stay';
}

type Reason = 'waiting' | 'interrupted';

/** Follows the run to its end, or to where it waits for somebody who is not here. */
export async function followToEnd(context: CommandContext, session: TemporalSession, workflowId: string, approver: Approver): Promise<ExitCode> {
  const { output } = context;
  const follower = createFollower(context, session, approver);
  const onSignal = (): void => follower.leave('interrupted');
  process.on('SIGINT', onSignal);
  let runbook = '';
  let service = '';
  try {
    const followed = await Promise.race([
      followRun<unknown>(session.client, workflowId, {
        timing: context.timing,
        signal: follower.stop,
        onAbsence: session.onAbsence,
        onView: async (view) => {
          runbook = view.runbook;
          service = view.status?.service ?? service;
          return follower.onView(view);
        },
      }),
      follower.left,
    ]);
    output.redraw(null);
    if (!followed.ended) return leave(context, workflowId, follower, session, approver);
    return succeed(context, workflowId, runbook, service, followed.result);
  } catch (error) {
    if (follower.reason() !== null) return leave(context, workflowId, follower, session, approver);
    return reportFailure(error, output, context.environment, { run: runObject(workflowId), runbook });
  } finally {
    follower.end();
    process.off('SIGINT', onSignal);
  }
}

const runObject = (workflowId: string): object => ({ id: shownRunId(workflowId), workflowId });

function succeed(context: CommandContext, workflowId: string, runbook: string, service: string, result: unknown): ExitCode {
  const verb = verbs.find((each) => workflowTypes[each] === runbook);
  if (verb !== undefined) for (const line of resultText(verb, result as Runbooks[Verb]['result'] as never, service, context.clock())) context.output.result(line);
  context.output.object({ run: runObject(workflowId), runbook, service, result, exitCode: exitCodes.done });
  return exitCodes.done;
}

function leave(context: CommandContext, workflowId: string, follower: Follower, session: TemporalSession, approver: Approver): ExitCode {
  const { output } = context;
  const run = shownRunId(workflowId);
  const plan = follower.plan();
  output.redraw(null);
  if (follower.reason() === 'interrupted') {
    output.notice(`Run ${run} goes on. Follow it: holdfast watch ${run}. Stop it: holdfast cancel ${run}.`);
    output.object({ run: runObject(workflowId), interrupted: true, exitCode: exitCodes.interrupted });
    return exitCodes.interrupted;
  }
  if (plan !== null) for (const line of approvalLines(plan, approver.by, session.where)) output.result(line);
  output.object({ run: runObject(workflowId), waitingForApproval: true, plan, exitCode: exitCodes.waiting });
  return exitCodes.waiting;
}

interface Follower {
  readonly stop: AbortSignal;
  /** Settles when the follower leaves, whatever an unanswered call to Temporal is doing. */
  readonly left: Promise<{ readonly ended: false }>;
  onView(view: RunView): Promise<'stay' | 'leave'>;
  leave(reason: Reason): void;
  reason(): Reason | null;
  plan(): RestorePlan | null;
  end(): void;
}

/** What changes while a run is followed: what was printed, which plan was shown, and the question that is open. */
function createFollower(context: CommandContext, session: TemporalSession, approver: Approver): Follower {
  const { output } = context;
  const printer = createRunPrinter(context);
  const stop = new AbortController();
  const { promise: left, resolve: settle } = Promise.withResolvers<{ ended: false }>();
  let reason: Reason | null = null;
  let plan: RestorePlan | null = null;
  let question: { readonly abort: AbortController; stillOpen(view: RunView): boolean } | null = null;
  let offered: string | null = null;

  const leaveNow = (why: Reason): void => {
    reason ??= why;
    stop.abort();
    settle({ ended: false });
  };

  async function approve(shown: RestorePlan): Promise<void> {
    try {
      await decide(session.client, 'approve', shown, approver.by, approver.reason);
    } catch (error) {
      if (!isFailure(error, 'ApprovalInvalid')) throw error;
      output.notice(`Not approved: ${error.fields.cause}.`);
      leaveNow('waiting');
    }
  }

  function onAnswer(answer: Answer | null, shown: RestorePlan): Promise<void> | void {
    question = null;
    if (answer === 'approve') return approve(shown);
    if (answer === 'interrupted') leaveNow('interrupted');
    if (answer === 'leave') leaveNow('waiting');
  }

  async function onPlan(shown: RestorePlan): Promise<void> {
    plan = shown;
    output.redraw(null);
    showPlan(context, shown);
    if (approver.confirm !== undefined) return approve(shown);
    if (!output.interactive) return approver.unattended === 'leave' ? leaveNow('waiting') : undefined;
    const abort = new AbortController();
    question = { abort, stillOpen: (view) => waitingPlan(view) !== null };
    void askForName(shown.body.service, output.result, abort.signal).then((answer) => onAnswer(answer, shown)).catch(unanswered);
  }

  /** An approved restore waits for whoever holds the service: only a backup may make way, and only where a person says so. */
  function onHolder(holder: NonNullable<NonNullable<RunView['status']>['waitingFor']>): void {
    offered = holder.runId;
    if (!output.interactive || !holder.purpose.includes('backup')) return;
    output.redraw(null);
    const abort = new AbortController();
    question = { abort, stillOpen: (view) => view.open && view.status?.waitingFor?.runId === holder.runId };
    void askToCancel(output.result, abort.signal).then(async (answer) => {
      question = null;
      if (answer === 'interrupted') leaveNow('interrupted');
      if (answer === 'approve') await cancelRun(session.client, holder.workflowId);
    }).catch(unanswered);
  }

  function unanswered(error: unknown): void {
    output.notice(error instanceof Error ? error.message : String(error));
    leaveNow('waiting');
  }

  return {
    stop: stop.signal,
    left,
    leave: leaveNow,
    reason: () => reason,
    plan: () => plan,
    end: () => {
      question?.abort.abort();
      output.redraw(null);
    },
    onView: async (view) => {
      const waiting = waitingPlan(view);
      if (question !== null && view.status !== null && !question.stillOpen(view)) question.abort.abort();
      // A question stands on the last line: nothing may be drawn over it.
      if (question === null) printer.print(view);
      if (waiting !== null && waiting.envelope.nonce !== plan?.envelope.nonce) await onPlan(waiting);
      const holder = view.open ? view.status?.waitingFor ?? null : null;
      if (holder !== null && holder.runId !== offered && question === null) onHolder(holder);
      return reason === null ? 'stay' : 'leave';
    },
  };
}

/** The plan that waits for a decision, or null. */
const waitingPlan = (view: RunView): RestorePlan | null =>
  view.open && view.status?.phase === 'awaitingApproval' && view.status.decision === null ? view.status.plan : null;
