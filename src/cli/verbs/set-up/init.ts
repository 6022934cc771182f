import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function initCommand(): Command {
  return verb('init', 'Find the databases in Docker, write holdfast.yaml, and say what is missing.', ['init', 'init --print'])
    .option('--print', 'print the file instead of writing it')
    .action(act<{ print?: boolean }>(async (context, { print }) => (await import('../../init.ts')).init(context, print === true)));
}
