/** `clone remove`: shows what goes with a copy, and has it removed once somebody says so. */
import { startRun } from '../client/start-run.ts';
import { checkCopyName } from '../domain/copies/copy-name.ts';
import { askForCopy } from './approval-prompt.ts';
import { checkThisMachine } from './check-this-machine.ts';
import { theService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followToEnd } from './follow-to-end.ts';
import { quietRun } from './quiet-run.ts';
import { removalLines } from './rendering/copy-text.ts';
import { openSession } from './temporal-session.ts';

export async function cloneRemove(context: CommandContext, given: string, { yes = false }: { readonly yes?: boolean }): Promise<ExitCode> {
  const { output } = context;
  const name = checkCopyName(given);
  const { name: service } = await theService(context);
  await checkThisMachine(context, service);
  const session = await openSession(context, 'starts');
  try {
    const { copy } = await quietRun(context, session, 'unclone', { service, name, requestedBy: context.me });
    for (const line of removalLines(copy)) output.result(line);
    const end = (exitCode: ExitCode): ExitCode => {
      output.object({ outcome: 'planned', copy, exitCode });
      return exitCode;
    };
    if (copy.refusal !== null) return end(exitCodes.busy);
    if (!yes && !(output.interactive && (await askForCopy(name, output.result, new AbortController().signal)) === 'approve')) {
      output.result(`Nothing was removed. To have it done: holdfast clone remove ${name} --yes.`);
      return end(exitCodes.waiting);
    }
    const { workflowId } = await startRun(session.client, session.taskQueue, 'unclone', { service, name, apply: copy.digest, requestedBy: context.me });
    return await followToEnd(context, session, workflowId, { by: context.me, unattended: 'stay' });
  } finally {
    await session.close();
  }
}
