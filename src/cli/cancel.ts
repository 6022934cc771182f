/** `cancel`: done when the run has ended, whichever way it ended. */
import { cancelRun } from '../client/cancel-run.ts';
import { followRun } from '../client/follow-run.ts';
import { shownRunId } from '../client/run-ids.ts';
import { isFailure } from '../domain/failures.ts';
import { chosenRun } from './chosen-run.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { reportFailure } from './report-failure.ts';
import { createRunPrinter } from './run-printer.ts';
import { openSession } from './temporal-session.ts';

export async function cancel(context: CommandContext, text: string, wait: boolean): Promise<ExitCode> {
  const { output } = context;
  const session = await openSession(context);
  try {
    const { workflowId } = await chosenRun(context, session, text);
    const run = shownRunId(workflowId);
    await cancelRun(session.client, workflowId);
    if (!wait) {
      output.result(`${run} was asked to stop. Follow it: holdfast watch ${run}`);
      output.object({ run: { id: run, workflowId }, cancelRequested: true, exitCode: exitCodes.done });
      return exitCodes.done;
    }
    const printer = createRunPrinter(context);
    const failure = await followRun(session.client, workflowId, { timing: context.timing, onAbsence: session.onAbsence, onView: (view) => (printer.print(view), 'stay') }).then(() => null, (error: unknown) => error);
    if (failure !== null && !isFailure(failure, 'RunCancelled')) return reportFailure(failure, output, context.environment, { run: { id: run, workflowId } });
    output.result(failure === null ? `${run} had gone too far to be stopped, and is done.` : `${run} is cancelled, and what it had made is removed.`);
    output.object({ run: { id: run, workflowId }, cancelled: failure !== null, exitCode: exitCodes.done });
    return exitCodes.done;
  } finally {
    await session.close();
  }
}
