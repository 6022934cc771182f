/** `move`: the run goes to another moment and shows a new plan; then it is followed, as by `watch`. */
import { moveRun } from '../client/move-run.ts';
import { shownRunId } from '../client/run-ids.ts';
import type { Move } from '../workflows/restore-to-point-in-time/messages.ts';
import { chosenRun } from './chosen-run.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followToEnd } from './follow-to-end.ts';
import { openSession } from './temporal-session.ts';

export async function move(context: CommandContext, text: string | undefined, wish: Move, watch: boolean): Promise<ExitCode> {
  const { output } = context;
  const session = await openSession(context);
  try {
    const { workflowId } = await chosenRun(context, session, text);
    const run = shownRunId(workflowId);
    const point = await moveRun(session.client, workflowId, { ...wish, by: context.me });
    output.result(`${run} goes to ${point}${wish.before === undefined ? '' : ', what happened at it left out'}.${watch ? '' : ` Its plan comes: holdfast watch ${run}`}`);
    if (watch) return await followToEnd(context, session, workflowId, { by: context.me, unattended: 'leave' });
    output.object({ run: { id: run, workflowId }, point, exitCode: exitCodes.done });
    return exitCodes.done;
  } finally {
    await session.close();
  }
}
