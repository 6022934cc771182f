import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

interface Options { plan?: string; confirm?: string; by?: string; reason?: string; watch?: boolean }

export function approveCommand(): Command {
  return verb('approve', 'Say yes to the plan of a run that waits. On a terminal it is shown first, and you type the service\'s name.', ['approve', 'approve r-7f3a', 'approve r-7f3a --plan 7f3a-91c2 --watch      # without a terminal'])
    .argument('[run]', 'the run; the only one that waits by default')
    .option('--plan <digits>', 'approve only this plan (as it was shown), and do not ask')
    .option('--confirm <name>', 'the service\'s name: approve the plan that is shown now, and do not ask')
    .option('--by <name>', 'who approves (default: you at this machine)')
    .option('--reason <text>', 'why; kept and shown')
    .option('--watch', 'follow the run to its end')
    .action(act<Options>(async (context, options, run) => (await import('../../decide-on-run.ts')).decideOnRun(context, 'approve', run, options)));
}
