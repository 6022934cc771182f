import type { Command } from 'commander';
import type { UndeleteBackupInput } from '../../../workflows/undelete-backup/messages.ts';
import { theService } from '../../command-context.ts';
import type { PruneOptions } from '../../prune.ts';
import { act, given, verb } from '../../verb.ts';

export const pruneCommand = (): Command =>
  verb('prune', 'Remove what the retention of the service (`retention` in holdfast.yaml) does not keep: each backup kept or removed with its reason. It goes into a trash first. Where more would go than comes of age, it asks.', ['prune --plan', 'prune', 'prune --apply 7f3a-91c2      # the yes of a script to the plan that was shown', 'prune --repository nas'])
    .option('--plan', 'only show what would go and why')
    .option('--repository <name>', 'one of the service\'s repositories (default: all of them)')
    .option('--apply <digest>', 'carry out the plan of this digest, also where it asks, and no other')
    .action(act<PruneOptions>(async (context, options) => (await import('../../prune.ts')).prune(context, options)));

export const deleteCommand = (): Command =>
  verb('delete', 'Remove one backup before its time: into the trash first, like whatever retention removes. What is held, read, stood upon or one of the newest stays. It always asks.', ['delete 20261123-010000 --reason "taken from the wrong container"', 'delete 20261123-010000 --reason "…" --apply 7f3a-91c2      # the yes of a script to what was shown'])
    .argument('<backup>', 'an id, or its first digits')
    .requiredOption('--reason <text>', 'why; kept with it')
    .option('--apply <digest>', 'delete what was shown with this digest, and nothing else')
    .action(act<{ reason: string; apply?: string }>(async (context, options, backup) => (await import('../../delete-backup.ts')).deleteBackup(context, backup ?? '', options)));

export const undeleteCommand = (): Command =>
  verb('undelete', 'Take a backup back from the trash, with what it stands on. It is held, so that the next prune lets it stay. `list --trash` shows what there is.', ['undelete 20261123-010000', 'undelete 20261123-010000 --reason "needed for the audit"'])
    .argument('<backup>', 'an id, or its first digits')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<{ reason?: string }>(async (context, { reason }, backup) => {
      const service = (await theService(context)).name;
      const input: UndeleteBackupInput = given({ service, backup: backup ?? '', reason, requestedBy: context.me });
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'undelete', service, () => input, noApproval(context));
    }));
