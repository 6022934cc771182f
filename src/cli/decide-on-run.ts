/** `approve` and `reject`: a decision about the plan that a run shows now, from anywhere that reaches Temporal. */
import { decide } from '../client/decide.ts';
import { readStatus } from '../client/read-run.ts';
import { findRun, listRuns, type RunSummary } from '../client/list-runs.ts';
import { shownRunId } from '../client/run-ids.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { shortDigest, type RestorePlan } from '../domain/restore-plan.ts';
import { askForName } from './approval-prompt.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followToEnd } from './follow-to-end.ts';
import { localAndUtc } from './rendering/local-time.ts';
import { showPlan } from './show-plan.ts';
import { openSession, type TemporalSession } from './temporal-session.ts';

interface DecisionOptions { readonly plan?: string; readonly confirm?: string; readonly by?: string; readonly reason?: string; readonly watch?: boolean }

export async function decideOnRun(context: CommandContext, verdict: 'approve' | 'reject', text: string | undefined, options: DecisionOptions): Promise<ExitCode> {
  const { output } = context;
  const by = options.by ?? context.me;
  const session = await openSession(context);
  try {
    const run = text === undefined ? await onlyWaitingRun(context, session) : await findRun(session.client, session.taskQueue, text);
    const plan = await planOf(context, session, run, options.plan);
    if (options.plan === undefined) showPlan(context, plan);
    if (verdict === 'approve' && !(await isMeant(context, plan, options))) {
      output.result('Nothing was approved.');
      return exitCodes.waiting;
    }
    const decision = await decide(session.client, verdict, plan, by, options.reason);
    const shown = shownRunId(run.workflowId);
    output.result(`${verdict === 'approve' ? 'Approved' : 'Rejected'} by ${decision.by} at ${localAndUtc(decision.at, context.clock().timeZone, context.clock().now)}.${options.watch === true ? '' : ` Follow it: holdfast watch ${shown}`}`);
    if (options.watch === true) return await followToEnd(context, session, run.workflowId, { by, unattended: 'stay' });
    output.object({ run: { id: shown, workflowId: run.workflowId }, decision, exitCode: exitCodes.done });
    return exitCodes.done;
  } finally {
    await session.close();
  }
}

/**
 * What was shown is what is approved: the plan is named by its digits, or the service's name is typed or given. Nobody to ask and nothing
 * named is no yes. @throws InvalidInput
 */
async function isMeant({ output }: CommandContext, plan: RestorePlan, options: DecisionOptions): Promise<boolean> {
  const { service } = plan.body;
  const run = shownRunId(plan.envelope.workflowId);
  const exactly = `holdfast approve ${run} --plan ${shortDigest(plan.envelope.digest)}`;
  if (options.confirm !== undefined && options.confirm !== service) {
    throw new HoldfastFailure('InvalidInput', { operation: 'read --confirm', object: JSON.stringify(options.confirm), cause: `the plan is about ${service}`, hint: `To approve exactly this plan: ${exactly}` });
  }
  if (options.plan !== undefined || options.confirm !== undefined) return true;
  if (output.interactive) return (await askForName(service, output.result, new AbortController().signal)) === 'approve';
  throw new HoldfastFailure('InvalidInput', { operation: 'approve the plan', object: run, cause: 'there is no terminal to ask on, and no plan was named', hint: `Read the plan, then approve exactly it: ${exactly}` });
}

/** The plan as it is shown now, and only if it is the one that was named. @throws ApprovalInvalid, PlanChanged */
async function planOf(context: CommandContext, session: TemporalSession, run: RunSummary, digits: string | undefined): Promise<RestorePlan> {
  const status = await readStatus(session.client, run.workflowId, context.timing.followCallMs * 2);
  const { plan } = status;
  if (status.phase !== 'awaitingApproval' || plan === null) {
    throw new HoldfastFailure('ApprovalInvalid', { operation: 'find the plan', object: shownRunId(run.workflowId), cause: `no plan waits for approval: the run is in phase ${status.phase}${status.decision === null ? '' : `, ${status.decision.verdict} by ${status.decision.by}`}`, hint: `See holdfast show ${shownRunId(run.workflowId)}.` });
  }
  const { digest } = plan.envelope;
  if (digits !== undefined && digits !== digest && digits !== shortDigest(digest)) {
    throw new HoldfastFailure('PlanChanged', { operation: 'find the plan', object: shownRunId(run.workflowId), cause: `the plan that is shown now is ${shortDigest(digest)}, not ${digits.slice(0, 64)}`, hint: `Read it first: holdfast show ${shownRunId(run.workflowId)}.` });
  }
  return plan;
}

/** The one run that waits. @throws UnknownRun, InvalidInput */
async function onlyWaitingRun(context: CommandContext, session: TemporalSession): Promise<RunSummary> {
  const { service } = context.options;
  const open = await listRuns(session.client, { taskQueue: session.taskQueue, open: true, ...(service === undefined ? {} : { service }) });
  const waiting: RunSummary[] = [];
  for (const run of open) {
    if ((await readStatus(session.client, run.workflowId, context.timing.followCallMs)).phase === 'awaitingApproval') waiting.push(run);
  }
  const [only, ...others] = waiting;
  if (only !== undefined && others.length === 0) return only;
  throw new HoldfastFailure(only === undefined ? 'UnknownRun' : 'InvalidInput', {
    operation: 'find the run that waits', object: 'approval', cause: only === undefined ? 'no run waits for approval' : `${waiting.length} do: ${waiting.map(({ workflowId }) => shownRunId(workflowId)).join(', ')}`, hint: only === undefined ? 'See holdfast status.' : 'Say which one.',
  });
}
