import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';
import { checkBackupChoice } from '../backup-choice.ts';

export function proveCommand(): Command {
  return verb('prove', 'Restore a backup into throwaway containers, start it, and compare it with what was backed up.', ['prove', 'prove 20261123-010000'])
    .argument('[backup]', 'an id, its first digits, or latest', 'latest')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<{ reason?: string }>(async (context, { reason }, backup) => {
      const { name } = await theService(context);
      const chosen = checkBackupChoice(backup);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'prove', name, () => given({ service: name, backup: chosen, reason, requestedBy: context.me }), noApproval(context));
    }));
}
