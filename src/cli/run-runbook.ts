/** Starts a runbook and follows it: what `backup`, `restore` and the others have in common. */
import type { Runbooks, Verb } from '../client/runbooks.ts';
import { shownRunId } from '../client/run-ids.ts';
import { startRun } from '../client/start-run.ts';
import { checkThisMachine } from './check-this-machine.ts';
import type { CommandContext } from './command-context.ts';
import type { ExitCode } from './exit-codes.ts';
import { followToEnd, type Approver } from './follow-to-end.ts';
import { openSession, type TemporalSession } from './temporal-session.ts';

/** `input` may need the session: a run is looked up before it is undone. @param only {@link checkThisMachine} */
export async function runRunbook<V extends Verb>(context: CommandContext, verb: V, service: string, input: (session: TemporalSession) => Promise<Runbooks[V]['input']> | Runbooks[V]['input'], approver: Approver, only?: string): Promise<ExitCode> {
  await checkThisMachine(context, service, only);
  const session = await openSession(context, 'starts');
  try {
    const { workflowId } = await startRun(session.client, session.taskQueue, verb, await input(session));
    const run = shownRunId(workflowId);
    context.output.progress(`Run ${run} (Ctrl-C is safe: holdfast watch ${run})${session.local === null ? '' : `  ${session.local.uiAddress}`}`);
    return await followToEnd(context, session, workflowId, approver);
  } finally {
    await session.close();
  }
}

/** For runbooks that ask nobody. */
export const noApproval = (context: CommandContext): Approver => ({ by: context.me, unattended: 'stay' });
