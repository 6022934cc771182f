import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function walCommand(): Command {
  const command = verb('wal', 'The write-ahead log that is kept of PostgreSQL (`wal: stream` in holdfast.yaml).', ['wal status', 'wal status --json      # for monitoring']);
  command.addCommand(verb('status', 'What would be lost now, on this host and in each repository: of the logs that this machine\'s worker keeps.')
    .action(act(async (context) => (await import('../../wal-status.ts')).walStatus(context))));
  return command;
}
