/** `wal enable`: shows what the server's settings lack, and has the plan that was shown carried out; the restart only where that was said too. */
import { startRun } from '../client/start-run.ts';
import type { EnableWalResult } from '../workflows/enable-wal/messages.ts';
import { askForName, askToRestart } from './approval-prompt.ts';
import { checkThisMachine } from './check-this-machine.ts';
import { theService, type CommandContext } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { followToEnd } from './follow-to-end.ts';
import { quietRun } from './quiet-run.ts';
import { settingsLines } from './rendering/settings-text.ts';
import { openSession } from './temporal-session.ts';

export interface WalEnableOptions { readonly slotLimit?: string; readonly replace?: boolean; readonly incremental?: boolean; readonly yes?: boolean; readonly restart?: boolean }

export async function walEnable(context: CommandContext, options: WalEnableOptions): Promise<ExitCode> {
  const { output } = context;
  const { name: service, components } = await theService(context);
  const wishes = { ...(options.replace === undefined ? {} : { replace: options.replace }), ...(options.incremental === undefined ? {} : { incremental: options.incremental }) };
  await checkThisMachine(context, service);
  const session = await openSession(context, 'starts');
  try {
    const plan = await quietRun(context, session, 'enable', { service, requestedBy: context.me, ...(options.slotLimit === undefined ? {} : { slotLimit: options.slotLimit }), ...wishes });
    for (const line of plan.servers.flatMap(settingsLines)) output.result(line);
    if (plan.outcome === 'inOrder') return inOrder(context, plan, components.some((component) => component.engine === 'postgres' && component.wal !== undefined));
    const needsRestart = plan.servers.some(({ changes, pendingRestart }) => pendingRestart.length > 0 || changes.some(({ effect }) => effect === 'restart'));
    const answer = await approved(context, service, plan, needsRestart, options);
    if (answer === null) return left(context, plan, needsRestart);
    const slotLimit = plan.servers.flatMap(({ changes }) => changes).find(({ name }) => name === 'max_slot_wal_keep_size')?.value ?? options.slotLimit;
    const { workflowId } = await startRun(session.client, session.taskQueue, 'enable', { service, apply: plan.digest, restart: answer.restart, requestedBy: context.me, ...(slotLimit === undefined ? {} : { slotLimit }), ...wishes });
    return await followToEnd(context, session, workflowId, { by: context.me, unattended: 'stay' });
  } finally {
    await session.close();
  }
}

/** What somebody else has to do stays to be done. */
function inOrder({ output }: CommandContext, plan: EnableWalResult, kept: boolean): ExitCode {
  const exitCode = plan.servers.some(({ byHand }) => byHand.length > 0) ? exitCodes.refused : exitCodes.done;
  const next = kept ? 'holdfast wal status says how the log stands.' : '`wal: stream` under the service\'s postgres in holdfast.yaml has the worker keep the log.';
  output.result(exitCode === exitCodes.done ? `Nothing has to be changed. ${next}` : 'Nothing was changed: what is to be done, Holdfast may not.');
  output.object({ ...plan, exitCode });
  return exitCode;
}

/** The yes to the changes, and the one to the restart; null where there was none. A restart is asked about by itself: it is the only part that anybody notices. */
async function approved({ output }: CommandContext, service: string, plan: EnableWalResult, needsRestart: boolean, options: WalEnableOptions): Promise<{ readonly restart: boolean } | null> {
  const hasChanges = plan.servers.some(({ changes }) => changes.length > 0);
  if (options.yes === true) return hasChanges || options.restart === true ? { restart: options.restart === true } : null;
  if (!output.interactive) return null;
  const { signal } = new AbortController();
  if (hasChanges && (await askForName(service, output.result, signal)) !== 'approve') return null;
  const restart = needsRestart && (options.restart === true || (await askToRestart(output.result, signal)) === 'approve');
  return hasChanges || restart ? { restart } : null;
}

function left({ output }: CommandContext, plan: EnableWalResult, needsRestart: boolean): ExitCode {
  output.result(`Nothing was changed. To have it done: holdfast wal enable --yes${needsRestart ? ', and with --restart the restart too' : ''}.`);
  output.object({ ...plan, exitCode: exitCodes.waiting });
  return exitCodes.waiting;
}
