import type { Command } from 'commander';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';
import { checkDrilledChoice } from '../backup-choice.ts';

interface DrillOptions {
  readonly backup?: string;
  readonly repository?: string;
  readonly reason?: string;
}

/** One word a depth; `holdfast drill` alone is the first of them. */
export function drillCommand(): Command {
  const command = verb('drill', 'Rehearse the disaster: bring the whole service back where nothing leads out of, check it, measure it, and take it away again.', ['drill', 'drill restore --backup 20261123-010000']);
  command.addCommand(verb('restore', 'From a backup: restored into throwaway servers of the same images (or those of a compose file, drill.compose), started, compared, asked your assertions and tests.', ['drill restore', 'drill restore --backup "random-within 30d"', 'drill restore --backup latest --json'])
    .option('--backup <id>', 'an id, its first digits, latest, or one by chance: "random-within 30d" (default: as drill.choose in holdfast.yaml says)')
    .option('--repository <name>', 'the repository that all of it comes from')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<DrillOptions>(async (context, { backup, repository, reason }) => {
      const { name } = await theService(context);
      const chosen = backup === undefined ? undefined : checkDrilledChoice(backup);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'drill', name, () => given({ service: name, depth: 'restore' as const, backup: chosen, repository, reason, requestedBy: context.me }), noApproval(context), repository);
    })), { isDefault: true });
  command.addCommand(verb('rebuild', 'From nothing but a repository: to the newest point that it leads to, through base backup and log, with the time until the service answers; asks for the keys that no backup holds (drill.keys).', ['drill rebuild', 'drill rebuild --reason "the quarter\'s"'])
    .option('--repository <name>', 'the repository that all of it comes from')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<Omit<DrillOptions, 'backup'>>(async (context, { repository, reason }) => {
      const { name } = await theService(context);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'drill', name, () => given({ service: name, depth: 'rebuild' as const, repository, reason, requestedBy: context.me }), noApproval(context), repository);
    })));
  command.addCommand(verb('failover', 'The same on another host, from the repository that is off site, as `failover` in holdfast.yaml names both; a worker runs there with --standby.', ['drill failover', 'drill failover --reason "the year\'s"'])
    .option('--reason <text>', 'why; kept and shown')
    .action(act<Pick<DrillOptions, 'reason'>>(async (context, { reason }) => {
      const { name } = await theService(context);
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'drill', name, () => given({ service: name, depth: 'failover' as const, reason, requestedBy: context.me }), noApproval(context));
    })));
  return command;
}
