/** `delete`: shows what would go and what keeps it, and has it moved to the trash once somebody says so. */
import { startRun } from '../client/start-run.ts';
import { isRefused } from '../domain/retention/deletion.ts';
import { shortDigest } from '../domain/restore-plan.ts';
import { askForBackup } from './approval-prompt.ts';
import { checkThisMachine } from './check-this-machine.ts';
import { theService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followToEnd } from './follow-to-end.ts';
import { quietRun } from './quiet-run.ts';
import { deletionLines } from './rendering/prune-text.ts';
import { openSession } from './temporal-session.ts';

export async function deleteBackup(context: CommandContext, backup: string, { reason, apply }: { readonly reason: string; readonly apply?: string }): Promise<ExitCode> {
  const { output } = context;
  const { name: service } = await theService(context);
  await checkThisMachine(context, service);
  const session = await openSession(context, 'starts');
  const input = { service, backup, reason, requestedBy: context.me };
  try {
    const { deletion } = await quietRun(context, session, 'delete', input);
    for (const line of deletionLines(deletion)) output.result(line);
    const end = (exitCode: ExitCode): ExitCode => {
      output.object({ outcome: 'planned', deletion, exitCode });
      return exitCode;
    };
    if (isRefused(deletion)) return end(exitCodes.refused);
    if (apply === undefined && !(output.interactive && (await askForBackup(deletion.backupId, output.result, new AbortController().signal)) === 'approve')) {
      output.result(`Nothing was deleted. To have it done: holdfast delete ${deletion.backupId} --reason TEXT --apply ${shortDigest(deletion.digest)}`);
      return end(exitCodes.waiting);
    }
    const { workflowId } = await startRun(session.client, session.taskQueue, 'delete', { ...input, backup: deletion.backupId, apply: apply ?? deletion.digest });
    return await followToEnd(context, session, workflowId, { by: context.me, unattended: 'stay' });
  } finally {
    await session.close();
  }
}
