import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, verb } from '../../verb.ts';

export function listCommand(): Command {
  return verb('list', 'What you can come back to: any second that the log covers, and every backup, its size, and whether it is proven.', ['list', 'list --all', 'list --trash', 'list --json'])
    .option('--all', 'not only the newest 20 backups and the newest stretch of the log')
    .option('--trash', 'what was removed and can be taken back, instead')
    .action(act<{ all?: boolean; trash?: boolean }>(async (context, { all, trash }) => {
      if (trash === true) return (await import('../../list-trash.ts')).listTrash(context, await theService(context));
      const { listBackups } = await import('../../list-backups.ts');
      return listBackups(context, await theService(context), all === true);
    }));
}
