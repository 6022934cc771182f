import type { Command } from 'commander';
import type { WalEnableOptions } from '../../wal-enable.ts';
import { act, verb } from '../../verb.ts';

export function walCommand(): Command {
  const command = verb('wal', 'The write-ahead log that is kept of PostgreSQL (`wal: stream` or `wal: archive` in holdfast.yaml).', ['wal enable', 'wal status', 'wal status --json      # for monitoring']);
  command.addCommand(verb('status', 'What would be lost now, on this host and in each repository: of the logs that this machine\'s worker keeps.')
    .action(act(async (context) => (await import('../../wal-status.ts')).walStatus(context))));
  command.addCommand(verb('enable', 'Which settings of the server are missing or dangerous for keeping its log in the way that holdfast.yaml says (`wal: stream` where it says none), the exact statements, and, once you say yes, have them made.', ['wal enable', 'wal enable --yes', 'wal enable --yes --restart', 'wal enable --slot-limit 8GB', 'wal enable --replace'])
    .option('--slot-limit <size>', 'what the replication slot may keep at most, like 8GB (default: half of what is free on the server\'s disk)')
    .option('--replace', 'with `wal: archive`: end another tool\'s archive_command, and what it fills')
    .option('--incremental', 'have the server note what changes, for `backup --kind incremental` (PostgreSQL 17 and later)')
    .option('--yes', 'make the changes without asking; a restart is not among them')
    .option('--restart', 'restart the database\'s container where a setting waits for that')
    .action(act<WalEnableOptions>(async (context, options) => (await import('../../wal-enable.ts')).walEnable(context, options))));
  command.addCommand(verb('forget', 'For a log that is kept no more, or whose database was made anew: end its receiver, drop the replication slot, remove the volume; or end the server\'s archiving, and remove its script and spool.', ['wal forget', 'wal forget --yes'])
    .option('--yes', 'do it without asking')
    .action(act<{ yes?: boolean }>(async (context, options) => (await import('../../wal-forget.ts')).walForget(context, options))));
  return command;
}
