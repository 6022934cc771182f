import type { Command } from 'commander';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ServiceDefinition } from '../../../domain/service.ts';
import { theService, type CommandContext } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';
import { approverFrom } from '../approver.ts';
import { checkBackupChoice } from '../backup-choice.ts';
import { parseInto } from '../into.ts';
import { parseSince } from '../since.ts';

interface Options { into?: string; dryRun?: boolean; since?: string; reason?: string; confirm?: string; by?: string }

export function restoreCommand(): Command {
  return verb('restore', 'Come back to a backup. Without one: what there is to come back to. Nothing live changes until you say yes.', [
    'restore', 'restore 20261123-010000 --reason INC-212', 'restore latest --dry-run', 'restore latest --into postgres=test-postgres,redis=test-redis', 'restore latest --confirm story-portal      # a script says yes',
  ])
    .argument('[backup]', 'an id, its first digits, or latest')
    .option('--dry-run', 'check, make ready, compare and show the plan; then remove everything again')
    .option('--into <containers>', 'other containers instead: postgres=NAME,redis=NAME, or NAME alone where the service has one store')
    .option('--since <time>', 'when the disaster began: 02:47, 2026-11-23T02:47:05, or with an offset; RTO and RPO count from it')
    .option('--reason <text>', 'why; kept and shown')
    .option('--confirm <name>', 'the service\'s name: approve the plan without asking')
    .option('--by <name>', 'who asks and approves (default: you at this machine)')
    .action(act<Options>(async (context, options, backup) => {
      if (backup === undefined) refuseWithoutBackup(options);
      const service = await theService(context);
      if (backup === undefined) return (await import('../../list-backups.ts')).showWayBack(context, service);
      const into = parseInto(options.into, service.components) ?? await intoFromEnvironment(context, service);
      const input = given({
        service: service.name, backup: checkBackupChoice(backup), dryRun: options.dryRun, into, since: parseSince(options.since, new Date()), reason: options.reason, requestedBy: options.by ?? context.me,
      });
      const { runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'restore', service.name, () => input, approverFrom(context, service.name, options));
    }));
}

/** Somebody who says how, but not which, has forgotten the id: answering with a list would look like a restore that was done. */
function refuseWithoutBackup({ into, dryRun, since, reason, confirm, by }: Options): void {
  const named = Object.entries({ into, 'dry-run': dryRun, since, reason, confirm, by }).filter(([, value]) => value !== undefined).map(([name]) => `--${name}`);
  if (named.length === 0) return;
  throw new HoldfastFailure('InvalidInput', { operation: 'find the backup', object: named.join(' '), cause: 'no backup is named, so nothing is restored', hint: 'Name one, or latest: holdfast restore latest … . What there is: holdfast list.' });
}

/** The environment names of the backup scripts point a restore elsewhere, and somebody may have left them set: said before anything starts. */
async function intoFromEnvironment(context: CommandContext, service: ServiceDefinition): Promise<Readonly<Record<string, string>> | undefined> {
  if ((await context.config()).path === null) return undefined;
  const { containersFromEnvironment, redirectionNotice } = await import('../../../config/environment-config.ts');
  const into = containersFromEnvironment(service.components, context.environment);
  if (into !== undefined) context.output.notice(redirectionNotice(service.components, into));
  return into;
}
