import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function showCommand(): Command {
  return verb('show', 'Everything about one backup, or about one run.', ['show latest', 'show 20261123-010000', 'show r-7f3a'])
    .argument('<id>', 'a backup (id, first digits, latest) or a run (r-7f3a, workflow id)')
    .action(act(async (context, _options, id) => {
      const { showBackupOrRun } = await import('../../show.ts');
      return showBackupOrRun(context, id ?? '');
    }));
}
