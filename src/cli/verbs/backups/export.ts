import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';
import { checkBackupChoice } from '../backup-choice.ts';

export const exportCommand = (): Command =>
  verb('export', 'Write a backup as files that other tools read: SQL for gunzip and psql, and the RDB of Redis.', ['export latest --format sql.gz --to /srv/handed-over'])
    .argument('[backup]', 'an id, its first digits, or latest', 'latest')
    .addOption(new Option('--format <format>', 'of a PostgreSQL dump; Redis is an RDB').choices(['sql.gz']).default('sql.gz'))
    .option('--to <directory>', 'where the files go, on the host of the worker; nothing there is written over', '.')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<{ to: string; reason?: string }>(async (context, { to, reason }, backup) => {
      const { name } = await theService(context);
      const chosen = checkBackupChoice(backup);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'export', name, () => given({ service: name, backup: chosen, directory: resolve(to), reason, requestedBy: context.me }), noApproval(context));
    }));
