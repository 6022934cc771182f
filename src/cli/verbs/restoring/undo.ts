/** The two ways on from a restore: back to what it set aside, or letting that go. */
import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';
import { approverFrom } from '../approver.ts';

interface Options { dryRun?: boolean; reason?: string; confirm?: string; by?: string }

export const undoCommand = (): Command =>
  onRollbackCopy('undo', verb('undo', 'Bring back the data that a restore set aside. Shows what would be lost, and asks.', ['undo', 'undo r-7f3a', 'undo latest --dry-run']));

export const acceptCommand = (): Command =>
  onRollbackCopy('accept', verb('accept', 'All is well: let the rollback copy of a restore go. After it there is no undo of that restore.', ['accept r-7f3a', 'accept latest']));

function onRollbackCopy(what: 'undo' | 'accept', command: Command): Command {
  return command
    .argument('[run]', `the restore to ${what}; latest is the newest that still has its rollback copy`, 'latest')
    .option('--dry-run', 'show the plan and end')
    .option('--reason <text>', 'why; kept and shown')
    .option('--confirm <name>', 'the service\'s name: approve the plan without asking')
    .option('--by <name>', 'who asks and approves (default: you at this machine)')
    .action(act<Options>(async (context, options, run) => {
      const service = await theService(context);
      const { runRunbook } = await import('../../run-runbook.ts');
      const { rollbackRun } = await import('../../rollback-run.ts');
      return runRunbook(context, what, service.name, async (session) => given({
        service: service.name, run: await rollbackRun(context, session, service, run ?? 'latest'), dryRun: options.dryRun, reason: options.reason, requestedBy: options.by ?? context.me,
      }), approverFrom(context, service.name, options));
    }));
}
