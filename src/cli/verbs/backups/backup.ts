import { Option, type Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';

export function backupCommand(): Command {
  return verb('backup', 'Take a backup of a service: both stores, one moment; then prove it.', ['backup', 'backup -s story-portal --reason "before release 2.1"', 'backup --kind base             # the whole server: quick to take and to restore', 'backup --kind incremental      # what changed of it since', 'backup --no-prove --quiet      # from cron'])
    .addOption(new Option('--kind <kind>', 'dump: one database, compared row by row (the default); base: a copy of the whole PostgreSQL server; incremental: what changed of it since the last copy (17 and later)').choices(['dump', 'base', 'incremental']))
    .option('--reason <text>', 'why; kept and shown')
    .option('--prove', 'prove it right after it was taken, whatever the configuration says')
    .option('--no-prove', 'do not prove it now')
    .action(act<{ kind?: 'dump' | 'base' | 'incremental'; reason?: string; prove?: boolean }>(async (context, { kind, reason, prove }) => {
      const { name } = await theService(context);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'backup', name, () => given({ service: name, kind, reason, prove, requestedBy: context.me }), noApproval(context));
    }));
}
