import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function statusCommand(): Command {
  return verb('status', 'How things stand: what is wrong and what to do, then newest backups, proofs, exposure, drills, schedules, rollback copies, and what is running.', ['status', 'status --check                    # for cron and monitors: prints only what is wrong', 'status --check --max-age 3h -s shop'])
    .option('--check', 'print only what is wrong, a line each; exit 0 if all is well, 1 if something is wrong, 4 if it could not be told')
    .option('--max-age <duration>', 'how old the newest backup may be (default: a day, or as long as its schedule leaves between two, and 2 hours)')
    .action(act<{ check?: boolean; maxAge?: string }>(async (context, { check, maxAge }) => (await import('../../status.ts')).status(context, check === true, maxAge)));
}
