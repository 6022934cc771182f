import type { Command } from 'commander';
import { act, given, verb } from '../../verb.ts';
import { readPointOptions } from '../point-options.ts';

export function moveCommand(): Command {
  return verb('move', 'Take a restore to a moment on to another one, while its plan waits. As often as you like; nothing live changes.', ['move r-7f3a --to "2026-11-23T02:47:05+01:00"', 'move --before xid:918442'])
    .argument('[run]', 'the run; the newest open one by default')
    .option('--to <point>', 'the moment, what happened at it included')
    .option('--before <point>', 'the moment, what happened at it left out')
    .option('--no-watch', 'do not wait for its new plan')
    .action(act<{ to?: string; before?: string; watch: boolean }>(async (context, { to, before, watch }, run) => {
      readPointOptions({ to, before }, Date.now());
      return (await import('../../move.ts')).move(context, run, given({ to, before }), watch);
    }));
}
