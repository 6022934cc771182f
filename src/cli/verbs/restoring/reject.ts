import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

interface Options { by?: string; reason?: string }

export function rejectCommand(): Command {
  return verb('reject', 'Say no to the plan of a run that waits. Nothing live is changed.', ['reject r-7f3a --reason "wrong backup"'])
    .argument('[run]', 'the run; the only one that waits by default')
    .option('--by <name>', 'who rejects (default: you at this machine)')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<Options>(async (context, options, run) => (await import('../../decide-on-run.ts')).decideOnRun(context, 'reject', run, options)));
}
