/** What a backup is worth: restored and compared, or only read and hashed. */
import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';
import { checkBackupChoice } from '../backup-choice.ts';

export const proveCommand = (): Command =>
  ofBackup('prove', verb('prove', 'Restore a backup into throwaway containers, start it, and compare it with what was backed up.', ['prove', 'prove 20261123-010000']));

export const verifyCommand = (): Command =>
  ofBackup('verify', verb('verify', 'Read and hash every stored byte of a backup, and let the stock tools list it.', ['verify', 'verify 20261123-010000']));

function ofBackup(what: 'prove' | 'verify', command: Command): Command {
  return command
    .argument('[backup]', 'an id, its first digits, or latest', 'latest')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<{ reason?: string }>(async (context, { reason }, backup) => {
      const { name } = await theService(context);
      const chosen = checkBackupChoice(backup);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, what, name, () => given({ service: name, backup: chosen, reason, requestedBy: context.me }), noApproval(context));
    }));
}
