import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function statusCommand(): Command {
  return verb('status', 'How things stand: newest backups and their proofs, rollback copies, and what is running.', ['status', 'status --check --max-age 26h      # for monitoring'])
    .option('--check', 'exit 0 only if every service\'s newest backup is proven and young enough; 1 if not, 4 if it is not known')
    .option('--max-age <duration>', 'how old the newest backup may be with --check', '26h')
    .action(act<{ check?: boolean; maxAge: string }>(async (context, { check, maxAge }) => (await import('../../status.ts')).status(context, check === true, maxAge)));
}
