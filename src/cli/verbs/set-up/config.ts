import type { Command } from 'commander';
import { exitCodes } from '../../exit-codes.ts';
import { act, verb } from '../../verb.ts';

export function configCommand(): Command {
  const command = verb('config', 'Check the configuration and show what it amounts to; every problem at once, with its line.', ['config', 'config schema > holdfast.schema.json'])
    .action(act(async (context) => {
      const { configText } = await import('../../rendering/config-text.ts');
      const config = await context.config();
      for (const line of configText(config)) context.output.result(line);
      context.output.object({ ...config, exitCode: exitCodes.done });
      return exitCodes.done;
    }));
  command.addCommand(verb('schema', 'The JSON Schema of holdfast.yaml, for editors.').action(act(async (context) => {
    const { configJsonSchema } = await import('../../../config/config-schema.ts');
    context.output.object(configJsonSchema() as object);
    for (const line of JSON.stringify(configJsonSchema(), null, 2).split('\n')) context.output.result(line);
    return exitCodes.done;
  })));
  return command;
}
