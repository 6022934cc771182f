import type { Command } from 'commander';
import { exitCodes } from '../../exit-codes.ts';
import { act, verb } from '../../verb.ts';

export function setupCommand(): Command {
  return verb('setup', 'Register on a Temporal server of yours what runs are found by. Once per namespace.', ['setup', 'TEMPORAL_ADDRESS=temporal:7233 holdfast setup'])
    .action(act(async (context) => {
      const { connectClient } = await import('../../../client/temporal-connection.ts');
      const { registerSearchAttributes } = await import('../../../client/register-search-attributes.ts');
      const { searchAttributeNames } = await import('../../../worker/run-directory.ts');
      const client = await connectClient();
      try {
        const registered = await registerSearchAttributes(client, searchAttributeNames);
        context.output.result(registered.length === 0 ? `Namespace ${client.options.namespace} has all of ${searchAttributeNames.join(', ')}.` : `Registered in namespace ${client.options.namespace}: ${registered.join(', ')}.`);
        context.output.result('Next, beside each Docker engine: holdfast worker');
        context.output.object({ namespace: client.options.namespace, registered, exitCode: exitCodes.done });
        return exitCodes.done;
      } finally {
        await client.connection.close();
      }
    }));
}
