/** `wal forget`: shows what would go with a receiver, and has it forgotten once somebody says so. */
import { startRun } from '../client/start-run.ts';
import { askForName } from './approval-prompt.ts';
import { checkThisMachine } from './check-this-machine.ts';
import { theService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followToEnd } from './follow-to-end.ts';
import { quietRun } from './quiet-run.ts';
import { forgettableLines } from './rendering/forgettable-text.ts';
import { openSession } from './temporal-session.ts';

export async function walForget(context: CommandContext, { yes = false }: { readonly yes?: boolean }): Promise<ExitCode> {
  const { output } = context;
  const { name: service } = await theService(context);
  await checkThisMachine(context, service);
  const session = await openSession(context, 'starts');
  try {
    const plan = await quietRun(context, session, 'forget', { service, requestedBy: context.me });
    for (const line of forgettableLines(plan.logs)) output.result(line);
    const blocked = plan.logs.some(({ refusal }) => refusal !== null);
    const end = (exitCode: ExitCode): ExitCode => {
      output.object({ ...plan, exitCode });
      return exitCode;
    };
    if (plan.outcome === 'nothing') return end(exitCodes.done);
    if (blocked) return end(exitCodes.busy);
    if (!yes && !(output.interactive && (await askForName(service, output.result, new AbortController().signal)) === 'approve')) {
      output.result('Nothing was changed. To have it done: holdfast wal forget --yes.');
      return end(exitCodes.waiting);
    }
    const { workflowId } = await startRun(session.client, session.taskQueue, 'forget', { service, apply: plan.digest, requestedBy: context.me });
    return await followToEnd(context, session, workflowId, { by: context.me, unattended: 'stay' });
  } finally {
    await session.close();
  }
}
