/** `prune`: shows what the retention keeps and removes, and why; then has it done, or asks first where the plan does. */
import { startRun } from '../client/start-run.ts';
import { shortDigest } from '../domain/restore-plan.ts';
import { changesAnything } from '../domain/retention/prune-plan.ts';
import { askForName } from './approval-prompt.ts';
import { checkThisMachine } from './check-this-machine.ts';
import { theService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followToEnd } from './follow-to-end.ts';
import { quietRun } from './quiet-run.ts';
import { prunePlanLines } from './rendering/prune-text.ts';
import { openSession } from './temporal-session.ts';

export interface PruneOptions {
  readonly plan?: boolean;
  readonly repository?: string;
  readonly apply?: string;
}

export async function prune(context: CommandContext, { plan: isOnlyShown = false, repository, apply }: PruneOptions): Promise<ExitCode> {
  const { output } = context;
  const { name: service } = await theService(context);
  await checkThisMachine(context, service);
  const session = await openSession(context, 'starts');
  const input = { service, requestedBy: context.me, ...(repository === undefined ? {} : { repository }) };
  try {
    const shown = await quietRun(context, session, 'prune', { ...input, plan: true });
    for (const line of prunePlanLines(shown.plans)) output.result(line);
    const end = (exitCode: ExitCode): ExitCode => {
      output.object({ ...shown, exitCode });
      return exitCode;
    };
    if (isOnlyShown) {
      if (shown.plans.some(changesAnything)) output.result(`Nothing was changed. To have it done: holdfast prune --apply ${shortDigest(shown.digest)}`);
      return end(exitCodes.done);
    }
    const asks = shown.plans.some(({ question }) => question !== null);
    if (apply === undefined && asks && !(output.interactive && (await askForName(service, output.result, new AbortController().signal)) === 'approve')) {
      output.result(`Nothing was removed. If it is meant so: holdfast prune --apply ${shortDigest(shown.digest)}`);
      return end(exitCodes.waiting);
    }
    const { workflowId } = await startRun(session.client, session.taskQueue, 'prune', { ...input, apply: apply ?? shown.digest });
    return await followToEnd(context, session, workflowId, { by: context.me, unattended: 'stay' });
  } finally {
    await session.close();
  }
}
