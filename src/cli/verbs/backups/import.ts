import { resolve } from 'node:path';
import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';

export const importCommand = (): Command =>
  verb('import', 'Take the backups that scripts made (postgres-YYYYMMDD-HHMMSS.sql.gz, redis-YYYYMMDD-HHMMSS.rdb) into the catalog: copied and counted, not yet proven. Their files stay as they are.', ['import /srv/backups', 'import ./backups --time-zone America/Denver'])
    .argument('<directory>', 'where the files are, on the host of the worker')
    .option('--time-zone <zone>', 'in which their names are local time, like Europe/Vienna (default: the worker\'s own)')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<{ timeZone?: string; reason?: string }>(async (context, { timeZone, reason }, directory) => {
      const { name } = await theService(context);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'import', name, () => given({ service: name, directory: resolve(directory ?? ''), timeZone, reason, requestedBy: context.me }), noApproval(context));
    }));
