import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function upCommand(): Command {
  return verb('up', 'Temporal, its web page and the worker on this machine, until Ctrl-C. Other commands use them meanwhile.', ['up'])
    .action(act(async (context) => (await import('../../up.ts')).up(context)));
}
