import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function cloneCommand(): Command {
  const command = verb('clone', 'Copies of a service at a moment, which `restore --to POINT --into NAME` makes: on ports of this host, until they are removed.', ['restore --to "5 minutes ago" --into looking', 'clone list', 'clone remove looking']);
  command.addCommand(verb('list', 'The copies on this machine\'s Docker engine: of which moment, at which addresses.')
    .action(act(async (context) => (await import('../../clone-list.ts')).cloneList(context))));
  command.addCommand(verb('remove', 'Remove one copy, with all that was written to it: its containers, volumes and network. The service itself is not touched.', ['clone remove looking', 'clone remove looking --yes'])
    .argument('<name>', 'of the copy')
    .option('--yes', 'do it without asking')
    .action(act<{ yes?: boolean }>(async (context, options, name) => (await import('../../clone-remove.ts')).cloneRemove(context, name ?? '', options))));
  return command;
}
