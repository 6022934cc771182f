import type { Command } from 'commander';
import type { HoldBackupInput } from '../../../workflows/hold-backup/messages.ts';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';

const command = (name: 'hold' | 'unhold', description: string, example: string): Command =>
  verb(name, description, [example])
    .argument('<backup>', 'an id, or its first digits')
    .requiredOption('--reason <text>', 'why; kept and shown')
    .action(act<{ reason: string }>(async (context, { reason }, backup) => {
      const service = (await theService(context)).name;
      const input: HoldBackupInput = given({ service, backup: backup ?? '', reason, requestedBy: context.me });
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, name, service, () => input, noApproval(context));
    }));

export const holdCommand = (): Command => command('hold', 'Keep a backup: nothing removes it until it is released.', 'hold 20261123-010000 --reason "audit of 2026"');

export const unholdCommand = (): Command =>
  command('unhold', 'Release a hold: one that somebody made, or the one on every older backup after a damaged page was found. `list` shows the ids.', 'unhold 20261124-010000 --reason "disk replaced, table rebuilt"');
