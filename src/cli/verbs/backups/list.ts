import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, verb } from '../../verb.ts';

export function listCommand(): Command {
  return verb('list', 'What you can come back to: any second that the log covers, and every backup, its size, and whether it is proven.', ['list', 'list --all', 'list --json'])
    .option('--all', 'not only the newest 20 backups and the newest stretch of the log')
    .action(act<{ all?: boolean }>(async (context, { all }) => {
      const { listBackups } = await import('../../list-backups.ts');
      return listBackups(context, await theService(context), all === true);
    }));
}
