import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';
import { checkBackupChoice } from '../backup-choice.ts';

export function verifyCommand(): Command {
  return verb('verify', 'Read and hash every stored byte of a backup, and let the stock tools list it.', ['verify', 'verify 20261123-010000'])
    .argument('[backup]', 'an id, its first digits, or latest', 'latest')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<{ reason?: string }>(async (context, { reason }, backup) => {
      const { name } = await theService(context);
      const chosen = checkBackupChoice(backup);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'verify', name, () => given({ service: name, backup: chosen, reason, requestedBy: context.me }), noApproval(context));
    }));
}
