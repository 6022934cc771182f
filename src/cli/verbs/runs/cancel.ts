import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function cancelCommand(): Command {
  return verb('cancel', 'Ask a run to stop: it puts everything back and removes what it made. Once a cut-over has opened, it goes on to its end.', ['cancel r-7f3a', 'cancel r-7f3a --no-wait'])
    .argument('<run>', 'the run')
    .option('--no-wait', 'do not wait until it has cleaned up')
    .action(act<{ wait: boolean }>(async (context, { wait }, text) => (await import('../../cancel.ts')).cancel(context, text ?? '', wait)));
}
